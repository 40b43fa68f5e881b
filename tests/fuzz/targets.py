"""Everything that is fuzzed, by name."""

from tests.fuzz.target import Target
from tests.fuzz.tiff_files import TIFF
from tests.fuzz.volume_files import VOLUMES

TARGETS: dict[str, Target] = {target.name: target for target in (TIFF, *VOLUMES)}

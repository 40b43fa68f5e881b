"""Everything that is fuzzed, by name."""

from tests.fuzz.target import Target
from tests.fuzz.tiff_files import TIFF

TARGETS: dict[str, Target] = {target.name: target for target in (TIFF,)}

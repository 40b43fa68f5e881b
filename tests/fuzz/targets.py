"""Everything that is fuzzed, by name."""

from tests.fuzz.archive_files import ZIPS
from tests.fuzz.command_lines import COMMANDS
from tests.fuzz.state_files import STATE, WORKSPACES
from tests.fuzz.target import Target
from tests.fuzz.tiff_files import TIFF
from tests.fuzz.volume_files import VOLUMES
from tests.fuzz.weight_files import WEIGHTS

TARGETS: dict[str, Target] = {
    target.name: target for target in (TIFF, *VOLUMES, ZIPS, STATE, WORKSPACES, WEIGHTS, COMMANDS)
}

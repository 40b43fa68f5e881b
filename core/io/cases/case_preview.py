"""The first slice of a case that is still being read: to be looked at, and good for nothing else.

A preview is no `LoadedCase`: what counts, predicts, keeps, exports or says something of a case asks
for that, and cannot be given this.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.domain.grid import AS_STORED, Grid, Turn
from core.domain.volume import Pixels
from core.io.cases.case import Case

WORTHWHILE_BYTES = 1 << 24
"""A smaller case is whole before anybody could have looked at its first slice."""


@dataclass(frozen=True, eq=False)
class CasePreview:
    """One channel as far as it is there, real values in canonical order.

    `image` (Y, X) is the axial slice of that index, `number` its number in the file. `sample`
    (n, Y, X) are the slices by which `window_level.automatic` tells the brightness of the whole
    channel: it finds the same range in them. `values` (Z, Y, X) are all slices, None where they are
    not read yet. `turn` leads from the grid of the files to `geometry`; `lesion` (y, x) is a voxel
    of the ground truth on the slice, None where there is none.
    """

    case: Case
    channel: str
    image: Pixels
    slice_index: int
    number: int
    geometry: Grid
    sample: Pixels
    values: Pixels | None = None
    turn: Turn = AS_STORED
    lesion: tuple[int, int] | None = None


@dataclass(frozen=True)
class FirstLook:
    """What the reader is going to look at first, and who shows it.

    `channel` is the one wanted by name; the second, or the only one, where there is none of that
    name. A negative `slice_index` stands for the slice with most lesion, else the middle. `show`
    is called at most once, on any thread, and for cases of `least_bytes` alone.
    """

    channel: str
    slice_index: int
    show: Callable[[CasePreview], None]
    least_bytes: int = WORTHWHILE_BYTES

    def position(self, names: tuple[str, ...]) -> int:
        """Return the index of the channel to be shown among those of these names."""
        if self.channel in names:
            return names.index(self.channel)
        return min(1, len(names) - 1)

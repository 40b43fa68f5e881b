"""What is on screen of a case before all of it is read."""

from dataclasses import dataclass

from core.domain.grid import Grid
from core.domain.plane import Plane, Voxel
from core.domain.volume import Pixels
from core.domain.window_level import WindowLevel


@dataclass(frozen=True, eq=False)
class OpenPreview:
    """The first slice of a case that is still being read, and how it is shown.

    It is on screen in place of an `OpenCase`, which alone can be decided on, drawn on or counted.
    `image` is the slice of `plane` through the voxel `at`, in one channel; `number` is that of the
    axial slice.
    """

    case_id: str
    channel: str
    image: Pixels
    plane: Plane
    at: Voxel
    number: int
    geometry: Grid
    window: WindowLevel
    head: tuple[int, int, int, int]

"""A polygon or lasso half drawn: its corners, on the slice and with the value it began with."""

from dataclasses import dataclass, field

from core.annotation import strokes
from core.annotation.patch import Patch, Point
from core.domain.mask import Mask

FEWEST = 3


@dataclass
class Corners:
    """Corners (y, x) on slice `z`; closed they paint `value`. `dragged` means a line was drawn."""

    z: int
    value: int
    points: list[Point] = field(default_factory=list)
    dragged: bool = False

    @property
    def closable(self) -> bool:
        """True when they enclose something."""
        return len(self.points) >= FEWEST

    def painted(self, mask: Mask) -> Patch | None:
        """Return what the closed polygon changes of a mask (Z, Y, X)."""
        return strokes.polygon(mask, self.z, self.points, value=self.value)

    def take_back(self) -> bool:
        """Take the last corner back, or the whole of a drawn line; False when none is left."""
        if self.dragged:
            self.points.clear()
        elif self.points:
            self.points.pop()
        return bool(self.points)

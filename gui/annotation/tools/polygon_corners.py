"""A polygon or lasso half drawn: its corners, on the slice and with the value it began with."""

from dataclasses import dataclass, field

from core.annotation import strokes
from core.annotation.patch import Patch, Point, unturned
from core.domain.mask import Mask
from core.domain.plane import Cut

FEWEST = 3


@dataclass
class Corners:
    """Corners (y, x) on a slice; closed they paint `value`. `dragged` means a line was drawn."""

    cut: Cut
    value: int
    points: list[Point] = field(default_factory=list)
    dragged: bool = False

    @property
    def closable(self) -> bool:
        """True when they enclose something."""
        return len(self.points) >= FEWEST

    def painted(self, mask: Mask) -> Patch | None:
        """Return what the closed polygon changes of a mask (Z, Y, X)."""
        plane, index = self.cut.plane, self.cut.index
        found = strokes.polygon(plane.apply(mask), index, self.points, value=self.value)
        return unturned(found, plane, mask.shape)

    def take_back(self) -> bool:
        """Take the last corner back, or the whole of a drawn line; False when none is left."""
        if self.dragged:
            self.points.clear()
        elif self.points:
            self.points.pop()
        return bool(self.points)

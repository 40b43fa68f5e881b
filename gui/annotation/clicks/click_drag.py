"""A guided click in the making: a press that becomes a click, a scribble or a box."""

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF

from core.annotation import strokes
from core.annotation.patch import Point
from core.domain.guide import ClickShape, Spot
from core.domain.plane import Cut

_TREMBLE = 4.0  # pixels of the screen


@dataclass
class ClickDrag:
    """What the pointer has done on a slice since the press at the first of `points` (y, x)."""

    cut: Cut
    adds: bool
    box: bool
    points: list[Point]
    dragged: bool = field(default=False)

    def move(self, at: Point, *, zoom: tuple[float, float]) -> None:
        """Go on to `at`; a press that trembles is a click still.

        `zoom` is how many pixels of the screen a voxel is high and wide.
        """
        first = self.points[0]
        apart = max(abs(at[0] - first[0]) * zoom[0], abs(at[1] - first[1]) * zoom[1])
        self.dragged = self.dragged or apart >= _TREMBLE
        if self.dragged:
            self.points = [first, at] if self.box else [*self.points, at]

    @property
    def shape(self) -> ClickShape:
        """What it is as it stands."""
        if not self.dragged:
            return "click"
        return "box" if self.box else "scribble"

    @property
    def trace(self) -> tuple[QPointF, ...]:
        """The line to be drawn for it, empty for a click."""
        if not self.dragged:
            return ()
        if not self.box:
            return tuple(QPointF(x, y) for y, x in self.points)
        (y0, x0), (y1, x1) = self.points[0], self.points[-1]
        corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
        return tuple(QPointF(x, y) for x, y in corners)

    def spots(self, shape: tuple[int, int]) -> tuple[Spot, ...]:
        """Return the voxels it names on a slice (Y, X); none where it lies beyond."""
        if self.shape == "box":
            corners = np.floor([self.points[0], self.points[-1]])
            rows, columns = np.clip(corners, 0, np.array(shape) - 1).astype(int).T
            return tuple((int(y), int(x)) for y, x in zip(rows, columns, strict=True))
        found = strokes.covered(shape, self.points if self.dragged else self.points[:1], 1.0)
        if found is None:
            return ()
        (rows, columns), block = found
        top, left = rows.start, columns.start
        return tuple((top + int(y), left + int(x)) for y, x in np.argwhere(block))

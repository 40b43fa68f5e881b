"""Outlines of a mask as the screen wants them: whole, or only the pieces near an area."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainterPath, QRegion, QTransform

from core.domain.mask import Mask
from core.domain.outlines import outlines

_MOST_RECTANGLES = 8


@dataclass(frozen=True, eq=False)
class Lines:
    """Closed lines in voxels, one after the other: `points` (N, 2) of x, y.

    `ends` are the indices of the last point of each line, which is its first once more.
    """

    points: NDArray[np.float64]
    ends: NDArray[np.intp]

    @cached_property
    def path(self) -> QPainterPath:
        """All lines as one path, in voxels."""
        connect = np.ones(len(self.points), np.int32)
        connect[self.ends] = 0
        return _path(self.points, connect)

    def on_screen(self, to_screen: QTransform) -> QPainterPath:
        """Return all lines as one path, in pixels."""
        return to_screen.map(self.path)

    def near(self, area: QRegion, to_screen: QTransform, *, reach: float) -> QPainterPath:
        """Return the pieces of lines less than `reach` pixels from `area`, in pixels.

        Drawn there they look as the whole lines do, which take several times as long to draw.
        """
        if not len(self.points):
            return QPainterPath()
        inside = self._touching(area, to_screen, reach)
        inside[self.ends] = False
        count = np.count_nonzero(inside)
        if not count:
            return QPainterPath()
        points = self.points
        if count == len(points) - len(self.ends):
            return self.on_screen(to_screen)
        order = self._uncut(inside)
        if order is not None:
            points, inside = points[order], inside[order]
            inside[self.ends] = False
        used = inside.copy()
        used[1:] |= inside[:-1]
        return _path(_mapped(points[used], to_screen), inside[used].astype(np.int32))

    @cached_property
    def _pieces(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The lowest and highest x, y (2, N) of each piece, from a point to the next."""
        points = self.points.T
        following = np.append(points[:, 1:], points[:, -1:], axis=1)
        return np.minimum(points, following), np.maximum(points, following)

    def _touching(self, area: QRegion, to_screen: QTransform, reach: float) -> NDArray[np.bool_]:
        """Return for each point whether the piece from it to the next comes near `area`."""
        low, high = self._pieces
        to_voxels, _ = to_screen.inverted()
        few = area.rectCount() <= _MOST_RECTANGLES
        found = np.zeros(len(self.points), bool)
        for rect in list(area) if few else [area.boundingRect()]:  # type: ignore[call-overload]
            wide = QRectF(rect).adjusted(-reach, -reach, reach, reach)
            box = to_voxels.mapRect(wide)
            inside = (low[0] < box.right()) & (high[0] > box.left())
            found |= inside & (low[1] < box.bottom()) & (high[1] > box.top())
        return found

    def _uncut(self, inside: NDArray[np.bool_]) -> NDArray[np.intp] | None:
        """Return the order of points in which no piece goes over the seam of its line, if it must.

        Two pieces that meet at a seam would end there in two caps instead of one joint.
        """
        starts = np.concatenate([[0], self.ends[:-1] + 1])
        seams = np.flatnonzero(inside[starts] & inside[self.ends - 1])
        order = None
        for start, end in zip(starts[seams], self.ends[seams], strict=True):
            outside = np.flatnonzero(~inside[start:end])
            if len(outside):
                order = np.arange(len(inside)) if order is None else order
                turned = start + (np.arange(end - start) + outside[0]) % (end - start)
                order[start : end + 1] = np.append(turned, turned[0])
        return order


def make_lines(mask: Mask | None, *, exact: bool) -> Lines:
    """Return the outlines of a mask (Y, X), none for none."""
    found = [] if mask is None else outlines(mask, exact=exact)
    if not found:
        return Lines(np.empty((0, 2)), np.empty(0, np.intp))
    return Lines(np.concatenate(found), np.cumsum([len(line) for line in found]) - 1)


def _path(points: NDArray[np.float64], connect: NDArray[np.int32]) -> QPainterPath:
    if not len(points):
        return QPainterPath()
    path: QPainterPath = pg.arrayToQPath(points[:, 0], points[:, 1], connect=connect)
    path.setFillRule(Qt.FillRule.OddEvenFill)
    return path


def _mapped(points: NDArray[np.float64], to_screen: QTransform) -> NDArray[np.float64]:
    turn = np.array([[to_screen.m11(), to_screen.m12()], [to_screen.m21(), to_screen.m22()]])
    mapped: NDArray[np.float64] = points @ turn + (to_screen.dx(), to_screen.dy())
    return mapped

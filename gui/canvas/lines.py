"""Outlines of a mask as the screen wants them: whole, or only the pieces near an area."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainterPath, QRegion, QTransform

from core.mask import Mask
from core.outlines import outlines

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
        points = _mapped(self.points, to_screen)
        inside = _touching(points, area, reach)
        inside[self.ends] = False
        if inside.sum() == len(points) - len(self.ends):
            return self.on_screen(to_screen)
        order = self._uncut(inside)
        if order is not None:
            points, inside = points[order], inside[order]
            inside[self.ends] = False
        used = inside.copy()
        used[1:] |= inside[:-1]
        return _path(points[used], inside[used].astype(np.int32))

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


def _touching(points: NDArray[np.float64], area: QRegion, reach: float) -> NDArray[np.bool_]:
    """Return for each point whether the piece from it to the next comes near `area`."""
    following = np.append(points[1:], points[-1:], axis=0)
    low = np.minimum(points, following) - reach
    high = np.maximum(points, following) + reach
    few = area.rectCount() <= _MOST_RECTANGLES
    found = np.zeros(len(points), bool)
    for rect in list(area) if few else [area.boundingRect()]:  # type: ignore[call-overload]
        left, top = rect.x(), rect.y()
        inside = (low[:, 0] < left + rect.width()) & (high[:, 0] > left)
        found |= inside & (low[:, 1] < top + rect.height()) & (high[:, 1] > top)
    return found

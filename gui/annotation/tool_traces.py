"""Shows in every view of the case what is half drawn, marked, or about to be taken."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from core.annotation.patch import Point
from gui.annotation.brush_stroke import Stroke
from gui.annotation.lesion_marker import Marked
from gui.annotation.polygon_corners import Corners
from gui.annotation.range_preview import Taken
from gui.annotation.scribbles import Scribble
from gui.shell.session import Session
from gui.viewer.click_item import ClickPicture
from gui.viewer.slice_view import SliceView
from gui.viewer.tool_items import Sign, TraceLine
from gui.viewer.touch import Tool

_INSIDE = 1
_GREEN, _RED, _AMBER = "#3FD67A", "#FF5C5C", "#FFC24D"


class Traces:
    """The views of one case, drawn on alike."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._views: list[SliceView] = []
        self._region: tuple[object, int] | None = None

    def add_view(self, view: SliceView) -> None:
        """Draw on one more view."""
        self._views.append(view)

    @property
    def zoom(self) -> float:
        """Pixels of the screen a voxel takes; all views show it alike."""
        return self._views[0].zoom if self._views else 1.0

    def set_tool(self, tool: Tool) -> None:
        """Let a press in any view do what this tool does."""
        for view in self._views:
            view.set_tool(tool)

    def set_brush(self, radius: float, sign: Sign) -> None:
        """Show the brush's size and sign."""
        for view in self._views:
            view.set_brush(radius, sign)

    def show_clicks(self, picture: ClickPicture | None) -> None:
        """Show what guided clicks would change."""
        for view in self._views:
            view.show_clicks(picture)

    def show(
        self,
        *,
        corners: tuple[Corners | None, QPointF | None],
        scribbles: tuple[Scribble, ...],
        stroke: Stroke | None,
        marked: Marked | None,
        taken: Taken | None,
    ) -> None:
        """Show what lies on the slice on screen."""
        lines = [*_corner_lines(*corners, z=self._index), *map(_band, scribbles)]
        if stroke is not None and not stroke.begun and stroke.z == self._index:
            colour = _GREEN if stroke.value else _RED
            lines.append(TraceLine(_points(stroke.trail), colour, stroke.size))
        if lines or (self._views and self._views[0].trace):
            for view in self._views:
                view.show_trace(tuple(lines))
        self._show_region(marked, taken)

    def _show_region(self, marked: Marked | None, taken: Taken | None) -> None:
        """Mark the region, made anew only when it is another or on another slice."""
        which: tuple[object, int] = (marked or taken, self._index)
        if self._region is not None and which[0] is self._region[0] and which == self._region:
            return
        self._region = which
        plane, colour = self._plane(marked, taken)
        for view in self._views:
            view.show_region(plane, colour)

    def _plane(
        self, marked: Marked | None, taken: Taken | None
    ) -> tuple[NDArray[np.bool_] | None, str]:
        opened, z = self._session.open_case, self._index
        if opened is None:
            return None, ""
        if marked is None:
            return (taken.plane if taken is not None and taken.z == z else None), _AMBER
        inside = marked.plane(z)
        if inside is None:
            return None, ""
        plane = np.zeros(opened.loaded.volume.geometry.shape[1:], bool)
        _, _, y0, y1, x0, x1 = marked.box
        plane[y0:y1, x0:x1] = inside
        return plane, _GREEN if marked.act.startswith("take") else _RED

    @property
    def _index(self) -> int:
        return self._session.view.slice_index


def _corner_lines(corners: Corners | None, pointer: QPointF | None, *, z: int) -> list[TraceLine]:
    """Return the line along the corners, and from the last of them to the pointer and back."""
    if corners is None or corners.z != z:
        return []
    lines = [TraceLine(_points(tuple(corners.points)))]
    if pointer is not None and not corners.dragged and corners.points:
        first, last = (_points((at,))[0] for at in (corners.points[0], corners.points[-1]))
        lines.append(TraceLine((last, pointer)))
        if corners.closable:
            lines.append(TraceLine((pointer, first), dashed=True))
    return lines


def _band(line: Scribble) -> TraceLine:
    colour = _GREEN if line.kind == _INSIDE else _RED
    return TraceLine(_points(tuple(line.points)), colour, line.size)


def _points(path: tuple[Point, ...]) -> tuple[QPointF, ...]:
    return tuple(QPointF(x, y) for y, x in path)

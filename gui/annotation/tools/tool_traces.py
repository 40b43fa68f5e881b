"""Shows in every view of the case what is half drawn, marked, or about to be taken."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from core.annotation.patch import Point
from core.domain.plane import Cut
from gui.annotation.correction.shown_grey import ShownGrey
from gui.annotation.tools.brush_stroke import Stroke
from gui.annotation.tools.lesion_marker import Marked
from gui.annotation.tools.polygon_corners import Corners
from gui.annotation.tools.range_preview import Taken
from gui.annotation.tools.scribbles import Scribble
from gui.viewer.items.click_item import ClickPicture
from gui.viewer.items.label_item import hex_of
from gui.viewer.items.tool_items import Sign, TraceLine
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import Tool

_INSIDE = 1
_GREEN, _RED, _AMBER = "#3FD67A", "#FF5C5C", "#FFC24D"


class Traces:
    """The views of one case, drawn on alike where they show the same slice."""

    def __init__(self, grey: ShownGrey) -> None:
        self._session, self._grey = grey.session, grey
        self._views: list[SliceView] = []
        self._region: tuple[object, tuple[Cut, ...]] | None = None
        self._brushes: list[tuple[float, float, Sign, str]] = []

    def add_view(self, view: SliceView) -> None:
        """Draw on one more view."""
        self._views.append(view)

    def set_tool(self, tool: Tool) -> None:
        """Let a press in any view do what this tool does."""
        for view in self._views:
            view.set_tool(tool)

    def set_brush(self, size: float, sign: Sign) -> None:
        """Show the brush's size and sign, as large in every view as it paints there.

        It has the colour of the label in hand, where there are several.
        """
        brushes: list[tuple[float, float, Sign, str]] = []
        state = self._session.labels
        written = () if state.labels.is_binary else state.labels.labels
        colours = (hex_of(label.colour) for label in written if label.value == state.in_hand)
        colour = next(colours, "")
        for cut in self._cuts:
            _, row, column = self._grey.spacing(cut.plane)
            brushes.append((size / 2 / column, size / 2 / row, sign, colour))
        if brushes != self._brushes:
            self._brushes = brushes
            for view, (wide, high, _, _) in zip(self._views, brushes, strict=True):
                view.set_brush(wide, sign, high=high, colour=colour)

    def show_clicks(self, picture: Callable[[Cut], ClickPicture | None]) -> None:
        """Show what guided clicks would change of the slice in each view."""
        made: dict[Cut, ClickPicture | None] = {}
        for view, cut in zip(self._views, self._cuts, strict=True):
            if cut not in made:
                made[cut] = picture(cut)
            view.show_clicks(made[cut])

    def show(
        self,
        *,
        corners: tuple[Corners | None, QPointF | None],
        scribbles: tuple[Scribble, ...],
        stroke: Stroke | None,
        marked: Marked | None,
        taken: Taken | None,
    ) -> None:
        """Show what lies on the slices on screen."""
        for view, cut in zip(self._views, self._cuts, strict=True):
            lines = [*_corner_lines(*corners, cut=cut), *map(_band, scribbles_on(scribbles, cut))]
            if stroke is not None and not stroke.begun and stroke.cut == cut:
                colour = _GREEN if stroke.value else _RED
                width = stroke.size / stroke.tip.spacing[2]
                lines.append(TraceLine(_points(stroke.trail), colour, width))
            if lines or view.trace:
                view.show_trace(tuple(lines))
        self._show_region(marked, taken)

    def _show_region(self, marked: Marked | None, taken: Taken | None) -> None:
        """Mark the region, made anew only when it is another or on another slice."""
        cuts = self._cuts
        which: tuple[object, tuple[Cut, ...]] = (marked or taken, cuts)
        if self._region is not None and which[0] is self._region[0] and which == self._region:
            return
        self._region = which
        made: dict[Cut, tuple[NDArray[np.bool_] | None, str]] = {}
        for view, cut in zip(self._views, cuts, strict=True):
            if cut not in made:
                made[cut] = self._plane(marked, taken, cut)
            view.show_region(*made[cut])

    def _plane(
        self, marked: Marked | None, taken: Taken | None, cut: Cut
    ) -> tuple[NDArray[np.bool_] | None, str]:
        opened = self._session.open_case
        if opened is None:
            return None, ""
        if marked is None:
            return (taken.plane if taken is not None and taken.cut == cut else None), _AMBER
        inside = marked.plane(cut)
        if inside is None:
            return None, ""
        shape = opened.loaded.volume.geometry.shape
        _, *sides = cut.plane.turned(shape)
        plane = np.zeros(tuple(sides), bool)
        _, _, y0, y1, x0, x1 = cut.plane.cut_box(marked.box, shape)
        plane[y0:y1, x0:x1] = inside
        return plane, _GREEN if marked.act.startswith("take") else _RED

    @property
    def _cuts(self) -> tuple[Cut, ...]:
        """The slice that each view shows."""
        state = self._session.view
        planes = (state.main if view.cut is None else view.cut.plane for view in self._views)
        return tuple(state.cut_in(plane) for plane in planes)


def scribbles_on(lines: tuple[Scribble, ...], cut: Cut) -> tuple[Scribble, ...]:
    """Return the lines that lie on a slice."""
    return tuple(line for line in lines if line.cut == cut)


def _corner_lines(corners: Corners | None, pointer: QPointF | None, *, cut: Cut) -> list[TraceLine]:
    """Return the line along the corners, and from the last of them to the pointer and back."""
    if corners is None or corners.cut != cut:
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
    return TraceLine(_points(tuple(line.points)), colour, line.size / line.scale[1])


def _points(path: tuple[Point, ...]) -> tuple[QPointF, ...]:
    return tuple(QPointF(x, y) for y, x in path)

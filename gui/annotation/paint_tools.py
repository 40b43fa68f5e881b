"""The drawing tools: what the pointer does on the slice becomes edits of the correction."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Signal

from core.annotation import regions, smart_fill, strokes
from core.annotation.patch import Patch
from core.domain.mask import Mask
from core.domain.volume import Pixels, Volume
from gui.annotation.correction_desk import CorrectionDesk
from gui.annotation.tool_settings import LARGEST, SMALLEST, ToolSettings
from gui.shell.session import Session
from gui.shell.view_state import RGB, shown_channel
from gui.viewer.slice_view import SliceView
from gui.viewer.touch import Tool, Touch

_STEP = 1.15
_INSIDE, _OUTSIDE = 1, 2
_TREMBLE, _NEAR = 4.0, 8.0  # pixels of the screen
_COLOURS = {_INSIDE: "#3FD67A", _OUTSIDE: "#FF5C5C"}

ToolLine = tuple[tuple[QPointF, ...], str]


class PaintTools(QObject):
    """The tool in hand, its settings, and the gesture it is in the middle of."""

    settings_changed = Signal()
    scribbled = Signal(bool)

    def __init__(self, session: Session, correction_desk: CorrectionDesk, view: SliceView) -> None:
        super().__init__()
        self._session = session
        self._correction_desk = correction_desk
        self._view = view
        self.tool: Tool = "pan"
        self.settings = ToolSettings()
        self._last: tuple[float, float] | None = None
        self._points: list[tuple[float, float]] = []
        self._dragged = False
        self._other = False
        self._threshold: strokes.ThresholdBrush | None = None
        self._scribbles: dict[int, list[tuple[list[tuple[float, float]], int]]] = {}
        view.touched.connect(self._on_touched)
        view.brush_resized.connect(lambda steps: self.resize(steps))
        session.case_changed.connect(self.drop)
        session.view_changed.connect(self._show_trace)

    def set_tool(self, tool: Tool) -> None:
        """Take another tool; a half-drawn polygon is dropped."""
        self._correction_desk.cancel()
        self._points.clear()
        self.tool = tool
        self._view.set_tool(tool)
        self._show_brush()
        self._show_trace()
        self.settings_changed.emit()

    def change(self, **changes: object) -> None:
        """Change settings."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        self._show_brush()
        self.settings_changed.emit()

    def resize(self, steps: int) -> None:
        """Make the round tools larger or smaller."""
        size = self.settings.size * _STEP**steps
        size = size + steps if round(size) == self.settings.size else size
        self.change(size=int(min(max(round(size), SMALLEST), LARGEST)))

    def drop(self) -> bool:
        """Drop what is half drawn, else the edit being computed; False when there is neither."""
        there = bool(self._points) or bool(self._scribbles) or self._correction_desk.cancel()
        there = there or self._correction_desk.later.cancel()
        self._points.clear()
        self._scribbles.clear()
        self._last = None
        self._show_trace()
        return there

    def complete(self) -> None:
        """Complete the region that the scribbles of the smart fill describe."""
        opened, index = self._session.open_case, self._session.view.slice_index
        if opened is None or not self._scribbles:
            return
        volume = opened.loaded.volume
        channel, shape = volume.channels.index(self._channel(volume)), volume.geometry.shape
        pixels = volume.pixels[channel : channel + 1]
        drawn = _drawn(self._scribbles, shape, self.settings.size)
        if self.settings.volumetric:
            self._correction_desk.apply_later(
                "smart fill", lambda mask: smart_fill.smart_fill_volume(mask, pixels, drawn)
            )
        else:
            self._correction_desk.apply_later(
                "smart fill",
                lambda mask: smart_fill.smart_fill(mask, pixels, drawn[index], z=index),
            )
        self._scribbles.clear()
        self._show_trace()

    def _on_touched(self, touch: Touch) -> None:
        at = (touch.y, touch.x)
        if touch.kind == "press":
            self._other = touch.other
            self._press(at)
        elif touch.kind == "move":
            self._move(at)
        elif touch.kind == "release":
            self._release(at)
        elif self.tool == "lasso" and self._points:
            self._close_polygon()

    @property
    def _value(self) -> int:
        """What a press paints: 1 adds, 0 removes."""
        return int(self._removes == self._other)

    @property
    def _removes(self) -> bool:
        """True when a press of the left button takes away; taking a lesion has no such mode."""
        chosen = self.settings.remove and self.tool != "component"
        return chosen or self.tool == "eraser"

    def _press(self, at: tuple[float, float]) -> None:
        self._last, self._dragged = at, False
        if self.tool in ("brush", "eraser", "threshold"):
            self._begin_stroke(at)
        elif self.tool == "lasso":
            self._points.append(at)
        elif self.tool == "smart":
            index = self._session.view.slice_index
            kind = _OUTSIDE if self.settings.remove != self._other else _INSIDE
            self._scribbles.setdefault(index, []).append(([at], kind))
        elif self.tool == "fill":
            self._flood(at)
        elif self.tool == "component":
            self._pick(at)
        self._show_trace()

    def _begin_stroke(self, at: tuple[float, float]) -> None:
        index = self._session.view.slice_index
        if self._correction_desk.begin(self.tool, index) is None:
            return
        if self.tool == "threshold":
            plane = self._plane(index)
            half, size = float(self.settings.window), self.settings.size
            self._threshold = strokes.threshold_brush(
                plane, at, size=size, half_width=half, value=self._value
            )
        self._stroke([at])

    def _move(self, at: tuple[float, float]) -> None:
        before = self._last
        if before is None or (self.tool == "lasso" and self._trembles(before, at)):
            return
        self._last, self._dragged = at, True
        if self.tool in ("brush", "eraser", "threshold"):
            self._stroke([before, at])
        elif self.tool == "lasso":
            self._points.append(at)
        elif self.tool == "smart" and self._scribbles:
            self._scribbles[self._session.view.slice_index][-1][0].append(at)
        self._show_trace()

    def _release(self, at: tuple[float, float]) -> None:
        self._last = None
        if self.tool in ("brush", "eraser", "threshold"):
            self._correction_desk.end()
            self._threshold = None
        elif self.tool == "lasso" and self._points and self._closes(at):
            self._close_polygon()
        elif self.tool == "smart":
            self.scribbled.emit(bool(self._scribbles))

    def _stroke(self, path: list[tuple[float, float]]) -> None:
        correction = self._session.correction
        if correction is None or not correction.painting:
            return
        index, mask = self._session.view.slice_index, correction.mask
        if self._threshold is not None:
            patch = strokes.threshold_stroke(mask, index, path, brush=self._threshold)
        else:
            size = self.settings.size
            patch = strokes.stroke(mask, index, path, size=size, value=self._value)
        self._correction_desk.paint(patch)

    def _closes(self, at: tuple[float, float]) -> bool:
        """True after a drag, and when a click meets the first point of a polygon."""
        if self._dragged and len(self._points) > 3:
            return True
        return self._apart(self._points[0], at) < _NEAR and len(self._points) > 3

    def _trembles(self, before: tuple[float, float], at: tuple[float, float]) -> bool:
        """True while a press has moved too little to be more than a click."""
        return not self._dragged and self._apart(before, at) < _TREMBLE

    def _apart(self, one: tuple[float, float], other: tuple[float, float]) -> float:
        """Return how far two points are apart on the screen."""
        return max(abs(one[0] - other[0]), abs(one[1] - other[1])) * self._view.zoom

    def _close_polygon(self) -> None:
        points, index, value = list(self._points), self._session.view.slice_index, self._value
        self._points.clear()
        self._show_trace()
        if len(points) >= 3:
            self._correction_desk.apply(
                "lasso", lambda mask: strokes.polygon(mask, index, points, value=value)
            )

    def _flood(self, at: tuple[float, float]) -> None:
        opened, where = self._session.open_case, self._voxel(at)
        if opened is None or where is None:
            return
        volume, value = opened.loaded.volume, self._value
        pixels = volume.pixels[volume.channels.index(self._channel(volume))]
        tolerance, volumetric = self.settings.tolerance, self.settings.volumetric

        def make(mask: Mask) -> Patch | None:
            return regions.flood_fill(
                mask, pixels, where, tolerance=tolerance, value=value, volumetric=volumetric
            )

        if volumetric:
            self._correction_desk.apply_later("fill", make)
        else:
            self._correction_desk.apply("fill", make)

    def _pick(self, at: tuple[float, float]) -> None:
        """Take the prediction's component under the pointer, or delete the mask's."""
        where, result = self._voxel(at), self._session.result
        if where is None:
            return
        if self._value == 0:
            self._correction_desk.apply(
                "delete component", lambda mask: regions.delete_lesion(mask, where)
            )
        elif result is not None and result.counted is not None:
            other = result.counted.mask
            self._correction_desk.apply(
                "take component", lambda mask: regions.add_lesion(mask, other, where)
            )

    def _voxel(self, at: tuple[float, float]) -> tuple[int, int, int] | None:
        opened = self._session.open_case
        if opened is None:
            return None
        y, x = int(np.floor(at[0])), int(np.floor(at[1]))
        height, width = opened.loaded.volume.geometry.shape[1:]
        inside = 0 <= y < height and 0 <= x < width
        return (self._session.view.slice_index, y, x) if inside else None

    def _channel(self, volume: Volume) -> str:
        name = shown_channel(self._session.view, volume)
        return name if name != RGB else volume.channels[min(1, len(volume.channels) - 1)]

    def _plane(self, index: int) -> Pixels:
        opened = self._session.open_case
        assert opened is not None
        volume = opened.loaded.volume
        plane: Pixels = volume.pixels[volume.channels.index(self._channel(volume)), index]
        return plane

    def _show_brush(self) -> None:
        self._view.set_brush(self.settings.size / 2, "−" if self._removes else "+")

    def _show_trace(self) -> None:
        lines: list[ToolLine] = []
        if self._points:
            lines.append((tuple(QPointF(x, y) for y, x in self._points), ""))
        for points, kind in self._scribbles.get(self._session.view.slice_index, []):
            lines.append((tuple(QPointF(x, y) for y, x in points), _COLOURS[kind]))
        self._view.show_trace(tuple(lines))


def _drawn(
    scribbles: dict[int, list[tuple[list[tuple[float, float]], int]]],
    shape: tuple[int, int, int],
    size: float,
) -> NDArray[np.uint8]:
    """Return the scribbles as (Z, Y, X): 0 none, 1 inside, 2 outside."""
    drawn = np.zeros(shape, np.uint8)
    for index, lines in scribbles.items():
        for points, kind in lines:
            for start, end in zip(points, points[1:] or points, strict=False):
                found = strokes.covered(shape[1:], [start, end], size)
                if found is not None:
                    where, block = found
                    drawn[index][where][block] = kind
    return drawn

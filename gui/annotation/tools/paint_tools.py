"""The drawing tools: what the pointer does on the slice becomes edits of the correction."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QPointF, Signal

from core.annotation.correction import Of, Writes
from core.domain.plane import Cut, Voxel
from gui.annotation.clicks.guided_clicks import GuidedClicks
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.shown_grey import ShownGrey
from gui.annotation.correction.tool_settings import LARGEST, SMALLEST, ToolSettings
from gui.annotation.tools.brush_stroke import Stroke
from gui.annotation.tools.lesion_marker import Lesions
from gui.annotation.tools.polygon_corners import FEWEST, Corners
from gui.annotation.tools.range_preview import Asked, Preview
from gui.annotation.tools.scribbles import Again, Scribble, Scribbles, filler
from gui.annotation.tools.tool_traces import Traces
from gui.shell.thread_share import GestureDelay
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import UNPAINTED, Tool, Touch

_STEP = 1.15
_INSIDE, _OUTSIDE = 1, 2
_TREMBLE, _NEAR = 4.0, 8.0  # pixels of the screen
_FRAME_SECONDS = 0.008
_FILL = "smart fill"

Pick = Callable[[Voxel], None]
PaintParts = tuple[Lesions, Preview, GuidedClicks]


class PaintTools(QObject):
    """The tool in hand, its settings, and what is half drawn with it.

    `held_changed` comes when something is in hand that undo would take first, or no more. `asked`
    says what the reader is to do with it, which holds as long as it is in hand.
    """

    settings_changed = Signal()
    held_changed = Signal()
    asked = Signal(str, str)

    def __init__(self, grey: ShownGrey, correcting: CorrectionDesk, parts: PaintParts):
        super().__init__()
        self._grey, self._session, self._correction_desk = grey, grey.session, correcting
        self.lesions, self._preview, self.guided = parts
        self.tool: Tool = "pan"
        self.settings = ToolSettings()
        self._traces = Traces(grey)
        self._view: SliceView | None = None
        self._stroke: Stroke | None = None
        self._corners: Corners | None = None
        self._scribbles = Scribbles()
        self._scribbling = self._filling = False
        self._pick: Pick | None = None
        self._last: tuple[float, float] | None = None
        self._pointer: QPointF | None = None
        self._soon = GestureDelay(self._go_on, self, seconds=_FRAME_SECONDS)
        session = self._session
        session.case_changed.connect(self.drop)
        session.view_changed.connect(self._on_view_changed)
        session.labels_changed.connect(self._show_brush)
        correcting.ready.connect(self._go_on)
        correcting.stepped.connect(self._on_stepped)
        self.lesions.marked_changed.connect(self._show)
        self.lesions.asked.connect(self.asked)
        self._preview.changed.connect(self._show)
        self.guided.changed.connect(self._show)
        correcting.finishing = self._finish

    def add_view(self, view: SliceView) -> None:
        """Draw in one more view of the case on screen."""
        self._traces.add_view(view)
        view.touched.connect(lambda touch: self._on_touched(view, touch))
        view.hovered.connect(lambda at: self._on_hovered(view, at))
        view.brush_resized.connect(lambda steps: self.resize(steps))
        view.escaped.connect(self.drop)
        self._take(self.tool)

    def set_tool(self, tool: Tool) -> None:
        """Take another tool; a stroke in hand ends as it is and scribbles wait for theirs.

        A half-drawn polygon is dropped.
        """
        self._end_stroke()
        self._drop_gesture()
        self.tool = tool
        self._correction_desk.expect_drawing(tool not in UNPAINTED)
        self._take(tool)
        if tool == "guided":
            self.guided.take_in_hand()
        self._ask_preview()
        self._show()
        self.settings_changed.emit()

    def _end_stroke(self) -> None:
        """End the stroke in hand where it is: what was painted stays."""
        if self._stroke is not None:
            self._stroke.over = True
            self._go_on()

    def change(self, **changes: object) -> None:
        """Change settings."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        self._show_brush()
        self._ask_preview()
        self.settings_changed.emit()

    def resize(self, steps: int) -> None:
        """Make the round tools larger or smaller."""
        size = self.settings.size * _STEP**steps
        size = size + steps if round(size) == self.settings.size else size
        self.change(size=int(min(max(round(size), SMALLEST), LARGEST)))

    @property
    def holds(self) -> bool:
        """True while something is half drawn or marked, which undo takes back first."""
        correction = self._correction_desk.known
        scribbled = self.tool == "smart" and self._scribbles.pending(correction)
        stroke = self._stroke is not None or (correction is not None and correction.painting)
        clicked = self.tool == "guided" and self.guided.holds
        return stroke or scribbled or clicked or self._corners is not None or self._marks

    @property
    def clicking(self) -> bool:
        """True while guided clicks are made, or wait behind another tool to be accepted."""
        return self.tool == "guided" or self.guided.holds

    @property
    def _marks(self) -> bool:
        return self.lesions.marked is not None or self._pick is not None

    def drop(self) -> bool:
        """Drop what is half drawn, else the edit being computed; False when there is neither."""
        there = self._drop_gesture() or bool(self._scribbles)
        there = self.guided.drop() or there
        there = there or self._correction_desk.later.cancel()
        self._scribbles.clear()
        self._preview.drop()
        self._show()
        return there

    def take_back(self) -> bool:
        """Take back the last piece of what is in hand: a corner, a scribble, a stroke, a mark."""
        correction = self._correction_desk.known
        if self._stroke is not None or self._marks or self._correction_desk.cancel():
            self._drop_gesture()
        elif self._corners is not None:
            if not self._corners.take_back():
                self._corners = None
        elif self.tool == "guided":
            return self.guided.take_back()
        elif self.tool != "smart" or not self._scribbles.take_back(correction):
            return False
        self._show()
        return True

    def complete(self) -> None:
        """Complete what is in hand: close the polygon, fill by scribbles, do what is marked."""
        if self._corners is not None:
            self._close_polygon()
        elif self.tool == "guided" and self.guided.accept():
            return
        elif not self.lesions.confirm():
            self._fill()

    def _finish(self, then: Callable[[], None]) -> None:
        """Accept the clicks that are shown, as `complete` does, then do `then`."""
        if self.tool == "guided":
            self.guided.finish(then)
        else:
            then()

    def pick(self, title: str, act: Pick) -> None:
        """Ask for a click, and give its voxel to `act`; `title` says what for."""
        self._drop_gesture()
        self._pick = act
        self._traces.set_tool("component")
        self._show()
        self.asked.emit(title, "Click the lesion in the image; Esc leaves it.")

    def _drop_gesture(self) -> bool:
        """Drop a stroke, corners, a mark; False when there is none."""
        there = (
            self._correction_desk.cancel() or self._stroke is not None or self._corners is not None
        )
        there = self.lesions.drop() or self._pick is not None or there
        picked, self._pick = self._pick, None
        self._stroke = self._corners = self._last = None
        self._scribbling = False
        if picked is not None:
            self._take(self.tool)
        return there

    def _on_touched(self, view: SliceView, touch: Touch) -> None:
        self._view = view
        if self._pick is not None:
            self._on_picked(touch)
        elif self.tool in UNPAINTED:
            return  # what is measured is somebody else's
        elif self.tool == "guided":
            self._click(touch)
        elif touch.kind == "press":
            self._press(touch)
        elif touch.kind == "move":
            self._move(touch)
        elif touch.kind == "release":
            self._release(touch)
        elif touch.kind == "cancel":
            self._drop_gesture()
            self._show()
        elif self.tool == "lasso" and self._corners is not None:
            self._close_polygon()

    def _click(self, touch: Touch) -> None:
        """Guide by a click, which names voxels of the slice it is made on."""
        adds, cut = self._value(touch) == 1, self._cut
        self.guided.touch(touch, cut, adds=adds, settings=self.settings, zoom=self._zoom)

    def _on_picked(self, touch: Touch) -> None:
        """Give away the voxel that was clicked, when the button is up again."""
        voxel = self._voxel((touch.y, touch.x))
        if touch.kind == "release" and voxel is not None and self._pick is not None:
            act, self._pick = self._pick, None
            self._take(self.tool)
            act(voxel)
            self._show()

    def _value(self, touch: Touch) -> int:
        """What a press paints: 1 adds, 0 removes."""
        return 0 if touch.eraser else int(self._removes == touch.other)

    @property
    def _removes(self) -> bool:
        """True when a press of the left button takes away; taking a lesion has no such mode."""
        chosen = self.settings.remove and self.tool != "component"
        return chosen or self.tool == "eraser"

    def _of(self, value: int) -> Of:
        """Return what a gesture changes: the label in hand; an eraser all, where it clears all."""
        clears = value == 0 and self._session.labels.rule.clears_all
        return "any" if clears else "hand"

    @property
    def _cut(self) -> Cut:
        """The slice under the pointer, in the plane of the view it is over."""
        shown = None if self._view is None else self._view.cut
        state = self._session.view
        return state.cut_in(state.main if shown is None else shown.plane)

    @property
    def _zoom(self) -> float:
        """Pixels of the screen that a column takes in the view under the pointer."""
        return 1.0 if self._view is None else self._view.zoom

    def _press(self, touch: Touch) -> None:
        at = self._last = (touch.y, touch.x)
        self._preview.drop()
        if self.tool in ("brush", "eraser", "threshold"):
            tip = self._grey.tip(self._cut.plane, ball=self.settings.ball)
            self._stroke = Stroke(self._cut, self._value(touch), self.settings.size, tip)
            self._stroke.add(at, touch.pressure)
            self._go_on()
        elif self.tool == "lasso":
            self._add_corner(touch)
        elif self.tool == "smart":
            kind = _OUTSIDE if self._value(touch) == 0 else _INSIDE
            scale = self._grey.spacing(self._cut.plane)[1:]
            line = Scribble(self._cut, kind, self.settings.size, [at], scale)
            self._scribbles.begin(line)
            self._scribbling = True
        elif self.tool == "fill":
            self._flood(at, self._value(touch))
        elif self.tool == "component":
            self._act_on_lesion(at, self._value(touch))
        self._show()

    def _move(self, touch: Touch) -> None:
        before, at = self._last, (touch.y, touch.x)
        if before is None or (self.tool == "lasso" and self._trembles(before, at)):
            return
        self._last = at
        if self._stroke is not None:
            if self._cut == self._stroke.cut:
                self._stroke.add(at, touch.pressure)
            else:  # the wheel was turned meanwhile: nothing is painted that is not seen
                self._go_on()
                self._stroke.lift()
            self._soon.do(can_wait=True)
        elif self._corners is not None and self._corners.cut == self._cut:
            self._corners.points.append(at)
            self._corners.dragged = True
        elif self._scribbling and self._scribbles.lines[-1].cut == self._cut:
            self._scribbles.lines[-1].points.append(at)
        if self._stroke is None or not self._stroke.begun:
            self._show()

    def _release(self, touch: Touch) -> None:
        self._last, self._scribbling = None, False
        if self._stroke is not None:
            self._end_stroke()
        elif self._corners is not None and self._closes((touch.y, touch.x)):
            self._close_polygon()
        self._show()

    def _go_on(self) -> None:
        """Paint all samples there are; they wait while the correction is being made."""
        stroke = self._stroke
        if stroke is None or (not stroke.begun and self._correction_desk.waiting):
            return
        if not stroke.begun and not self._begin(stroke):
            self._stroke = None
            self._show()
            return
        correction = self._correction_desk.known
        if correction is None or not correction.painting:
            self._stroke = None
            return
        stroke.paint(correction.under_hand, self._correction_desk.paint)
        self._soon.note_gesture()
        if stroke.over:
            self._stroke = None
            self._correction_desk.end()
            self._show()

    def _begin(self, stroke: Stroke) -> bool:
        of = self._of(stroke.value)
        if self._correction_desk.begin(self.tool, stroke.cut, of) is None:
            return False
        stroke.begun = True
        if self.tool == "threshold":
            pixels, half = self._grey.pixels, self._grey.difference(self.settings.window)
            assert pixels is not None, "a case is open"
            stroke.hold_to(pixels, half_width=half)
        return True

    def _add_corner(self, touch: Touch) -> None:
        corners = self._corners
        if corners is None:
            self._corners = corners = Corners(self._cut, self._value(touch))
        elif corners.cut != self._cut:
            number = self._grey.slice_number(corners.cut)
            there = f"{corners.cut.plane.name} slice" if corners.cut.plane.axis else "slice"
            said = f"It was begun on {there} {number}. Go back there, or drop it with Esc."
            self.asked.emit("The polygon is on another slice", said)
            self._last = None
            return
        corners.points.append((touch.y, touch.x))

    def _closes(self, at: tuple[float, float]) -> bool:
        """True after a drag, and when a click meets the first corner of a polygon."""
        corners = self._corners
        if corners is None or len(corners.points) <= FEWEST or corners.cut != self._cut:
            return False
        return corners.dragged or self._apart(corners.points[0], at) < _NEAR

    def _trembles(self, before: tuple[float, float], at: tuple[float, float]) -> bool:
        """True while a press has moved too little to be more than a click."""
        dragged = self._corners is not None and self._corners.dragged
        return not dragged and self._apart(before, at) < _TREMBLE

    def _apart(self, one: tuple[float, float], other: tuple[float, float]) -> float:
        """Return how far two points are apart on the screen."""
        down, right = abs(one[0] - other[0]), abs(one[1] - other[1])
        _, row, column = self._grey.spacing(self._cut.plane)
        return max(down * row / column, right) * self._zoom

    def _close_polygon(self) -> None:
        corners, self._corners = self._corners, None
        self._show()
        if corners is not None and corners.closable:
            writes = Writes(self._of(corners.value))
            self._correction_desk.apply("lasso", corners.painted, cut=corners.cut, writes=writes)

    def _fill(self) -> None:
        """Complete the region that the scribbles describe, instead of what they led to before."""
        pixels, here = self._grey.pixels, self._cut
        if pixels is None or not self._scribbles:
            return
        lines = tuple(replace(line, points=list(line.points)) for line in self._scribbles.lines)
        cut = None if self.settings.volumetric else here
        known = self._session.correction
        refines = known is not None and self._scribbles.refines(known)
        back = known.before_last() if known is not None and refines else None
        self._filling = True
        aim = self._session.labels.aim
        fill = filler(pixels[np.newaxis], lines, cut=cut, again=Again(back, aim))
        self._correction_desk.apply_later(_FILL, fill, cut=here, of="exact")

    def _on_stepped(self) -> None:
        known = self._correction_desk.known
        if self._filling and known is not None and known.last_tool == _FILL:
            self._filling = False
            self._scribbles.note_filled(known.head)
        self._show()

    def _flood(self, at: tuple[float, float], value: int) -> None:
        where, settings = self._voxel(at), self.settings
        if where is not None:
            share, through = settings.tolerance, settings.volumetric
            cut = self._cut
            make = self._grey.flood(where, share, cut.plane, value=value, volumetric=through)
            self._correction_desk.apply_later("fill", make, cut=cut, of=self._of(value))

    def _act_on_lesion(self, at: tuple[float, float], value: int) -> None:
        """Take the prediction's lesion under the pointer, or delete the mask's."""
        where = self._voxel(at)
        if where is not None:
            act = "take component" if value else "delete component"
            here, plane = not self.settings.through, self._cut.plane
            self.lesions.act(act, where, here=here, plane=plane)  # type: ignore[arg-type]

    def _voxel(self, at: tuple[float, float]) -> Voxel | None:
        return self._grey.voxel(at[0], at[1], self._cut)

    def _on_hovered(self, view: SliceView, at: QPointF | None) -> None:
        if at is not None and view is not self._view and self._last is None:
            self._view = view
            self._show()
        self._pointer = at
        if self._corners is not None:
            self._show()
        if self._last is None:
            self._ask_preview()

    def _on_view_changed(self) -> None:
        self._show_brush()
        self._ask_preview()
        self._show()

    def _ask_preview(self) -> None:
        """Have shown what a press here would take."""
        if self.tool == "guided":
            adds, settings = not self._removes, self.settings
            self.guided.point_at(self._pointer, self._cut, adds=adds, settings=settings)
        else:
            self.guided.preview.drop()
        if self.tool in ("threshold", "fill") and self._pointer is not None:
            self._preview.ask(self._asked)
        else:
            self._preview.drop()

    def _asked(self) -> Asked | None:
        at, pixels, settings = self._pointer, self._grey.pixels, self.settings
        where = None if at is None else self._voxel((at.y(), at.x()))
        if where is None or pixels is None or self._last is not None:
            return None
        cut = self._cut
        if self.tool == "threshold":
            half = self._grey.difference(settings.window)
            tip = self._grey.tip(cut.plane, ball=settings.ball)
            return Asked(pixels, where, half, cut, settings.size, tip)
        half = self._grey.difference(settings.tolerance)
        return Asked(pixels, where, half, cut, volumetric=settings.volumetric)

    def _take(self, tool: Tool) -> None:
        self._traces.set_tool(tool)
        self._show_brush()

    def _show_brush(self) -> None:
        self._traces.set_brush(self.settings.size, "−" if self._removes else "+")

    def _show(self) -> None:
        """Show what is half drawn, and say when something is in hand or no more."""
        smart = self.tool == "smart"
        self._traces.show(
            corners=(self._corners, self._pointer),
            scribbles=self._scribbles.lines if smart else (),
            stroke=self._stroke,
            marked=self.lesions.marked,
            taken=self._preview.answer,
        )
        guided = self.guided.picture if self.tool == "guided" else lambda _: None
        self._traces.show_clicks(guided)
        self.held_changed.emit()

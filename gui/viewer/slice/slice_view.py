"""The slice view: a picture with a pointer that speaks in voxels."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from core.domain.components import Box
from gui.shell.view_state import Display, correction_alone
from gui.viewer.drawn.picture import Picture
from gui.viewer.items.click_item import ClickItem, ClickPicture
from gui.viewer.items.overlay_item import OverlayItem
from gui.viewer.items.region_item import RegionItem
from gui.viewer.items.tool_items import BrushCursor, Sign, Trace, TraceLine
from gui.viewer.slice.fingers import Contact, Fingers, pans
from gui.viewer.slice.picture_view import PictureView
from gui.viewer.slice.touch import MEASURING, ROUND, UNPAINTED, VIEWING, Tool, Touch, TouchKind
from gui.widgets.later import Later
from gui.widgets.palette import DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.widgets.wheel_notches import NOTCH, WheelNotches

_ZOOM_PER_PIXEL = 1.008
_ZOOM_PER_STEP = 1.25
_FRAME_MS = 8
_OPPOSITE: dict[Sign, Sign] = {"+": "−", "−": "+", "": ""}
_LEFT, _RIGHT, _MIDDLE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)
_SWAPPED = {_LEFT: _RIGHT, _RIGHT: _LEFT}
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier
_STILL = 3.0  # pixels that a click may tremble


class SliceView(PictureView):
    """Asks for slices, ranges, read-outs and strokes by signals, in voxels (x, y) of the slice.

    Every sample of the pointer reaches `touched`; pans, zooms and ranges follow once a frame.
    `grabs` says whether something lies at (x, y) that a press takes hold of, whatever is looked at.
    `entered` says that the reader begins something here, `pointed` where a click or Shift wants
    the crosshair, and `enlarge_asked` that a double click wants the view alone, or back. `picked`
    comes of a click with Alt held, whatever is in hand.
    """

    slice_stepped = Signal(int)
    window_level_dragged = Signal(float, float)
    hovered = Signal(object)
    touched = Signal(object)
    brush_resized = Signal(int)
    escaped = Signal()
    entered = Signal()
    pointed = Signal(QPointF)
    enlarge_asked = Signal()
    picked = Signal(QPointF)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._fingers = Fingers(self)  # events come before all of the view is made
        super().__init__(parent)
        self.setObjectName("SliceView")
        self.setAccessibleName("Slice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.viewport().ungrabGesture(Qt.GestureType.PanGesture)  # two fingers pan here
        self._cursor, self._trace, self._region = BrushCursor(), Trace(), RegionItem()
        self._clicks = ClickItem()
        for item in (self._region, self._trace, self._clicks, self._cursor):
            self.add_item(item)
        self._correction: OverlayItem | None = None
        self._colours = DEFAULT_OVERLAYS
        self._tool: Tool = "pan"
        self._radius = self._high = 6.0
        self._sign: Sign = "+"
        self._colour = ""
        self._drawing: Touch | None = None
        self._swapped = self._held = False
        self.grabs: Callable[[QPointF], bool] = lambda _: False
        self._wheel = WheelNotches()
        self._drag: Qt.MouseButton | None = None
        self._pressed: Qt.MouseButton | None = None
        self._last = self._dragged_to = QPointF()
        self._anchor = self._pressed_at = QPointF()
        self._soon = Later(self, _FRAME_MS, self._go_on)

    def set_tool(self, tool: Tool) -> None:
        """Choose what a press and a drag with the left button do."""
        self._tool = tool
        if self._correction is not None:
            self._correction.setVisible(tool not in UNPAINTED)
        self._show_cursor(None)
        shape = Qt.CursorShape
        shapes = {"pan": shape.OpenHandCursor, "window": shape.SizeAllCursor}
        drawn = shape.BlankCursor if tool in ROUND else shape.CrossCursor
        self.setCursor(shapes.get(tool, drawn))

    @property
    def tool(self) -> Tool:
        """What a press and a drag with the left button do."""
        return self._tool

    @property
    def drawing(self) -> bool:
        """True while a press with a tool that draws is held."""
        return self._drawing is not None

    def set_swapped(self, swapped: bool) -> None:
        """Let left and right button change their parts, for a mouse in the left hand."""
        self._swapped = swapped

    def set_brush(
        self, radius: float, sign: Sign, *, high: float | None = None, colour: str = ""
    ) -> None:
        """Say how large the round tools are, in columns and `high` in rows, and what they do.

        Where a press adds they are drawn in `colour`, white where there is none.
        """
        self._radius, self._high, self._sign = radius, radius if high is None else high, sign
        self._colour = colour
        self._show_cursor(self._pointer_voxel())

    @property
    def sign(self) -> Sign:
        """What the cursor says a press will do: add or take away."""
        return self._cursor.sign

    @property
    def cursor_colour(self) -> str:
        """What the tool is drawn in; empty for white."""
        return self._cursor.colour

    @property
    def cursor_centre(self) -> QPointF | None:
        """Where the tool is drawn, in voxels; None while it is not."""
        return self._cursor.centre

    def show_trace(self, lines: tuple[TraceLine, ...]) -> None:
        """Show the lines of a tool in use, in voxels; none hides them."""
        self._trace.set_lines(lines)

    def lay_correction(self, picture: Picture, display: Display, painted: Box | None) -> None:
        """Lay the correction of another view over this one while there is a tool to change it."""
        if self._correction is None:
            self._correction = OverlayItem(self._colours)
            self._correction.setVisible(self._tool not in UNPAINTED)
            self.add_item(self._correction)
        self._correction.set_picture(picture, correction_alone(display), painted)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        super().set_look(theme, overlays)
        self._colours = overlays
        if self._correction is not None:
            self._correction.set_colours(overlays)

    def show_region(self, plane: NDArray[np.bool_] | None, colour: str = "#ffffff") -> None:
        """Mark voxels (Y, X) that a tool is about to change; None marks nothing."""
        self._region.show_plane(plane, colour)

    def show_clicks(self, picture: ClickPicture | None) -> None:
        """Show what guided clicks would change; None shows nothing."""
        self._clicks.show_picture(picture)

    @property
    def clicks(self) -> ClickPicture | None:
        """What is shown of guided clicks."""
        return self._clicks.picture

    @property
    def marks_region(self) -> bool:
        """True while voxels are marked."""
        return self._region.shown

    @property
    def trace(self) -> tuple[TraceLine, ...]:
        """The lines of the tool in use."""
        return self._trace.lines

    def viewportEvent(self, event: QEvent) -> bool:
        return self._fingers.take(event) or bool(super().viewportEvent(event))

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        if pans(event):
            moved = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta()
            self.pan_by(moved.y(), moved.x())  # Qt has turned them about: Alt is held
        elif event.modifiers() & _SHIFT and self._tool in ROUND:
            self.brush_resized.emit(1 if delta > 0 else -1)
        elif event.modifiers() & _CTRL:
            self.zoom_by(_ZOOM_PER_STEP ** (delta / NOTCH), self.voxel_at(event.position()))
        else:
            notches = self._wheel.turn(delta)
            if notches:
                self.slice_stepped.emit(-notches)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() not in (_LEFT, _RIGHT, _MIDDLE):
            event.ignore()  # back and forward mean nothing here
            return
        if event.button() == _LEFT and event.modifiers() & _ALT and self._picture is not None:
            at = self.voxel_at(event.position())
            self.hovered.emit(at)
            self.picked.emit(at)
            event.accept()
            return
        self.press_at(_contact(event))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._end_what_was_let_go(event)
        self.move_to(_contact(event))
        if event.modifiers() & _SHIFT and self._pressed is None and self._picture is not None:
            self.pointed.emit(self.voxel_at(event.position()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.release_at(_contact(event))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second press is one more press; a polygon is closed by it, and a view enlarged.

        That is while nothing is in hand that draws.
        """
        role = self._role(event.button())
        if self._tool == "lasso" and self._draws(role):
            self._touch("double", self.voxel_at(event.position()))
            event.accept()
        elif self._tool in VIEWING and role == _LEFT:
            self.enlarge_asked.emit()
            event.accept()
        else:
            self.mousePressEvent(event)

    def press_at(self, contact: Contact) -> None:
        """Begin what the button means; another one that is already down goes on alone."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._pressed is not None:
            return
        self.entered.emit()
        self._pressed, self._drag = contact.button, self._role(contact.button)
        self._last = self._dragged_to = self._pressed_at = contact.at
        self._anchor = self.voxel_at(contact.at)
        if self._draws(self._drag) or self._takes_hold(self._drag):
            other = contact.ctrl or self._drag == _RIGHT
            self._drawing = Touch(
                "press", self._anchor.x(), self._anchor.y(), other, contact.eraser, contact.pressure
            )
            self._show_cursor(self._anchor)
            self._touch("press", self._anchor)
        elif self._pans(self._drag):
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def move_to(self, contact: Contact) -> None:
        """Go on with what was begun, or only say what lies there."""
        self._last, self._held = contact.at, contact.ctrl
        at = self.voxel_at(contact.at)
        self._show_cursor(at)
        if self._drawing is not None:
            self._drawing = replace(self._drawing, pressure=contact.pressure)
            self._touch("move", at)
            self.hovered.emit(at)
        elif self._drag is None or self._picture is None:
            self.hovered.emit(at)
        elif not self._soon.isActive():
            self._go_on()
            self._soon.start()

    def release_at(self, contact: Contact) -> None:
        """End what the button that came up had begun."""
        if contact.button != self._pressed:
            return
        if self._drawing is not None:
            at = self.voxel_at(contact.at)
            self._touch("release", at)
            self._drawing = None
            self._show_cursor(at)
        else:
            self._last = contact.at
            self._go_on()
            moved = contact.at - self._pressed_at
            still = max(abs(moved.x()), abs(moved.y())) <= _STILL
            if still and self._drag == _LEFT and self._picture is not None:
                self.pointed.emit(self.voxel_at(contact.at))
        self._soon.stop()
        self._drag = self._pressed = None
        if self._tool in VIEWING:
            self.set_tool(self._tool)

    def cancel_touch(self) -> None:
        """Drop what a finger or pen has begun."""
        if self._drawing is not None:
            self._touch("cancel", self._anchor)
        self._drawing = self._drag = self._pressed = None
        self._soon.stop()

    def pan_by(self, right: float, down: float) -> None:
        """Move the image by pixels of the screen."""
        self._pan(QPointF(right, down))

    def zoom_at(self, factor: float, at: QPointF) -> None:
        """Enlarge by `factor` around a point of this widget."""
        self.zoom_by(factor, self.voxel_at(at))

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)
        self._show_cursor(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Keys belong to the window's commands; the scroll area below would swallow arrows.
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        self._hold(event, held=True)
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._hold(event, held=False)
        event.ignore()

    def _end_what_was_let_go(self, event: QMouseEvent) -> None:
        """End a drag whose release went elsewhere, as to a menu that opened meanwhile."""
        if self._pressed is not None and not event.buttons() & self._pressed:
            self.release_at(replace(_contact(event), button=self._pressed))

    def _go_on(self) -> None:
        """Zoom, pan or set the range by what the pointer has moved since the last time."""
        moved, self._dragged_to = self._last - self._dragged_to, self._last
        if self._drag is None or self._drawing is not None or self._picture is None:
            return
        if moved.isNull():
            return
        if self._drag == _RIGHT:
            self.zoom_by(_ZOOM_PER_PIXEL ** -moved.y(), self._anchor)
        elif self._pans(self._drag):
            self._pan(moved)
        else:
            self.window_level_dragged.emit(moved.x(), -moved.y())

    def _hold(self, event: QKeyEvent, *, held: bool) -> None:
        """Show at once that a press with Ctrl does the opposite."""
        if event.key() == Qt.Key.Key_Control and self._drawing is None:
            self._held = held
            self._show_cursor(self._cursor.centre)

    def _role(self, button: Qt.MouseButton) -> Qt.MouseButton:
        """Return which button this one stands for."""
        return _SWAPPED.get(button, button) if self._swapped else button

    def _draws(self, button: Qt.MouseButton) -> bool:
        drawing = button == _LEFT or (button == _RIGHT and self._tool not in MEASURING)
        return drawing and self._tool not in VIEWING and self._picture is not None

    def _takes_hold(self, button: Qt.MouseButton) -> bool:
        looking = button == _LEFT and self._tool in VIEWING and self._picture is not None
        return looking and self.grabs(self._anchor)

    def _touch(self, kind: TouchKind, at: QPointF) -> None:
        begun = self._drawing or Touch(kind, at.x(), at.y())
        self.touched.emit(replace(begun, kind=kind, x=at.x(), y=at.y()))

    def _show_cursor(self, at: QPointF | None) -> None:
        drawing = self._drawing
        other = self._held if drawing is None else drawing.other
        sign = _OPPOSITE[self._sign] if other else self._sign
        if drawing is not None and drawing.eraser:
            sign = "−"
        radius, high = (self._radius, self._high) if self._tool in ROUND else (0.0, 0.0)
        colour = self._colour if sign == "+" else ""
        shown = None if self._tool in UNPAINTED else at
        self._cursor.place(shown, radius, sign, high=high, colour=colour)

    def _pointer_voxel(self) -> QPointF | None:
        """Return where the pointer is, also before it has moved here."""
        here = QPointF(self.mapFromGlobal(QCursor.pos()))
        return self.voxel_at(here) if self.underMouse() else None

    def _pans(self, button: Qt.MouseButton) -> bool:
        return button == _MIDDLE or (button == _LEFT and self._tool == "pan")


def _contact(event: QMouseEvent) -> Contact:
    return Contact(event.position(), event.button(), bool(event.modifiers() & _CTRL))

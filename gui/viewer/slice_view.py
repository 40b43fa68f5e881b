"""The slice view: a picture with a pointer that speaks in voxels."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui.viewer.picture_view import PictureView
from gui.viewer.tool_items import BrushCursor, Sign, Trace
from gui.viewer.touch import ROUND, VIEWING, Tool, Touch, TouchKind

_WHEEL_STEP = 120
_ZOOM_PER_PIXEL = 1.008
_ZOOM_PER_STEP = 1.25
_OPPOSITE: dict[Sign, Sign] = {"+": "−", "−": "+", "": ""}


class SliceView(PictureView):
    """Asks for slices, ranges, read-outs and strokes by signals, in voxels (x, y) of the slice."""

    slice_stepped = Signal(int)
    window_level_dragged = Signal(float, float)
    hovered = Signal(object)
    touched = Signal(object)
    brush_resized = Signal(int)
    escaped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("SliceView")
        self.setAccessibleName("Slice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._cursor, self._trace = BrushCursor(), Trace()
        for item in (self._trace, self._cursor):
            self.add_item(item)
        self._tool: Tool = "pan"
        self._radius = 6.0
        self._sign: Sign = "+"
        self._drawing_other: bool | None = None
        self._held = False
        self._wheel = 0
        self._drag: Qt.MouseButton | None = None
        self._last = QPoint()
        self._anchor = QPointF()

    def set_tool(self, tool: Tool) -> None:
        """Choose what a press and a drag with the left button do."""
        self._tool = tool
        self._show_cursor(None)
        shape = Qt.CursorShape
        shapes = {"pan": shape.OpenHandCursor, "window": shape.SizeAllCursor}
        drawn = shape.BlankCursor if tool in ROUND else shape.CrossCursor
        self.setCursor(shapes.get(tool, drawn))

    def set_brush(self, radius: float, sign: Sign) -> None:
        """Say how large the round tools are, in voxels, and what their press does."""
        self._radius, self._sign = radius, sign
        self._show_cursor(self._pointer_voxel())

    @property
    def sign(self) -> Sign:
        """What the cursor says a press will do: add or take away."""
        return self._cursor.sign

    def show_trace(self, lines: tuple[tuple[tuple[QPointF, ...], str], ...]) -> None:
        """Show the lines of a tool in use, in voxels with a colour each; none hides them."""
        self._trace.set_lines(lines)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._tool in ROUND:
            self.brush_resized.emit(1 if delta > 0 else -1)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(_ZOOM_PER_STEP ** (delta / _WHEEL_STEP), self.voxel_at(event.position()))
        else:
            self._wheel -= delta
            steps = int(self._wheel / _WHEEL_STEP)
            if steps:
                self._wheel -= steps * _WHEEL_STEP
                self.slice_stepped.emit(steps)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._drag, self._last = event.button(), event.position().toPoint()
        self._anchor = self.voxel_at(event.position())
        if self._draws(event.button()) and self._drawing_other is None:
            held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            self._drawing_other = bool(held) or event.button() == Qt.MouseButton.RightButton
            self._show_cursor(self._anchor)
            self._touch("press", self._anchor)
        elif self._pans(event.button()):
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position().toPoint()
        step, self._last = here - self._last, here
        self._held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        at = self.voxel_at(event.position())
        self._show_cursor(at)
        if self._drawing_other is not None:
            self._touch("move", at)
            self.hovered.emit(at)
        elif self._drag is None or self._picture is None:
            self.hovered.emit(at)
        elif self._drag == Qt.MouseButton.RightButton:
            self.zoom_by(_ZOOM_PER_PIXEL ** -step.y(), self._anchor)
        elif self._pans(self._drag):
            self._pan(step)
        else:
            self.window_level_dragged.emit(float(step.x()), float(-step.y()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drawing_other is not None:
            at = self.voxel_at(event.position())
            self._touch("release", at)
            self._drawing_other = None
            self._show_cursor(at)
        self._drag = None
        if self._tool in VIEWING:
            self.set_tool(self._tool)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._draws(event.button()):
            self._touch("double", self.voxel_at(event.position()))
        event.accept()

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

    def _hold(self, event: QKeyEvent, *, held: bool) -> None:
        """Show at once that a press with Ctrl does the opposite."""
        if event.key() == Qt.Key.Key_Control and self._drawing_other is None:
            self._held = held
            self._show_cursor(self._cursor.centre)

    def _draws(self, button: Qt.MouseButton) -> bool:
        paint_tools = button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        return paint_tools and self._tool not in VIEWING and self._picture is not None

    def _touch(self, kind: TouchKind, at: QPointF) -> None:
        self.touched.emit(Touch(kind, at.x(), at.y(), bool(self._drawing_other)))

    def _show_cursor(self, at: QPointF | None) -> None:
        other = self._held if self._drawing_other is None else self._drawing_other
        sign = _OPPOSITE[self._sign] if other else self._sign
        radius = self._radius if self._tool in ROUND else 0.0
        self._cursor.place(None if self._tool in VIEWING else at, radius, sign)

    def _pointer_voxel(self) -> QPointF | None:
        return self.voxel_at(QPointF(self._last)) if self.underMouse() else None

    def _pans(self, button: Qt.MouseButton) -> bool:
        middle = button == Qt.MouseButton.MiddleButton
        return middle or (button == Qt.MouseButton.LeftButton and self._tool == "pan")

"""The slice view: one image item, one overlay item, and a pointer that speaks in voxels."""

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from core.components import Box
from gui.canvas.hud import make_corners
from gui.canvas.overlay_item import OverlayItem
from gui.canvas.picture import Picture
from gui.canvas.tool_items import BrushCursor, Marker, Sign, Trace
from gui.canvas.touch import ROUND, VIEWING, Tool, Touch, TouchKind
from gui.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.view_state import Display

_WHEEL_STEP = 120
_ZOOM_PER_PIXEL = 1.008
_ZOOM_PER_STEP = 1.25
_FIT_MARGIN = 0.02
_LARGEST_ZOOM = 64.0
_POINTER_PIXELS = 5.0


class SliceView(pg.GraphicsView):  # type: ignore[misc]
    """Shows a `Display`; asks for slices, ranges and read-outs by signals.

    Voxel coordinates are (x, y) of the slice shown, from the top left of the image.
    """

    slice_stepped = Signal(int)
    window_level_dragged = Signal(float, float)
    hovered = Signal(object)
    touched = Signal(object)
    brush_resized = Signal(int)
    escaped = Signal()
    moved = Signal(QPointF, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=DARK.canvas)
        self.setObjectName("SliceView")
        self.setAccessibleName("Slice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._box = pg.ViewBox(
            enableMouse=False, enableMenu=False, lockAspect=True, invertY=True, defaultPadding=0
        )
        self.setCentralItem(self._box)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._overlay = OverlayItem(DEFAULT_OVERLAYS)
        self._box.addItem(self._image, ignoreBounds=True)
        self._cursor, self._trace, self._marker = BrushCursor(), Trace(), Marker()
        self._pointer_mark = BrushCursor()
        self._accent = DARK.acc
        for item in (self._overlay, self._marker, self._trace, self._cursor, self._pointer_mark):
            self._box.addItem(item, ignoreBounds=True)
        self._hud = make_corners(self)
        self._display: Display | None = None
        self._picture: Picture | None = None
        self._tool: Tool = "pan"
        self._radius = 6.0
        self._sign: Sign = "+"
        self._drawing_other: bool | None = None
        self._fitted, self._following = True, False
        self._wheel = 0
        self._drag: Qt.MouseButton | None = None
        self._last = QPoint()
        self._anchor = QPointF()
        self._box.sigRangeChanged.connect(self._on_range_changed)

    def add_item(self, item: pg.GraphicsObject) -> None:
        """Draw one more item over the slice, in voxels."""
        self._box.addItem(item, ignoreBounds=True)

    def show_display(self, display: Display, picture: Picture, painted: Box | None = None) -> None:
        """Draw `picture` as `display` says; only `painted` is drawn anew when it is known."""
        other = self._display is None or self._display.head != display.head
        if self._picture is None or picture.image is not self._picture.image:
            levels = None if picture.image.ndim == 3 else display.limits
            self._image.setImage(picture.image, autoLevels=False, levels=levels or (0, 255))
            height, width = picture.shape
            self._image.setRect(QRectF(0, 0, width, height))
        elif self._display is None or display.limits != self._display.limits:
            self._image.setLevels(display.limits or (0, 255))
        if self._display is None or display.smooth != self._display.smooth:
            self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, display.smooth)
        self._picture, self._display = picture, display
        self._image.setVisible(not display.unreadable)
        self._overlay.set_picture(picture, display, painted)
        for corner in ("top_left", "top_right"):
            self._hud[corner].set_lines(getattr(display, corner))
        if other:
            self.fit()
        self._show_zoom()

    def clear_picture(self) -> None:
        """Show nothing."""
        self._picture = self._display = None
        self._image.clear()
        self._overlay.set_picture(None, None)
        for corner in self._hud.values():
            corner.set_lines(())
        self.viewport().update()

    def set_readout(self, lines: tuple[str, ...]) -> None:
        """Say what lies under the pointer, in the bottom right corner."""
        self._hud["bottom_right"].set_lines(lines)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        self.setBackground(theme.canvas)
        self._overlay.set_colours(overlays)

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
        self._cursor.place(self._pointer_voxel() if self._tool in ROUND else None, radius, sign)

    def show_trace(self, lines: tuple[tuple[tuple[QPointF, ...], str], ...]) -> None:
        """Show the lines of a tool in use, in voxels with a colour each; none hides them."""
        self._trace.set_lines(lines)

    def hud_text(self, corner: str) -> str:
        """Return what a corner says: `top_left`, `top_right`, `bottom_left`, `bottom_right`."""
        return self._hud[corner].text

    @property
    def centre(self) -> QPointF:
        """The voxel in the middle."""
        return QPointF(self._box.viewRect().center())

    @property
    def zoom(self) -> float:
        """Screen pixels of one voxel."""
        width = float(self._box.viewRect().width())
        return float(self._box.width()) / width if width else 1.0

    def fit(self) -> None:
        """Show the whole head, or the whole slice where the head is not known."""
        if self._picture is None or self._display is None:
            return
        height, width = self._picture.shape
        y0, y1, x0, x1 = self._display.head or (0, height, 0, width)
        area = QRectF(x0, y0, x1 - x0, y1 - y0)
        self._box.setRange(area, padding=_FIT_MARGIN, disableAutoRange=True)
        self._fitted = True
        self._show_zoom()

    def follow(self, centre: QPointF, zoom: float) -> None:
        """Show a voxel in the middle, as large as another view does; says nothing of it."""
        width, height = self._box.width() / zoom, self._box.height() / zoom
        area = QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)
        self._following = True
        self._box.setRange(area, padding=0, disableAutoRange=True)
        self._following = self._fitted = False
        self._show_zoom()

    def point_at(self, at: QPointF | None) -> None:
        """Show where the pointer is in another view."""
        self._pointer_mark.place(at, _POINTER_PIXELS / self.zoom, "")

    def centre_on(self, x: float, y: float) -> None:
        """Bring a voxel into the middle of the view, as large as it is shown now."""
        middle = self._box.viewRect().center()
        self._box.translateBy(x=x - middle.x(), y=y - middle.y())
        self._fitted = False

    def mark(self, box: tuple[int, int, int, int] | None, text: str) -> None:
        """Put corners around (y0, y1, x0, x1) in voxels, with a text; None takes them away."""
        self._marker.place(box, text, self._accent)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge by `factor` around a voxel, by default the middle of the view."""
        factor = min(factor, _LARGEST_ZOOM / self.zoom)
        centre = at if at is not None else self._box.viewRect().center()
        self._box.scaleBy((1 / factor, 1 / factor), center=centre)
        self._fitted = False
        self._show_zoom()

    def voxel_at(self, position: QPointF) -> QPointF:
        """Return the voxel coordinates (x, y) of a point of this widget."""
        scene = self.mapToScene(position.toPoint())
        return QPointF(self._box.mapSceneToView(scene))

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
            self._touch("press", event)
        elif self._pans(event.button()):
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position().toPoint()
        step, self._last = here - self._last, here
        self._show_cursor(self.voxel_at(event.position()))
        if self._drawing_other is not None:
            self._touch("move", event)
            self.hovered.emit(self.voxel_at(event.position()))
        elif self._drag is None or self._picture is None:
            self.hovered.emit(self.voxel_at(event.position()))
        elif self._drag == Qt.MouseButton.RightButton:
            self.zoom_by(_ZOOM_PER_PIXEL ** -step.y(), self._anchor)
        elif self._pans(self._drag):
            self._pan(step)
        else:
            self.window_level_dragged.emit(float(step.x()), float(-step.y()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drawing_other is not None:
            self._touch("release", event)
            self._drawing_other = None
        self._drag = None
        if self._tool in VIEWING:
            self.set_tool(self._tool)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._draws(event.button()):
            self._touch("double", event)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)
        self._show_cursor(None)
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for corner in getattr(self, "_hud", {}).values():
            corner.place()
        if getattr(self, "_fitted", False):
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Keys belong to the window's commands; the scroll area below would swallow arrows.
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        event.ignore()

    def _on_range_changed(self) -> None:
        if not self._following:
            self.moved.emit(self._box.viewRect().center(), self.zoom)

    def _show_zoom(self) -> None:
        """Say how much is enlarged, between the lines of the bottom left corner."""
        if self._display is not None:
            lines = self._display.bottom_left
            self._hud["bottom_left"].set_lines((*lines[:-1], f"Zoom {self.zoom:.1f}×", *lines[-1:]))

    def _draws(self, button: Qt.MouseButton) -> bool:
        drawing = button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        return drawing and self._tool not in VIEWING and self._picture is not None

    def _touch(self, kind: TouchKind, event: QMouseEvent) -> None:
        at = self.voxel_at(event.position())
        self.touched.emit(Touch(kind, at.x(), at.y(), bool(self._drawing_other)))

    def _show_cursor(self, at: QPointF | None) -> None:
        self._cursor.place(at if self._tool in ROUND else None, self._radius, self._sign)

    def _pointer_voxel(self) -> QPointF | None:
        return self.voxel_at(QPointF(self._last)) if self.underMouse() else None

    def _pans(self, button: Qt.MouseButton) -> bool:
        middle = button == Qt.MouseButton.MiddleButton
        return middle or (button == Qt.MouseButton.LeftButton and self._tool == "pan")

    def _pan(self, step: QPoint) -> None:
        self._box.translateBy(x=-step.x() / self.zoom, y=-step.y() / self.zoom)
        self._fitted = False

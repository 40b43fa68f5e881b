"""The slice view: one image item, one overlay item, and a pointer that speaks in voxels."""

from typing import Literal

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui.canvas.hud import HudCorner
from gui.canvas.overlay_item import OverlayItem
from gui.canvas.picture import Picture
from gui.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.view_state import Display

Tool = Literal["pan", "window"]

_WHEEL_STEP = 120
_ZOOM_PER_PIXEL = 1.008
_ZOOM_PER_STEP = 1.25
_FIT_MARGIN = 0.02
_LARGEST_ZOOM = 64.0


class SliceView(pg.GraphicsView):  # type: ignore[misc]
    """Shows a `Display`; asks for slices, ranges and read-outs by signals.

    Voxel coordinates are (x, y) of the slice shown, from the top left of the image.
    """

    slice_stepped = Signal(int)
    window_level_dragged = Signal(float, float)
    hovered = Signal(object)

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
        self._box.addItem(self._overlay, ignoreBounds=True)
        corner = Qt.Corner
        self._hud = {
            "top_left": HudCorner(self, corner.TopLeftCorner),
            "top_right": HudCorner(self, corner.TopRightCorner),
            "bottom_left": HudCorner(self, corner.BottomLeftCorner, bold=None),
            "bottom_right": HudCorner(self, corner.BottomRightCorner, bold=1),
        }
        self._display: Display | None = None
        self._picture: Picture | None = None
        self._tool: Tool = "pan"
        self._fitted = True
        self._wheel = 0
        self._drag: Qt.MouseButton | None = None
        self._last = QPoint()
        self._anchor = QPointF()

    def show_display(self, display: Display, picture: Picture) -> None:
        """Draw `picture` as `display` says; sets only what differs from the last call."""
        other = self._display is None or self._display.head != display.head
        if picture is not self._picture:
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
        self._overlay.set_picture(picture, display)
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

    def set_readout(self, lines: tuple[str, ...]) -> None:
        """Say what lies under the pointer, in the bottom right corner."""
        self._hud["bottom_right"].set_lines(lines)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        self.setBackground(theme.canvas)
        self._overlay.set_colours(overlays)

    def set_tool(self, tool: Tool) -> None:
        """Choose what a drag with the left button does."""
        self._tool = tool
        shape = Qt.CursorShape
        self.setCursor(shape.OpenHandCursor if tool == "pan" else shape.SizeAllCursor)

    def hud_text(self, corner: str) -> str:
        """Return what a corner says: `top_left`, `top_right`, `bottom_left`, `bottom_right`."""
        return self._hud[corner].text

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
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
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
        if self._pans(event.button()):
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position().toPoint()
        step, self._last = here - self._last, here
        if self._drag is None or self._picture is None:
            self.hovered.emit(self.voxel_at(event.position()))
        elif self._drag == Qt.MouseButton.RightButton:
            self.zoom_by(_ZOOM_PER_PIXEL ** -step.y(), self._anchor)
        elif self._pans(self._drag):
            self._pan(step)
        else:
            self.window_level_dragged.emit(float(step.x()), float(-step.y()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self.set_tool(self._tool)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for corner in getattr(self, "_hud", {}).values():
            corner.place()
        if getattr(self, "_fitted", False):
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Keys belong to the window's commands; the scroll area below would swallow arrows.
        event.ignore()

    def _show_zoom(self) -> None:
        """Say how much is enlarged, between the lines of the bottom left corner."""
        if self._display is not None:
            lines = self._display.bottom_left
            said = f"Zoom {self.zoom:.1f}×"
            self._hud["bottom_left"].set_lines((*lines[:-1], said, *lines[-1:]))

    def _pans(self, button: Qt.MouseButton) -> bool:
        middle = button == Qt.MouseButton.MiddleButton
        return middle or (button == Qt.MouseButton.LeftButton and self._tool == "pan")

    def _pan(self, step: QPoint) -> None:
        self._box.translateBy(x=-step.x() / self.zoom, y=-step.y() / self.zoom)
        self._fitted = False

"""The picture of a slice: an image, overlays, words in the corners, zoom and place."""

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from core.domain.components import Box
from core.domain.plane import Cut, Voxel
from gui.shell.view_state import Display
from gui.viewer.drawn.picture import Picture
from gui.viewer.drawn.screen import Screen
from gui.viewer.items.crosshair_item import CrosshairItem
from gui.viewer.items.overlay_item import OverlayItem, OverlayRaster, overlay_raster
from gui.viewer.items.tool_items import BrushCursor, Marker
from gui.viewer.slice.hud import SIDES, EdgeLetter, make_corners
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme

_FIT_MARGIN, _SMALL_MARGIN = 0.02, 0.08
_LARGEST_ZOOM = 64.0
_SMALLEST_SHARE = 0.25  # of the view that the whole slice takes
_POINTER_PIXELS = 5.0
_PLACED = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide)


class SliceImage(pg.ImageItem):  # type: ignore[misc]
    """An image in rows whose grey levels are looked up once, not at every drawing.

    Qt enlarges 32-bit pixels smoothly six times faster than those that name a colour in a table,
    which is what pyqtgraph hands it: 0.5 against 2.9 ms for 768 × 768 pixels. Unsmoothed it puts
    the edges of 32-bit pixels a point or two beside their place, so there the table stays.
    """

    def __init__(self) -> None:
        super().__init__(axisOrder="row-major")
        self._smooth = True

    def set_smooth(self, smooth: bool) -> None:
        """Say whether the pixels are drawn smoothly or as squares."""
        if smooth != self._smooth:
            self._smooth, self._renderRequired = smooth, True
            self.update()

    def render(self) -> None:
        """Turn the image into pixels of the screen."""
        image, levels = self.image, self.levels
        if not self._smooth:
            super().render()
        elif image is not None and image.dtype == np.uint8 and image.ndim == 2 and image.size:
            self.qimage = _grey(image, levels)
            self._renderRequired = self._unrenderable = False
        else:
            super().render()
            if not self._unrenderable:
                found: QImage = self.qimage
                self.qimage = found.convertToFormat(QImage.Format.Format_RGB32)


def _grey(image: NDArray[np.uint8], levels: tuple[float, float]) -> QImage:
    """Return a plane (Y, X) of 8 bits as pixels of the screen.

    As pyqtgraph does it, but for the table of colours, which it makes a call at a time.
    """
    low, high = (float(level) for level in levels)
    scale = 255.0 / (high - low or 1.0)
    table = pg.functions.rescaleData(np.arange(256), scale, low, dtype=np.uint8)
    colours = (table.astype(np.uint32) * 0x010101 | 0xFF000000).tolist()
    plane = np.ascontiguousarray(image)
    height, width = plane.shape
    found = QImage(plane.data, width, height, width, QImage.Format.Format_Indexed8)
    found.setColorTable(colours)
    return found.convertToFormat(QImage.Format.Format_RGB32)


class PictureView(pg.GraphicsView):  # type: ignore[misc]
    """Draws a `Display`; voxel coordinates are (x, y) from the top left of the image."""

    moved = Signal(QPointF, float)
    painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=DARK.canvas)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._box = pg.ViewBox(
            enableMouse=False, enableMenu=False, lockAspect=True, invertY=True, defaultPadding=0
        )
        self.setCentralItem(self._box)
        self._image = SliceImage()
        self._overlay = OverlayItem(DEFAULT_OVERLAYS)
        self._marker, self._pointer_mark = Marker(), BrushCursor()
        self._crosshair = CrosshairItem()
        self._accent = DARK.acc
        for item in (
            self._image,
            self._overlay,
            self._crosshair,
            self._marker,
            self._pointer_mark,
        ):
            self._box.addItem(item, ignoreBounds=True)
        self._frame: QColor | None = None
        self._frame_colour = DARK.accline
        self._hud = make_corners(self)
        self._edges = {side: EdgeLetter(self, side) for side in SIDES}
        self._display: Display | None = None
        self._picture: Picture | None = None
        self._fitted, self._following = True, False
        self._led: tuple[QPointF, float] | None = None
        self._aspect, self._mirrored = 1.0, False
        self.small = False
        self._box.sigRangeChanged.connect(self._on_range_changed)

    def add_item(self, item: pg.GraphicsObject, *, below: bool = False) -> None:
        """Draw one more item over the slice, in voxels; `below` the overlays."""
        self._box.addItem(item, ignoreBounds=True)
        if below:
            item.stackBefore(self._overlay)

    @property
    def drawn_for(self) -> Screen | None:
        """What the overlays were drawn for last, size and place of the view."""
        return self._overlay.screen

    def overlays_ahead(self, display: Display) -> Callable[[Picture, Screen], OverlayRaster]:
        """Return what draws overlays ahead as `display` has them, on any thread."""
        colours = self._overlay.colours
        return lambda picture, screen: overlay_raster(picture, display, colours, screen)

    def has_ahead(self, raster: OverlayRaster | None, display: Display) -> bool:
        """Tell whether overlays were drawn ahead for the screen, styles and colours as they are."""
        return raster is not None and self._overlay.fits(raster, display)

    def show_display(
        self,
        display: Display,
        picture: Picture,
        painted: Box | None = None,
        ahead: OverlayRaster | None = None,
    ) -> None:
        """Draw `picture` as `display` says; only `painted` is drawn anew when it is known.

        `ahead` is its overlays drawn ahead.
        """
        before = self._display
        other = before is None or before.head != display.head or before.shape != display.shape
        other |= before is not None and before.picture.plane != display.picture.plane
        other |= self._lie_as(display)
        if self._picture is None or picture.image is not self._picture.image:
            levels = None if picture.image.ndim == 3 else display.limits
            self._image.setImage(picture.image, autoLevels=False, levels=levels or (0, 255))
            height, width = picture.shape
            self._image.setRect(QRectF(0, 0, width, height))
        elif self._display is None or display.limits != self._display.limits:
            self._image.setLevels(display.limits or (0, 255))
        if self._display is None or display.smooth != self._display.smooth:
            self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, display.smooth)
            self._image.set_smooth(display.smooth)
        self._picture, self._display = picture, display
        self._image.setVisible(not display.unreadable)
        self._overlay.set_picture(picture, display, painted, ahead)
        for item in (self._marker, self._pointer_mark):
            item.setVisible(not display.hidden)
        self._crosshair.place(display.crosshair)
        for corner in ("top_left", "top_right"):
            self._hud[corner].set_lines(getattr(display, corner))
        for side, letter in zip(SIDES, display.edges or ("",) * len(SIDES), strict=True):
            self._edges[side].set_letter(letter)
        if other:
            self.fit()
        self._show_zoom()

    def clear_picture(self) -> None:
        """Show nothing."""
        self._picture = self._display = None
        self._crosshair.place(None)
        self._image.clear()
        self._overlay.set_picture(None, None)
        for corner in self._hud.values():
            corner.set_lines(())
        for edge in self._edges.values():
            edge.set_letter("")
        self.viewport().update()

    def set_readout(self, lines: tuple[str, ...], *, bold: int = 1) -> None:
        """Say what lies under the pointer, in the bottom right corner, one line in bold."""
        self._hud["bottom_right"].set_lines(lines, bold=bold)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        self.setBackground(theme.canvas)
        self._overlay.set_colours(overlays)
        self._crosshair.set_colour(theme.acc)
        self._frame_colour = theme.accline
        self.set_framed(self._frame is not None)

    def set_small(self, small: bool) -> None:
        """Be one of the small views, or a large one: words, margin, and gap of the crosshair."""
        self.small = small
        self._crosshair.set_small(small)
        for corner in self._hud.values():
            corner.set_small(small)

    def set_framed(self, framed: bool) -> None:
        """Draw a thin frame inside the edge, where the reader works in this view of several."""
        frame = QColor(self._frame_colour) if framed else None
        if frame != self._frame:
            self._frame = frame
            self.viewport().update()

    @property
    def framed(self) -> bool:
        """Whether it has the frame of the view the reader works in."""
        return self._frame is not None

    @property
    def cut(self) -> Cut | None:
        """The slice that is shown; None while there is none."""
        return None if self._display is None else self._display.picture.cut

    @property
    def crosshair(self) -> QPointF | None:
        """Where the crosshair is drawn, as (x, y) of the slice; None where it is not."""
        return self._crosshair.at

    def voxel_under(self, at: QPointF) -> Voxel | None:
        """Return the voxel of the volume at a point (x, y) of the slice; None beyond it."""
        return None if self._display is None else self._display.voxel(at.x(), at.y())

    def hud_text(self, corner: str) -> str:
        """Return what a corner says: `top_left`, `top_right`, `bottom_left`, `bottom_right`."""
        return self._hud[corner].text

    @property
    def edges(self) -> tuple[str, ...]:
        """The letters at the left, top, right and bottom edge; empty where none is shown."""
        return tuple(self._edges[side].letter for side in SIDES)

    def keep_clear(self, *cards: QWidget) -> None:
        """Let the letters at the edges stand beside these cards while they lie over them."""
        for card in cards:
            card.installEventFilter(self)
        for edge in self._edges.values():
            edge.keep_clear(cards)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _PLACED:
            for edge in self._edges.values():
                edge.place()
        return bool(super().eventFilter(watched, event))

    @property
    def centre(self) -> QPointF:
        """The voxel in the middle."""
        return QPointF(self._box.viewRect().center())

    @property
    def zoom(self) -> float:
        """Screen pixels of the width of one voxel."""
        width = float(self._box.viewRect().width())
        return float(self._box.width()) / width if width else 1.0

    @property
    def pixels_a_voxel(self) -> tuple[float, float]:
        """Screen pixels of the width and of the height of one voxel."""
        return self.zoom, self.zoom * self._aspect

    @property
    def _smallest_zoom(self) -> float:
        """The zoom at which the whole slice takes a small part of the view, and no less."""
        if self._picture is None:
            return 0.0
        height, width = self._picture.shape
        fitted = min(self._box.width() / width, self._box.height() / height)
        return _SMALLEST_SHARE * float(fitted)

    def fit(self) -> None:
        """Show the whole head, or the whole slice where the head is not known."""
        if self._picture is None or self._display is None:
            return
        height, width = self._picture.shape
        y0, y1, x0, x1 = self._display.head or (0, height, 0, width)
        area = QRectF(x0, y0, x1 - x0, y1 - y0)
        self._led = None
        margin = _SMALL_MARGIN if self.small else _FIT_MARGIN
        self._box.setRange(area, padding=margin, disableAutoRange=True)
        self._fitted = True
        self._show_zoom()

    def follow(self, centre: QPointF, zoom: float) -> None:
        """Show a voxel in the middle, as large as another view does; says nothing of it.

        That holds when the view gets another size, until it is moved by itself.
        """
        self._led = centre, zoom
        width, height = self._box.width() / zoom, self._box.height() / (zoom * self._aspect)
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

    def shows(self, box: tuple[int, int, int, int]) -> bool:
        """Whether (y0, y1, x0, x1) in voxels is in view, or as much of it as there is room for."""
        y0, y1, x0, x1 = box
        region, seen = QRectF(x0, y0, x1 - x0, y1 - y0), QRectF(self._box.viewRect())
        larger = region.width() > seen.width() or region.height() > seen.height()
        return seen.contains(region) or (larger and region.contains(seen.center()))

    def mark(self, box: tuple[int, int, int, int] | None, text: str) -> None:
        """Put corners around (y0, y1, x0, x1) in voxels, with a text; None takes them away."""
        self._marker.place(box, text, self._accent)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge by `factor` around a voxel, by default the middle of the view."""
        factor = min(factor, _LARGEST_ZOOM / self.zoom)
        factor = max(factor, min(self._smallest_zoom / self.zoom, 1.0))
        centre = at if at is not None else self._box.viewRect().center()
        self._box.scaleBy((1 / factor, 1 / factor), center=centre)
        self._fitted = False
        self._show_zoom()

    def voxel_at(self, position: QPointF) -> QPointF:
        """Return the voxel coordinates (x, y) of a point of this widget."""
        to_scene, _ = self.viewportTransform().inverted()
        return QPointF(self._box.mapSceneToView(to_scene.map(position)))

    def paintEvent(self, event: QPaintEvent) -> None:
        self._overlay.set_exposed(event.region())
        super().paintEvent(event)
        self._overlay.set_exposed(None)
        if self._frame is not None:
            painter = QPainter(self.viewport())
            painter.setPen(self._frame)
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
            painter.end()
        self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for words in (*getattr(self, "_hud", {}).values(), *getattr(self, "_edges", {}).values()):
            words.place()
        led: tuple[QPointF, float] | None = getattr(self, "_led", None)
        if led is not None:
            self.follow(*led)
        elif getattr(self, "_fitted", False):
            self.fit()

    def _on_range_changed(self) -> None:
        if not self._following:
            self._led = None
            self.moved.emit(self._box.viewRect().center(), self.zoom)

    def _show_zoom(self) -> None:
        """Say how much is enlarged, between the lines of the bottom left corner."""
        if self._display is not None:
            lines = self._display.bottom_left
            if self._display.zoom_said:
                said = f"Zoom {self.zoom:.{1 if self.zoom >= 1 else 2}f}×"
                lines = (*lines[:-1], said, *lines[-1:])
            self._hud["bottom_left"].set_lines(lines)

    def _lie_as(self, display: Display) -> bool:
        """Give voxels their true proportions and sides; return whether that changed the view."""
        before, now = (self._aspect, self._mirrored), (display.aspect, display.mirrored)
        if before == now:
            return False
        self._aspect, self._mirrored = now
        self._box.setAspectLocked(True, 1 / display.aspect)
        self._box.invertX(display.mirrored)
        return True

    def _pan(self, step: QPointF) -> None:
        x = step.x() if self._mirrored else -step.x()
        self._box.translateBy(x=x / self.zoom, y=-step.y() / (self.zoom * self._aspect))
        self._fitted = False

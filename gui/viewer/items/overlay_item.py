"""The overlays of a slice as one item of the scene: regions, hatching and outlines with a halo."""

from dataclasses import dataclass
from functools import lru_cache

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QRegion, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from core.domain.components import Box
from gui.shell.view_state import Display, LayerStyle
from gui.viewer.drawn.lines import Lines
from gui.viewer.drawn.picture import Picture
from gui.viewer.drawn.screen import Screen, blank_image, screen_of
from gui.widgets.palette import (
    CONTOUR_WIDTH,
    FALSE_NEGATIVE_ALPHA,
    FALSE_POSITIVE_ALPHA,
    HALO_ALPHA,
    HALO_WIDTH,
    HATCH_SPACING,
    Dash,
    OverlayColours,
)

_FILL_ALPHA = 0.35
_SMOOTHED_VOXELS, _OUTLINE_PIXELS = 5.0, 6.0
_PEN_REACH = 4.0
_BRUSHES = 16


@dataclass(frozen=True, eq=False)
class OverlayRaster:
    """Overlays drawn ahead: an image that is laid over the view, where all else is alike."""

    image: QImage
    picture: Picture
    styles: object
    colours: OverlayColours
    screen: Screen


class OverlayItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws the overlays of one picture; widths and hatching are in screen pixels."""

    def __init__(self, colours: OverlayColours) -> None:
        super().__init__()
        self.colours = colours
        self.screen: Screen | None = None
        self._picture: Picture | None = None
        self._display: Display | None = None
        self._exposed: QRegion | None = None
        self._raster: OverlayRaster | None = None

    def set_exposed(self, area: QRegion | None) -> None:
        """Draw only what shows in `area`, in pixels of the view, from now on; None: everything."""
        self._exposed = area

    def set_colours(self, colours: OverlayColours) -> None:
        """Draw in other colours from now on."""
        self.colours = colours
        self.update()

    def set_picture(
        self,
        picture: Picture | None,
        display: Display | None,
        painted: Box | None = None,
        ahead: OverlayRaster | None = None,
    ) -> None:
        """Draw another picture, or the same with other styles; `painted` is where it differs.

        `ahead` is it drawn ahead.
        """
        self._raster = ahead
        if picture is self._picture and _styles(display) == _styles(self._display):
            return
        if picture is not None and (self._picture is None or picture.shape != self._picture.shape):
            self.prepareGeometryChange()
        self._picture = picture
        self._display = display
        self.update(self.boundingRect() if painted is None else self._around(painted))

    def _around(self, box: Box) -> QRectF:
        """Return where outlines change with the voxels of `box`: they are smoothed, and wide."""
        _, _, y0, y1, x0, x1 = box
        edge = _SMOOTHED_VOXELS + _OUTLINE_PIXELS / max(abs(self.sceneTransform().m11()), 0.01)
        return QRectF(x0, y0, x1 - x0, y1 - y0).adjusted(-edge, -edge, edge, edge)

    def boundingRect(self) -> QRectF:
        if self._picture is None:
            return QRectF()
        height, width = self._picture.shape
        return QRectF(0, 0, width, height)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        picture, display = self._picture, self._display
        if picture is None or display is None:
            return
        self.screen = screen_of(painter, widget)
        ahead = self._raster
        painter.save()
        painter.resetTransform()
        if ahead is not None and ahead.picture is picture and self.fits(ahead, display):
            painter.drawImage(QPointF(0, 0), ahead.image)
        else:
            look = _Look(display, self.colours, self.screen)
            _draw(painter, picture, look, self._exposed)
        painter.restore()

    def fits(self, ahead: OverlayRaster, display: Display) -> bool:
        """Tell whether what was drawn ahead looks as `display` would on the screen as it is."""
        same = ahead.screen == self.screen and ahead.colours == self.colours
        return same and ahead.styles == _styles(display)


@dataclass(frozen=True)
class _Look:
    """How overlays are drawn, and where."""

    display: Display
    colours: OverlayColours
    screen: Screen


def overlay_raster(
    picture: Picture, display: Display, colours: OverlayColours, screen: Screen
) -> OverlayRaster:
    """Return overlays drawn ahead for a screen, on any thread."""
    with blank_image(screen) as (image, painter):
        _draw(painter, picture, _Look(display, colours, screen), None)
    return OverlayRaster(image, picture, _styles(display), colours, screen)


def _draw(painter: QPainter, picture: Picture, look: _Look, exposed: QRegion | None) -> None:
    """Draw all overlays in pixels of the screen; of lines only what comes near `exposed`."""
    display, colours, to_screen = look.display, look.colours, look.screen.to_screen
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, display.smooth)
    if display.errors.visible:
        _paint_errors(painter, picture, look)
    for lines, style, colour, dash in (
        (picture.truth, display.truth, colours.truth, colours.truth_dash),
        (picture.prediction, display.prediction, colours.prediction, colours.prediction_dash),
        (picture.correction, display.correction, colours.correction, colours.correction_dash),
    ):
        if style.visible:
            painter.setOpacity(style.opacity)
            if style.filled:
                _fill(painter, lines.on_screen(to_screen), colour)
            else:
                _paint_outline(painter, _near(lines, to_screen, exposed, dash), colour, dash)
            painter.setOpacity(1.0)


def _near(
    lines: Lines, to_screen: QTransform, exposed: QRegion | None, dash: Dash
) -> tuple[QPainterPath, QPainterPath]:
    """Return what is drawn of a halo and of its line.

    Dashes are counted from where a line begins, so all of it.
    """
    if exposed is None:
        whole = lines.on_screen(to_screen)
        return whole, whole
    near = lines.near(exposed, to_screen, reach=_PEN_REACH)
    return near, lines.on_screen(to_screen) if dash else near


def _paint_outline(
    painter: QPainter, paths: tuple[QPainterPath, QPainterPath], colour: str, dash: Dash
) -> None:
    """Draw lines with their halo."""
    halo = QColor(0, 0, 0)
    halo.setAlphaF(HALO_ALPHA)
    painter.strokePath(paths[0], _pen(halo, CONTOUR_WIDTH + 2 * HALO_WIDTH, ()))
    painter.strokePath(paths[1], _pen(QColor(colour), CONTOUR_WIDTH, dash))


def _paint_errors(painter: QPainter, picture: Picture, look: _Look) -> None:
    display, to_screen = look.display, look.screen.to_screen
    style, colours = display.errors, look.colours
    painter.setOpacity(style.opacity)
    if display.false_negative and len(picture.false_negative.ends):
        path = picture.false_negative.on_screen(to_screen)
        _paint_region(painter, path, style, colours.false_negative)
    if display.false_positive and len(picture.false_positive.ends):
        path = picture.false_positive.on_screen(to_screen)
        hatch = hatch_brush(colours.false_positive, look.screen.ratio)
        _paint_region(painter, path, style, colours.false_positive, hatch)
    painter.setOpacity(1.0)


def _styles(display: Display | None) -> object:
    """Return all of a display that this item draws by."""
    return display and (
        display.truth,
        display.prediction,
        display.errors,
        display.correction,
        display.false_positive,
        display.false_negative,
        display.smooth,
    )


def _paint_region(
    painter: QPainter,
    path: QPainterPath,
    style: LayerStyle,
    colour: str,
    hatch: QBrush | None = None,
) -> None:
    if not style.filled:
        painter.strokePath(path, QPen(QColor(colour), CONTOUR_WIDTH))
        return
    tint = QColor(colour)
    tint.setAlphaF(FALSE_NEGATIVE_ALPHA if hatch is None else FALSE_POSITIVE_ALPHA)
    painter.fillPath(path, tint)
    if hatch is not None:
        painter.fillPath(path, hatch)


def _fill(painter: QPainter, path: QPainterPath, colour: str) -> None:
    tint = QColor(colour)
    tint.setAlphaF(_FILL_ALPHA)
    painter.fillPath(path, tint)


def _pen(colour: QColor, width: float, dash: Dash) -> QPen:
    pen = QPen(colour, width)
    # The lines bend at every voxel: round joints cost a fifth of the drawing, and show nothing.
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if dash else Qt.PenCapStyle.RoundCap)
    if dash:
        pen.setDashPattern([length / width for length in dash])
    return pen


@lru_cache(_BRUSHES)
def hatch_brush(colour: str, ratio: float) -> QBrush:
    """Return a brush of 45 degree lines, `HATCH_SPACING` pixels apart, sharp at any pixel ratio."""
    edge = round(HATCH_SPACING * ratio)
    # An image and not a pixmap: brushes are made on workers too.
    tile = QImage(edge, edge, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), 1.3 * ratio))
    for shift in (-edge, 0, edge):
        painter.drawLine(shift, edge, shift + edge, 0)
    painter.end()
    tile.setDevicePixelRatio(ratio)
    return QBrush(tile)

"""The labels of a slice as one item of the scene: flat fills under the contours, and what is wrong.

A fill has the colour and the opacity of its label; a label whose colour another has too is dotted.
"""

from dataclasses import dataclass
from functools import lru_cache

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from core.domain.label_set import Colour, Label, LabelSet
from gui.viewer.drawn.label_picture import LabelPicture
from gui.viewer.drawn.screen import Screen, blank_image, screen_of
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, HALO_ALPHA, HALO_WIDTH

_WIDTH, _SMALL_WIDTH = 1.25, 1.0
_DOT_SPACING, _DOT = 6.0, 1.6
_WRONG = DEFAULT_OVERLAYS.wrong_label  # the same in every palette
_WRONG_TINT = 0.12
_HATCH_SPACING, _HATCH_WIDTH = 7.0, 1.0
_BRUSHES = 64


@dataclass(frozen=True)
class LabelStyle:
    """How labels are drawn: `opacity` is that of their layer, labels in `hidden` are left out."""

    labels: LabelSet
    opacity: float = 1.0
    hidden: frozenset[int] = frozenset()
    wrong: bool = True
    smooth: bool = True
    small: bool = False


@dataclass(frozen=True, eq=False)
class LabelRaster:
    """Labels drawn ahead: an image that is laid over the view as it is, where all else is alike."""

    image: QImage
    picture: LabelPicture
    style: LabelStyle
    screen: Screen


class LabelItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws the labels of one picture; widths, dots and hatching are in screen pixels.

    Where they were drawn ahead for the very screen, their image is laid over it: contours of many
    labels take longer than a step through slices may.
    """

    def __init__(self) -> None:
        super().__init__()
        self._picture: LabelPicture | None = None
        self._style: LabelStyle | None = None
        self._raster: LabelRaster | None = None
        self.screen: Screen | None = None

    def set_picture(
        self,
        picture: LabelPicture | None,
        style: LabelStyle | None,
        raster: LabelRaster | None = None,
    ) -> None:
        """Draw another picture, or the same in another style; `raster` is it drawn ahead."""
        self._raster = raster
        if picture is self._picture and style == self._style:
            return
        shape = None if picture is None else picture.shape
        if shape != (None if self._picture is None else self._picture.shape):
            self.prepareGeometryChange()
        self._picture, self._style = picture, style
        self.update()

    @property
    def picture(self) -> LabelPicture | None:
        """What is drawn."""
        return self._picture

    @property
    def style(self) -> LabelStyle | None:
        """How it is drawn."""
        return self._style

    def boundingRect(self) -> QRectF:
        if self._picture is None:
            return QRectF()
        height, width = self._picture.shape
        return QRectF(0, 0, width, height)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        picture, style = self._picture, self._style
        if picture is None or style is None:
            return
        screen = self.screen = screen_of(painter, widget)
        painter.save()
        painter.resetTransform()
        ahead = self._raster
        if (
            ahead is not None
            and (ahead.picture, ahead.style) == (picture, style)
            and ahead.screen == screen
        ):
            painter.drawImage(QPointF(0, 0), ahead.image)
        else:
            draw_labels(painter, picture, style, screen)
        painter.restore()


def rasterised(picture: LabelPicture, style: LabelStyle, screen: Screen) -> LabelRaster:
    """Return labels drawn ahead for a screen, on any thread."""
    with blank_image(screen) as (image, painter):
        draw_labels(painter, picture, style, screen)
    return LabelRaster(image, picture, style, screen)


def draw_labels(
    painter: QPainter, picture: LabelPicture, style: LabelStyle, screen: Screen
) -> None:
    """Draw fills, contours and what is wrong, in pixels of the screen."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, style.smooth)
    known = {label.value: label for label in style.labels.labels}
    paths = [
        (known[value], lines.on_screen(screen.to_screen))
        for value, lines in picture.fills
        if value in known and value not in style.hidden
    ]
    painter.setOpacity(style.opacity)
    for label, path in paths:
        tint = QColor(*label.colour)
        tint.setAlphaF(label.opacity)
        painter.fillPath(path, tint)
        if label.value in style.labels.dotted:
            painter.fillPath(path, dots_brush(hex_of(label.colour), screen.ratio))
    _outline(painter, paths, _SMALL_WIDTH if style.small else _WIDTH, smooth=style.smooth)
    painter.setOpacity(1.0)
    if style.wrong and len(picture.wrong.ends):
        path = picture.wrong.on_screen(screen.to_screen)
        tint = QColor(_WRONG)
        tint.setAlphaF(_WRONG_TINT)
        painter.fillPath(path, tint)
        painter.fillPath(path, crossed_brush(_WRONG, screen.ratio))


def hex_of(colour: Colour) -> str:
    """Return a colour as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def ink_on(colour: Colour) -> str:
    """Return the colour of a digit that reads on a label's colour."""
    red, green, blue = colour
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return DARK.bg0 if light > 120 else DARK.onacc


@lru_cache(_BRUSHES)
def crossed_brush(colour: str, ratio: float = 1.0) -> QBrush:
    """Return a brush of lines that cross, by which a wrong label is told from other errors."""
    edge = round(_HATCH_SPACING * ratio)
    tile, painter = _tile(edge)
    painter.setPen(QPen(QColor(colour), _HATCH_WIDTH * ratio))
    for shift in (-edge, 0, edge):
        painter.drawLine(shift, edge, shift + edge, 0)
        painter.drawLine(shift, 0, shift + edge, edge)
    painter.end()
    tile.setDevicePixelRatio(ratio)
    return QBrush(tile)


@lru_cache(_BRUSHES)
def dots_brush(colour: str, ratio: float) -> QBrush:
    """Return a brush of dots, by which labels of one colour are told apart."""
    edge = round(_DOT_SPACING * ratio)
    tile, painter = _tile(edge)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(QPointF(edge / 2, edge / 2), _DOT * ratio / 2, _DOT * ratio / 2)
    painter.end()
    tile.setDevicePixelRatio(ratio)
    return QBrush(tile)


def _tile(edge: int) -> tuple[QImage, QPainter]:
    # An image and not a pixmap: brushes are made on workers too.
    tile = QImage(edge, edge, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return tile, painter


def _outline(
    painter: QPainter, paths: list[tuple[Label, QPainterPath]], width: float, *, smooth: bool
) -> None:
    halo = QColor(0, 0, 0)
    halo.setAlphaF(HALO_ALPHA)
    # Smoothed, the halos of eight labels take as long as all the rest, and look the same.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for _, path in paths:
        painter.strokePath(path, _pen(halo, width + 2 * HALO_WIDTH))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
    for label, path in paths:
        painter.strokePath(path, _pen(QColor(*label.colour), width))


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    return pen

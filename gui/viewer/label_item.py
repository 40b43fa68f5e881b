"""The labels of a slice as one item of the scene: flat fills under the contours, and what is wrong.

A fill has the colour and the opacity of its label; a label whose colour another has too is dotted.
"""

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from core.domain.label_set import Colour, Label, LabelSet
from gui.viewer.label_picture import LabelPicture
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, HALO_ALPHA, HALO_WIDTH

_WIDTH, _SMALL_WIDTH = 1.25, 1.0
_DOT_SPACING, _DOT = 6.0, 1.6
_WRONG = DEFAULT_OVERLAYS.wrong_label  # the same in every palette
_WRONG_TINT = 0.12
_HATCH_SPACING, _HATCH_WIDTH = 7.0, 1.0


@dataclass(frozen=True)
class LabelStyle:
    """How labels are drawn: `opacity` is that of their layer, labels in `hidden` are left out."""

    labels: LabelSet
    opacity: float = 1.0
    hidden: frozenset[int] = frozenset()
    wrong: bool = True
    smooth: bool = True
    small: bool = False


class LabelItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws the labels of one picture; widths, dots and hatching are in screen pixels."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: LabelPicture | None = None
        self._style: LabelStyle | None = None
        self._brushes: dict[tuple[str, float], QBrush] = {}

    def set_picture(self, picture: LabelPicture | None, style: LabelStyle | None) -> None:
        """Draw another picture, or the same in another style."""
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
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, style.smooth)
        ratio = painter.device().devicePixelRatioF()
        known = {label.value: label for label in style.labels.labels}
        paths = [
            (known[value], lines.on_screen(to_screen))
            for value, lines in picture.fills
            if value in known and value not in style.hidden
        ]
        painter.setOpacity(style.opacity)
        for label, path in paths:
            self._fill(painter, path, label, ratio)
        _outline(painter, paths, _SMALL_WIDTH if style.small else _WIDTH, smooth=style.smooth)
        painter.setOpacity(1.0)
        if style.wrong and len(picture.wrong.ends):
            path = picture.wrong.on_screen(to_screen)
            tint = QColor(_WRONG)
            tint.setAlphaF(_WRONG_TINT)
            painter.fillPath(path, tint)
            painter.fillPath(path, self._brush(_WRONG, ratio, crossed=True))
        painter.restore()

    def _fill(self, painter: QPainter, path: QPainterPath, label: Label, ratio: float) -> None:
        assert self._style is not None
        tint = QColor(*label.colour)
        tint.setAlphaF(label.opacity)
        painter.fillPath(path, tint)
        if label.value in self._style.labels.dotted:
            painter.fillPath(path, self._brush(hex_of(label.colour), ratio, crossed=False))

    def _brush(self, colour: str, ratio: float, *, crossed: bool) -> QBrush:
        """Return a brush for a colour and pixel ratio, made when either is another."""
        key = (f"{colour} {crossed}", ratio)
        if key not in self._brushes:
            self._brushes[key] = (
                crossed_brush(colour, ratio) if crossed else dots_brush(colour, ratio)
            )
        return self._brushes[key]


def hex_of(colour: Colour) -> str:
    """Return a colour as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def ink_on(colour: Colour) -> str:
    """Return the colour of a digit that reads on a label's colour."""
    red, green, blue = colour
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return DARK.bg0 if light > 120 else DARK.onacc


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


def _tile(edge: int) -> tuple[QPixmap, QPainter]:
    tile = QPixmap(edge, edge)
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

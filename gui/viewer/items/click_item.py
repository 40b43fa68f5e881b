"""What guided clicks would change on the slice: what is added and taken away, and the clicks."""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from core.domain.mask import BoolMask
from gui.viewer.drawn.lines import Lines, make_lines
from gui.widgets.palette import HALO_ALPHA
from gui.widgets.theme import app_font

ADDED, TAKEN = "#46D483", "#FF6363"
_ADDED_ALPHA, _TAKEN_ALPHA, _POINTED_ALPHA = 0.34, 0.22, 0.22
_AFTER_WIDTH, _HALO, _THIN = 2.0, 1.0, 1.2
_CIRCLE, _SQUARE, _ARM, _RING = 15.0, 14.0, 3.5, 21.0
_BESIDE = QPointF(11, -9)
_DASH = (3.0, 2.5)
_FAR = QRectF(-1e5, -1e5, 2e5, 2e5)


@dataclass(frozen=True)
class ClickSign:
    """A click at (x, y) in voxels, with its number; the newest has a ring."""

    x: float
    y: float
    adds: bool
    number: int
    newest: bool = False


@dataclass(frozen=True, eq=False)
class ClickPicture:
    """What lies over one slice: the mask (Y, X) before and after, and where clicks were made.

    `pointed` is what a click under the pointer would change, and `pointed_adds` how. `trace` is a
    drag in the making, in voxels.
    """

    before: BoolMask
    after: BoolMask
    signs: tuple[ClickSign, ...] = ()
    pointed: BoolMask | None = None
    pointed_adds: bool = True
    trace: tuple[QPointF, ...] = ()
    trace_adds: bool = True


@dataclass(frozen=True, eq=False)
class ClickLines:
    """The outlines of a mask before and after clicks, and of what they add and take away."""

    before: Lines
    after: Lines
    added: Lines
    taken: Lines
    near: Lines

    def paint(self, painter: QPainter, to_screen: QTransform, width: float = _AFTER_WIDTH) -> None:
        """Tint what changes and draw the outline after, where it leaves that before."""
        painter.fillPath(self.added.on_screen(to_screen), _tint(ADDED, _ADDED_ALPHA))
        taken = self.taken.on_screen(to_screen)
        painter.fillPath(taken, _tint(TAKEN, _TAKEN_ALPHA))
        painter.fillPath(taken, QBrush(QColor(TAKEN), Qt.BrushStyle.FDiagPattern))
        painter.strokePath(taken, QPen(QColor(TAKEN), width * _THIN / _AFTER_WIDTH))
        painter.save()
        painter.setClipPath(self.near.on_screen(to_screen))
        path = self.after.on_screen(to_screen)
        halo = QColor(0, 0, 0)
        halo.setAlphaF(HALO_ALPHA)
        painter.strokePath(path, QPen(halo, width + 2 * _HALO))
        painter.strokePath(path, QPen(QColor("#ffffff"), width))
        painter.restore()


def click_lines(before: BoolMask, after: BoolMask) -> ClickLines:
    """Return the outlines of a slice (Y, X) before and after clicks; on any thread."""
    added, taken = after & ~before, before & ~after
    changed = added | taken
    return ClickLines(
        _lines(before, exact=False),
        _lines(after, exact=False) if changed.any() else _lines(None),
        _lines(added),
        _lines(taken),
        _lines(_widened(changed)),
    )


class ClickItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws a `ClickPicture`; widths and signs are in pixels of the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: ClickPicture | None = None
        self._change: ClickLines | None = None
        self._pointed = _lines(None)
        self.setZValue(9)

    @property
    def picture(self) -> ClickPicture | None:
        """What is shown; None for nothing."""
        return self._picture

    def show_picture(self, picture: ClickPicture | None) -> None:
        """Show something else, or nothing."""
        if picture is None and self._picture is None:
            return
        self.prepareGeometryChange()
        self._picture = picture
        if picture is not None:
            self._change = click_lines(picture.before, picture.after)
            self._pointed = _lines(picture.pointed)
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF() if self._picture is None else _FAR

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        picture = self._picture
        if picture is None or self._change is None:
            return
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._change.paint(painter, to_screen)
        colour = ADDED if picture.pointed_adds else TAKEN
        pointed = self._pointed.on_screen(to_screen)
        painter.fillPath(pointed, _tint(colour, _POINTED_ALPHA))
        painter.strokePath(pointed, _dashed(colour, _THIN))
        _paint_trace(painter, [to_screen.map(at) for at in picture.trace], picture.trace_adds)
        for sign in picture.signs:
            _paint_sign(painter, to_screen.map(QPointF(sign.x, sign.y)), sign)
        painter.restore()


def _lines(region: BoolMask | None, *, exact: bool = True) -> Lines:
    plane = region.astype(np.uint8) if region is not None and region.any() else None
    return make_lines(plane, exact=exact)


def _widened(region: BoolMask) -> BoolMask:
    """Return a region with the voxels beside it."""
    wide = np.pad(region, 1)
    wide = wide[1:-1, 1:-1] | wide[2:, 1:-1] | wide[:-2, 1:-1] | wide[1:-1, 2:] | wide[1:-1, :-2]
    return np.asarray(wide)


def _tint(colour: str, alpha: float) -> QColor:
    tint = QColor(colour)
    tint.setAlphaF(alpha)
    return tint


def _dashed(colour: str, width: float) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setDashPattern([length / width for length in _DASH])
    return pen


def _paint_trace(painter: QPainter, points: list[QPointF], adds: bool) -> None:
    if len(points) > 1:
        path = QPainterPath()
        path.addPolygon(QPolygonF(points))
        painter.strokePath(path, QPen(QColor(ADDED if adds else TAKEN), _AFTER_WIDTH))


def _paint_sign(painter: QPainter, at: QPointF, sign: ClickSign) -> None:
    """Draw a circle with a plus or a square with a minus, and the number beside it."""
    edge = _CIRCLE if sign.adds else _SQUARE
    plate = QRectF(at.x() - edge / 2, at.y() - edge / 2, edge, edge)
    path = QPainterPath()
    if sign.adds:
        path.addEllipse(plate)
    else:
        path.addRoundedRect(plate, 2, 2)
    colour = QColor(ADDED if sign.adds else TAKEN)
    painter.fillPath(path, QColor(12, 14, 17, 210))
    painter.strokePath(path, QPen(colour, 1.8))
    pen = QPen(colour, 1.8)
    painter.setPen(pen)
    painter.drawLine(at - QPointF(_ARM, 0), at + QPointF(_ARM, 0))
    if sign.adds:
        painter.drawLine(at - QPointF(0, _ARM), at + QPointF(0, _ARM))
    if sign.newest:
        painter.setPen(_dashed("#ffffff", 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, _RING / 2, _RING / 2)
    painter.setFont(app_font(size_px=12, weight=600))
    for tint, shift in (("#000000", QPointF(1, 1)), ("#ffffff", QPointF(0, 0))):
        painter.setPen(QColor(tint))
        painter.drawText(at + _BESIDE + shift, str(sign.number))

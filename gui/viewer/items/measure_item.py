"""Rulers, diameters and regions over a slice, with their figures at the margin of the view."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from core.domain.plane_metric import PlanePlace
from gui.widgets.palette import DARK, HALO_ALPHA
from gui.widgets.theme import app_font

_WIDTH, _HALO = 1.5, 1.0
_TICK = 10.0  # pixels of the screen, across the end of a line
_HANDLE = 4.0
_INSET, _LINE, _GAP = 8.0, 16.0, 6.0
_TOP, _BOTTOM = 84.0, 96.0  # where the corners of the view speak
_SMALL_TOP = 62.0  # the same of a small view, at three lines
_OUTLINE = 0.8
_FAR = QRectF(-1e5, -1e5, 2e5, 2e5)
_AROUND = tuple(QPointF(x, y) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)))

DrawnKind = Literal["lines", "ellipse", "rectangle"]


@dataclass(frozen=True)
class DrawnMeasure:
    """A measurement as a view draws it: its places, and a text for each line or for the region.

    `points` are (row, column) along the edges of pixels, two for each line, two corners of a
    region. One that is `selected` shows its ends to be dragged.
    """

    id: int
    kind: DrawnKind
    points: tuple[PlanePlace, ...]
    texts: tuple[str, ...]
    selected: bool = False


class MeasureItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws measurements of one slice, in the coordinates of its picture."""

    def __init__(self) -> None:
        super().__init__()
        self._measures: tuple[DrawnMeasure, ...] = ()
        self.setZValue(7)

    @property
    def measures(self) -> tuple[DrawnMeasure, ...]:
        """What is drawn."""
        return self._measures

    def show_measures(self, measures: Sequence[DrawnMeasure]) -> None:
        """Draw others; none draws nothing."""
        if tuple(measures) != self._measures:
            self.prepareGeometryChange()
            self._measures = tuple(measures)
            self.update()

    def boundingRect(self) -> QRectF:
        return _FAR if self._measures else QRectF()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if not self._measures:
            return
        to_screen = painter.worldTransform()
        view = QRectF(widget.rect()) if widget is not None else QRectF(painter.viewport())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        noted: list[tuple[QPointF, str]] = []
        for measure in self._measures:
            ends = [to_screen.map(QPointF(column, row)) for row, column in measure.points]
            _stroke(painter, _outline(measure.kind, ends))
            noted += _notes(measure, ends)
            if measure.selected:
                _handles(painter, ends, DARK.acc)
        _write(painter, noted, view)
        painter.restore()


def _outline(kind: DrawnKind, ends: list[QPointF]) -> QPainterPath:
    path = QPainterPath()
    if kind == "lines":
        for one, other in zip(ends[::2], ends[1::2], strict=True):
            path.moveTo(one)
            path.lineTo(other)
            for end, along in ((one, other - one), (other, other - one)):
                across = _across(along, _TICK / 2)
                path.moveTo(end - across)
                path.lineTo(end + across)
        return path
    around = QRectF(ends[0], ends[1]).normalized()
    if kind == "ellipse":
        path.addEllipse(around)
    else:
        path.addRect(around)
    return path


def _across(along: QPointF, length: float) -> QPointF:
    size = QLineF(QPointF(), along).length()
    return QPointF() if size == 0 else QPointF(-along.y(), along.x()) * (length / size)


def _notes(measure: DrawnMeasure, ends: list[QPointF]) -> list[tuple[QPointF, str]]:
    """Return each text with the end it is led to: the one furthest to the left."""
    if measure.kind == "lines":
        pairs = zip(ends[::2], ends[1::2], measure.texts, strict=True)
        return [(min(one, other, key=QPointF.x), text) for one, other, text in pairs]
    around = QRectF(ends[0], ends[1]).normalized()
    at = QPointF(around.left(), around.center().y())
    return [(at, "\n".join(measure.texts))] if measure.texts else []


def _write(painter: QPainter, noted: list[tuple[QPointF, str]], view: QRectF) -> None:
    """Write the texts one above the other at the left margin, each with a dotted leader."""
    font = app_font(size_px=13, weight=600)
    metrics = QFontMetrics(font)
    lowest = view.top() + max(min(_TOP, view.height() / 4), _SMALL_TOP)
    for at, text in sorted(noted, key=lambda note: note[0].y()):
        lines = text.split("\n")
        height = _LINE * len(lines)
        top = max(min(at.y() - height - _GAP, view.bottom() - _BOTTOM - height), lowest)
        lowest = top + height + 2
        width = max(metrics.horizontalAdvance(line) for line in lines)
        area = QRectF(view.left() + _INSET, top, width, height)
        begin = QPointF(area.right() + _GAP, area.center().y())
        if at.x() > begin.x():
            _lead(painter, begin, at)
        for number, line in enumerate(lines):
            _words(painter, line, QRectF(area.left(), top + number * _LINE, width, _LINE), font)


def _lead(painter: QPainter, begin: QPointF, end: QPointF) -> None:
    pen = QPen(QColor(255, 255, 255, 190), 1.0)
    pen.setDashPattern([1.0, 3.0])
    painter.setPen(pen)
    painter.drawLine(begin, end)


def _words(painter: QPainter, text: str, area: QRectF, font: QFont) -> None:
    painter.setFont(font)
    dark = QColor(0, 0, 0)
    dark.setAlphaF(_OUTLINE)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
    painter.setPen(dark)
    for step in _AROUND:
        painter.drawText(area.translated(step), int(flags), text)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(area, int(flags), text)


def _handles(painter: QPainter, ends: list[QPointF], colour: str) -> None:
    painter.setPen(QPen(QColor(0, 0, 0, 160), 1.0))
    painter.setBrush(QColor(colour))
    for end in ends:
        painter.drawEllipse(end, _HANDLE, _HANDLE)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _stroke(painter: QPainter, path: QPainterPath) -> None:
    halo = QColor(0, 0, 0)
    halo.setAlphaF(HALO_ALPHA)
    for tint, width in ((halo, _WIDTH + 2 * _HALO), (QColor("#ffffff"), _WIDTH)):
        pen = QPen(tint, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.strokePath(path, pen)

"""A small plot of figures over the steps of a training."""

from collections.abc import Sequence
from math import floor, isfinite, log10

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.training.jobs_view import Curve, CurveLine
from gui.widgets.labels import plain_tip
from gui.widgets.palette import DARK, OverlayColours, Theme
from gui.widgets.theme import app_font

_TITLE, _TITLE_GAP, _FOOT = 18, 8, 18
_AXIS = 42
_MARGIN = 4
_DOT = 2.5
_AREA_ALPHA = 36
_TICKS = 3


class CurvePlot(QWidget):
    """Draws a `Curve`; with `axes` also ticks and a legend, else only what fits a drawer."""

    def __init__(self, *, axes: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axes = axes
        self._curve = Curve("")
        self._theme: Theme = DARK
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(120, 70))

    @property
    def curve(self) -> Curve:
        """What is drawn."""
        return self._curve

    def set_curve(self, curve: Curve | None) -> None:
        """Draw other figures; without any the plot gives its place to what stands beside it."""
        self.setVisible(curve is not None)
        if curve is not None and curve != self._curve:
            self._curve = curve
            self.setAccessibleName(curve.title)
            self.setAccessibleDescription(_sentence(curve))
            self.setToolTip(plain_tip(_sentence(curve)))
            self.update()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        del overlays
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_title(painter)
        drawn = [line for line in self._curve.lines if line.points]
        if not drawn:
            self._text(painter, self._area, self._curve.empty, Qt.AlignmentFlag.AlignCenter)
            return
        scale = _Scale.of(self._curve, drawn, self._area)
        self._paint_axes(painter, scale)
        for line in drawn:
            self._paint_line(painter, line, scale, area=not self._axes and line is drawn[-1])

    @property
    def _area(self) -> QRectF:
        left = _AXIS if self._axes else 0
        top = _TITLE + _TITLE_GAP
        return QRectF(left, top, self.width() - left - _MARGIN, self.height() - top - _FOOT)

    def _paint_title(self, painter: QPainter) -> None:
        row = QRectF(0, 0, self.width(), _TITLE)
        painter.setFont(app_font(weight=600 if self._axes else 500))
        painter.setPen(QColor(self._theme.t1 if self._axes else self._theme.t2))
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, self._curve.title)
        if self._axes:
            self._paint_legend(painter)
            return
        painter.setFont(app_font(weight=600))
        painter.setPen(QColor(self._theme.t1))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(row, right, self._curve.value)

    def _paint_legend(self, painter: QPainter) -> None:
        painter.setFont(app_font(size_px=11))
        right = float(self.width())
        entries = [(line.name, self._pen(line)) for line in reversed(self._curve.lines)]
        for name, pen in entries:
            width = painter.fontMetrics().horizontalAdvance(name)
            self._text(painter, QRectF(right - width, 0, width + 1, _TITLE), name)
            painter.setPen(pen)
            painter.drawLine(QPointF(right - width - 18, 9.5), QPointF(right - width - 6, 9.5))
            right -= width + 30

    def _paint_axes(self, painter: QPainter, scale: "_Scale") -> None:
        area, curve = self._area, self._curve
        painter.fillRect(QRectF(area.left(), area.bottom(), area.width(), 1), self._line_colour)
        if self._axes:
            for tick in scale.ticks:
                y = scale.y(tick)
                painter.fillRect(QRectF(area.left(), y, area.width(), 1), self._line_colour)
                box = QRectF(0, y - 8, _AXIS - 8, 16)
                side = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
                self._text(painter, box, scale.text(tick), side)
        foot = QRectF(area.left(), area.bottom() + 2, area.width(), _FOOT - 2)
        self._text(painter, foot, "0")
        self._text(painter, foot, curve.x_text, Qt.AlignmentFlag.AlignRight)

    def _paint_line(
        self, painter: QPainter, line: CurveLine, scale: "_Scale", *, area: bool
    ) -> None:
        points = [scale.point(x, y) for x, y in line.points]
        pen = self._pen(line)
        if area and len(points) > 1:
            floor_y = self._area.bottom()
            ends = (QPointF(points[0].x(), floor_y), QPointF(points[-1].x(), floor_y))
            below = QPolygonF([ends[0], *points, ends[1]])
            colour = QColor(pen.color())
            colour.setAlpha(_AREA_ALPHA)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(below)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(points))
        if line.dots:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(pen.color())
            painter.drawEllipse(points[-1], _DOT, _DOT)

    def _text(
        self,
        painter: QPainter,
        box: QRectF,
        text: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignVCenter,
    ) -> None:
        painter.setFont(app_font(size_px=11))
        painter.setPen(QColor(self._theme.t3))
        painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _pen(self, line: CurveLine) -> QPen:
        pen = QPen(QColor(getattr(self._theme, line.role)), 1.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen

    @property
    def _line_colour(self) -> QColor:
        return QColor(self._theme.line)


class _Scale:
    """From (step, value) to the pixels of an area."""

    def __init__(self, xs: tuple[float, float], ys: tuple[float, float], area: QRectF) -> None:
        self._xs, self._ys, self._area = xs, ys, area

    @classmethod
    def of(cls, curve: Curve, lines: Sequence[CurveLine], area: QRectF) -> "_Scale":
        """Return the scale that holds all lines, and the budget when known."""
        values = [y for line in lines for _, y in line.points if isfinite(y)]
        low, high = min(values, default=0.0), max(values, default=1.0)
        room = 0.08 * (high - low) or max(abs(high), 1.0) * 0.05
        furthest = max(line.points[-1][0] for line in lines)
        return cls((0.0, max(furthest, curve.last_x or 0.0, 1.0)), (low - room, high + room), area)

    @property
    def ticks(self) -> list[float]:
        """A few round values within the range."""
        low, high = self._ys
        rough = (high - low) / _TICKS
        unit = 10.0 ** floor(log10(rough))
        step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
        first = floor(low / step) + 1
        return [n * step for n in range(first, first + _TICKS + 2) if n * step < high]

    def text(self, tick: float) -> str:
        """Return a tick as it is written."""
        return f"{tick:.2f}" if self._ys[1] - self._ys[0] > 0.03 else f"{tick:.3f}"

    def y(self, value: float) -> float:
        """Return the height of a value."""
        low, high = self._ys
        value = value if isfinite(value) else high
        return self._area.bottom() - (value - low) / (high - low) * self._area.height()

    def point(self, x: float, y: float) -> QPointF:
        """Return where a point lies."""
        left, right = self._xs
        share = (x - left) / (right - left)
        return QPointF(self._area.left() + share * self._area.width(), self.y(y))


def _sentence(curve: Curve) -> str:
    told = [f"{line.name} {line.points[-1][1]:.3f}" for line in curve.lines if line.points]
    return f"{curve.title}: {', '.join(told)}" if told else f"{curve.title}: {curve.empty}"

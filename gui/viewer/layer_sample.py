"""What a layer looks like over the image, as a small sample in its row."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.view_state import LayerKey
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, FALSE_POSITIVE_ALPHA, UNCERTAINTY, Dash
from gui.widgets.theme import OverlayColours, Theme

_WIDTH = 14
_LINE = 2.0


class LayerSample(QWidget):
    """A piece of the line, the hatching or the scale that a layer is drawn with."""

    def __init__(self, key: LayerKey, height: int) -> None:
        super().__init__()
        self._key = key
        self._theme, self._overlays, self._faded = DARK, DEFAULT_OVERLAYS, False
        self.setFixedSize(_WIDTH, height)

    def show_as(self, theme: Theme, overlays: OverlayColours, *, faded: bool) -> None:
        """Draw in the colours of a theme and a palette, `faded` where the layer is hidden."""
        self._theme, self._overlays, self._faded = theme, overlays, faded
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.4 if self._faded else 1.0)
        overlays = self._overlays
        if self._key == "truth":
            self._paint_line(painter, overlays.truth, overlays.truth_dash)
        elif self._key == "prediction":
            self._paint_line(painter, overlays.prediction, overlays.prediction_dash)
        elif self._key == "correction":
            self._paint_line(painter, self._theme.t1, overlays.correction_dash)
        elif self._key == "uncertainty":
            self._paint_scale(painter)
        else:
            self._paint_errors(painter)

    def _paint_line(self, painter: QPainter, colour: str, dash: Dash) -> None:
        pen = QPen(QColor(colour), _LINE)
        pen.setCapStyle(pen.capStyle().FlatCap)
        if dash:
            pen.setDashPattern([length / _LINE for length in dash])
        painter.setPen(pen)
        y = self.height() / 2
        painter.drawLine(QPointF(0, y), QPointF(self.width(), y))

    def _paint_scale(self, painter: QPainter) -> None:
        scale = QLinearGradient(0, 0, self.width(), 0)
        for number, colour in enumerate(UNCERTAINTY):
            scale.setColorAt(number / (len(UNCERTAINTY) - 1), QColor(colour))
        painter.fillRect(QRectF(0, self.height() / 2 - 5, self.width(), 10), scale)

    def _paint_errors(self, painter: QPainter) -> None:
        middle = self.height() / 2
        left, right = QRectF(0, middle - 5, 6, 10), QRectF(8, middle - 5, 6, 10)
        tint = QColor(self._overlays.false_positive)
        painter.setPen(QPen(tint, 1))
        painter.drawLine(left.bottomLeft(), left.topRight())
        painter.drawLine(QPointF(0, middle), QPointF(3, middle - 5))
        painter.drawLine(QPointF(3, middle + 5), QPointF(6, middle))
        tint.setAlphaF(2 * FALSE_POSITIVE_ALPHA)
        painter.fillRect(left, tint)
        painter.fillRect(right, QColor(self._overlays.false_negative))

"""What the lines of a plot mean: red is the mean, green the median."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.studies.case_plot import PlotView
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.widgets.theme import app_font

_LINE, _GAP, _BETWEEN, _HEIGHT = 14, 6, 14, 18
_NAMES = (("mean", "Mean"), ("median", "Median"))


class PlotLegend(QWidget):
    """A short line in its colour before each name; only what the plot draws."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._overlays = DARK, DEFAULT_OVERLAYS
        self._names: tuple[tuple[str, str], ...] = ()
        self.setFont(app_font(size_px=11))

    @property
    def names(self) -> tuple[str, ...]:
        """What is explained."""
        return tuple(name for _, name in self._names)

    def show_lines(self, view: PlotView) -> None:
        """Explain the lines of a plot."""
        drawn = {line.means for line in view.lines}
        self._names = tuple(pair for pair in _NAMES if pair[0] in drawn)
        self.setAccessibleName("Legend: " + ", ".join(self.names))
        self.setFixedSize(self.sizeHint())
        self.update()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        wide = sum(_LINE + _GAP + metrics.horizontalAdvance(name) for name in self.names)
        return QSize(round(wide) + _BETWEEN * max(len(self.names) - 1, 0) + 1, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, x, middle = QFontMetricsF(self.font()), 0.0, self.height() / 2
        colours = {"mean": self._overlays.prediction, "median": self._overlays.truth}
        for means, name in self._names:
            painter.setPen(QPen(QColor(colours[means]), 2))
            painter.drawLine(QPointF(x, middle), QPointF(x + _LINE, middle))
            x += _LINE + _GAP
            painter.setPen(QColor(self._theme.t2))
            width = metrics.horizontalAdvance(name)
            painter.drawText(
                QRectF(x, 0, width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, name
            )
            x += width + _BETWEEN

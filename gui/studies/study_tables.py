"""The two tables of a comparison: each model by itself, and every two against each other."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableWidget

from core.domain.statistics import INTERVAL_RULE
from gui.studies.study_plots import ModelLine, PairLine, RegionLine
from gui.widgets.figure_table import fill_table, prepare_table
from gui.widgets.palette import DARK, Theme

_MODEL_HEADS = ("Model", "Cases", "Mean", "Median", "SD")
_PAIR_HEADS = ("First", "Second", "Mean diff", "95 % interval", "", "p", "W / T / L")
_DIFFERENCE, _BAR, _P = 2, 4, 5
_BAR_WIDTH, _BAR_INSET, _CAP, _DOT = 96, 6.0, 3.5, 3.0
_ENDS = Qt.ItemDataRole.UserRole


class ModelTable(QTableWidget):
    """One row a model."""

    def __init__(self) -> None:
        super().__init__(0, len(_MODEL_HEADS))
        prepare_table(self, _MODEL_HEADS, names=1)
        self.setAccessibleName("Figures by model")

    def show_models(self, lines: Sequence[ModelLine]) -> None:
        """Show models."""
        cells = [(m.title, m.cases, m.mean, m.median, m.deviation) for m in lines]
        fill_table(self, cells, names=1)


class RegionTable(QTableWidget):
    """One row a region or label, one column a model: the mean of the chosen figure."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.setAccessibleName("Figures by region and label")

    def show_regions(self, models: Sequence[str], lines: Sequence[RegionLine]) -> None:
        """Show regions for models of these titles."""
        heads = ("Region or label", *models)
        self.setColumnCount(len(heads))
        prepare_table(self, heads, names=1)
        fill_table(self, [(line.title, *line.means) for line in lines], names=1)


class PairTable(QTableWidget):
    """One row for every two models; a difference beyond chance is coloured, here and in its bar."""

    def __init__(self) -> None:
        super().__init__(0, len(_PAIR_HEADS))
        self._theme: Theme = DARK
        self._lines: Sequence[PairLine] = ()
        self._bars = _IntervalBars()
        prepare_table(self, _PAIR_HEADS, names=2)
        self.setItemDelegateForColumn(_BAR, self._bars)
        self.horizontalHeader().setSectionResizeMode(_BAR, self.horizontalHeader().ResizeMode.Fixed)
        self.setColumnWidth(_BAR, _BAR_WIDTH)
        self.setAccessibleName("Models against each other")
        tips = {
            3: f"{INTERVAL_RULE[0].upper()}{INTERVAL_RULE[1:]}",
            _BAR: "The interval around the mean difference; the line is no difference",
            _P: "Wilcoxon signed-rank test, two-sided, corrected by Holm over the pairs",
            6: "Cases in which the first is better, as good, worse",
        }
        model = self.model()
        for column, tip in tips.items():
            across = Qt.Orientation.Horizontal
            model.setHeaderData(column, across, tip, Qt.ItemDataRole.ToolTipRole)

    def show_pairs(self, lines: Sequence[PairLine]) -> None:
        """Show pairs of models."""
        self._lines = lines
        cells = [(p.first, p.second, p.difference, p.interval, "", p.holm, p.counts) for p in lines]
        fill_table(self, cells, names=2)
        colours = {1: self._theme.ok, -1: self._theme.bad, 0: self._theme.t1}
        ends = [abs(end) for line in lines for end in line.ends or ()]
        self._bars.set_scale(max(ends, default=1.0), self._theme)
        for row, line in enumerate(lines):
            difference, bar = self.item(row, _DIFFERENCE), self.item(row, _BAR)
            if difference is not None:
                difference.setForeground(QBrush(QColor(colours[line.better])))
            if bar is not None and line.ends is not None:
                bar.setData(_ENDS, (*line.ends, colours[line.better] if line.better else ""))
                bar.setToolTip(line.interval)
            p = self.item(row, _P)
            if p is not None:
                p.setToolTip(f"{line.p} before the correction")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.show_pairs(self._lines)


class _IntervalBars(QStyledItemDelegate):
    """Draws an interval with its mean over a line at no difference; one scale for all rows."""

    def __init__(self) -> None:
        super().__init__()
        self._most, self._theme = 1.0, DARK

    def set_scale(self, most: float, theme: Theme) -> None:
        self._most, self._theme = most or 1.0, theme

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        found = index.data(_ENDS)
        if found is None:
            return
        low, mean, high, colour = found
        room = QRectF(option.rect).adjusted(_BAR_INSET, 0, -_BAR_INSET, 0)
        middle, half = room.center(), room.width() / 2

        def at(value: float) -> float:
            return float(middle.x() + value / self._most * half)

        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.line3), 1))
        painter.drawLine(QPointF(middle.x(), room.top()), QPointF(middle.x(), room.bottom()))
        ink = QColor(colour or self._theme.t2)
        painter.setPen(QPen(ink, 1.5))
        painter.drawLine(QPointF(at(low), middle.y()), QPointF(at(high), middle.y()))
        for end in (low, high):
            painter.drawLine(
                QPointF(at(end), middle.y() - _CAP), QPointF(at(end), middle.y() + _CAP)
            )
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(at(mean), middle.y()), _DOT, _DOT)
        painter.restore()

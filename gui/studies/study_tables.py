"""The two tables of a comparison: each model by itself, and every two against each other."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QTableWidget

from core.domain.statistics import INTERVAL_RULE
from gui.studies.study_plots import ModelLine, PairLine
from gui.widgets.figure_table import fill_table, prepare_table
from gui.widgets.palette import DARK, Theme

_MODEL_HEADS = ("Model", "Cases", "Mean", "Median", "SD")
_PAIR_HEADS = ("First", "Second", "Mean diff", "95 % interval", "p", "p, Holm", "W / T / L")
_DIFFERENCE = 2


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


class PairTable(QTableWidget):
    """One row for every two models; a difference beyond chance is coloured."""

    def __init__(self) -> None:
        super().__init__(0, len(_PAIR_HEADS))
        self._theme: Theme = DARK
        self._lines: Sequence[PairLine] = ()
        prepare_table(self, _PAIR_HEADS, names=2)
        self.setAccessibleName("Models against each other")
        tips = {
            3: f"{INTERVAL_RULE[0].upper()}{INTERVAL_RULE[1:]}",
            4: "Wilcoxon signed-rank test, two-sided",
            5: "Corrected by Holm over the pairs of this figure",
            6: "Cases in which the first is better, as good, worse",
        }
        model = self.model()
        for column, tip in tips.items():
            across = Qt.Orientation.Horizontal
            model.setHeaderData(column, across, tip, Qt.ItemDataRole.ToolTipRole)

    def show_pairs(self, lines: Sequence[PairLine]) -> None:
        """Show pairs of models."""
        self._lines = lines
        cells = [
            (p.first, p.second, p.difference, p.interval, p.p, p.holm, p.counts) for p in lines
        ]
        fill_table(self, cells, names=2)
        colours = {1: self._theme.ok, -1: self._theme.bad, 0: self._theme.t1}
        for row, line in enumerate(lines):
            item = self.item(row, _DIFFERENCE)
            if item is not None:
                item.setForeground(QBrush(QColor(colours[line.better])))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.show_pairs(self._lines)

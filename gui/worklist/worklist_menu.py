"""The menu behind the filter button of the worklist."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from gui.worklist.worklist_rows import FIGURES, CaseFilter


class FilterMenu(QMenu):
    """Filters to choose from, and terms for the search field: a figure's range, a model."""

    filter_chosen = Signal(CaseFilter)
    term_chosen = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        group = QActionGroup(self)
        self._filters: dict[CaseFilter, QAction] = {}
        for case_filter in CaseFilter:
            action = self.addAction(case_filter.value)
            action.setCheckable(True)
            action.setData(case_filter)
            group.addAction(action)
            self._filters[case_filter] = action
        group.triggered.connect(lambda action: self.filter_chosen.emit(action.data()))
        self.addSeparator()
        self._ranges = self.addMenu("Range of a figure")
        for name, figure in FIGURES.items():
            ask = self._ranges.addAction(f"{figure.title}  {figure.example.replace('-', '–')}")
            ask.triggered.connect(lambda _, n=name, e=figure.example: self.term_chosen.emit(n, e))
        self._models = self.addMenu("Predicted by")
        self.set_models(())

    def set_filter(self, case_filter: CaseFilter) -> None:
        """Tick a filter."""
        self._filters[case_filter].setChecked(True)

    def set_models(self, models: Sequence[str]) -> None:
        """Offer the models that predicted a case."""
        self._models.clear()
        for model in models:
            ask = self._models.addAction(model)
            ask.triggered.connect(lambda _, name=model: self.term_chosen.emit("model", name))
        self._models.menuAction().setVisible(bool(models))

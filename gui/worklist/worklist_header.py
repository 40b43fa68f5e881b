"""The head of the worklist: how many cases, which of them, in which order."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.worklist_state import Listing
from gui.widgets.fitted_choice import FittedChoice
from gui.widgets.icons import Tint, pixmap, tinted_icon
from gui.widgets.labels import make_label
from gui.widgets.palette import DARK, Theme
from gui.worklist.worklist_menu import FilterMenu
from gui.worklist.worklist_rows import CaseFilter, CaseOrder
from gui.worklist.worklist_search import SearchField

_HEIGHT = 105
_ICON = 16
_ORDER_EDGES = 30
_SORT_ICON = 14


_Choice = TypeVar("_Choice", CaseFilter, CaseOrder)


class WorklistHeader(QWidget):
    """Search, filter and order; says what was asked for and lists nothing itself."""

    filter_changed = Signal(CaseFilter, str)
    order_changed = Signal(CaseOrder)
    first_hit_chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._filter = CaseFilter.ALL
        self._counted = self._note = ""
        self.search = SearchField()
        self._count = QLabel()
        self._count.setObjectName("WorklistCount")
        self._filter_button = QToolButton()
        self._menu = FilterMenu(self)
        self._menu.filter_chosen.connect(self._choose_filter)
        self._menu.term_chosen.connect(self.search.put_term)
        self._sort_icon = QLabel()
        self._order = FittedChoice("Order", tip="Order of the cases")
        self._column = make_label("DSC · state", "caption")
        self._prepare_controls()
        self._lay_out()
        self.setFixedHeight(_HEIGHT)

    def set_counts(self, shown: int, total: int) -> None:
        """Say how many cases are listed."""
        self._counted = str(total) if shown == total else f"{shown} of {total}"
        self._show_counts()
        self._show_filter()

    def set_note(self, note: str) -> None:
        """Say what the figures are at, where that is not what one would think."""
        self._note = note
        self._show_counts()

    def _show_counts(self) -> None:
        self._count.setText(" · ".join(part for part in (self._counted, self._note) if part))

    def set_several(self, several: bool) -> None:
        """Offer the order by all regions only where cases have several labels."""
        view = self._order.view()
        if isinstance(view, QListView):
            view.setRowHidden(list(CaseOrder).index(CaseOrder.REGIONS), not several)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.search.set_theme(theme)
        ratio = self._sort_icon.devicePixelRatioF()
        self._sort_icon.setPixmap(pixmap("sort", theme.t3, _SORT_ICON, ratio))
        self._show_filter()

    def clear(self) -> None:
        """List every case again."""
        self._filter = CaseFilter.ALL
        self.search.clear()
        self._choose_filter(CaseFilter.ALL)

    @property
    def listing(self) -> Listing:
        """The order and the filter as they are kept."""
        order = list(CaseOrder)[self._order.currentIndex()]
        return Listing(order.name, self._filter.name, self.search.text())

    def set_listing(self, listing: Listing) -> None:
        """Take an order and a filter; a name that is not known any more counts as none."""
        order = _named(CaseOrder, listing.order) or CaseOrder.WORST
        self._order.setCurrentIndex(list(CaseOrder).index(order))
        self._filter = _named(CaseFilter, listing.only) or CaseFilter.ALL
        self.search.setText(listing.text)
        self._choose_filter(self._filter)

    def follow_models(self, models: Callable[[], Sequence[str]]) -> None:
        """Offer the models that predicted a case, asked for when the menu opens."""
        self._menu.aboutToShow.connect(lambda: self._menu.set_models(models()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_column()

    @property
    def is_filtering(self) -> bool:
        """Whether a filter or a text is set."""
        return self._filter is not CaseFilter.ALL or bool(self.search.text().strip())

    def _prepare_controls(self) -> None:
        self.search.textChanged.connect(self._say_filter)
        self.search.returnPressed.connect(self.first_hit_chosen)
        self._filter_button.setProperty("framed", True)
        self._filter_button.setAccessibleName("Filter")
        self._filter_button.setFixedSize(28, 28)
        self._filter_button.clicked.connect(self._open_menu)
        self._order.addItems([order.value for order in CaseOrder])
        self._order.setMaxVisibleItems(len(CaseOrder))
        self.set_several(False)
        self._order.currentIndexChanged.connect(self._on_order_chosen)
        self._sort_icon.setFixedSize(_ICON, _ICON)

    def _lay_out(self) -> None:
        titles = _row(14)
        titles.addWidget(make_label("Worklist", "panel"))
        titles.addSpacing(8)
        titles.addWidget(self._count, 1)
        fields = _row(12)
        fields.addWidget(self.search, 1)
        fields.addSpacing(6)
        fields.addWidget(self._filter_button)
        order = _row(12)
        order.addWidget(self._sort_icon)
        order.addWidget(self._order)
        order.addStretch(1)
        order.addWidget(self._column)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(titles, 40)
        column.addLayout(fields)
        column.addLayout(order, 36)
        column.addWidget(rule())

    def _open_menu(self) -> None:
        self._menu.popup(self._filter_button.mapToGlobal(QPoint(0, self._filter_button.height())))

    def _choose_filter(self, case_filter: CaseFilter) -> None:
        self._filter = case_filter
        self._show_filter()
        self._say_filter()

    def _show_filter(self) -> None:
        self._menu.set_filter(self._filter)
        active = self.is_filtering
        colour = self._theme.acc if active else self._theme.t3
        self._count.setStyleSheet(f"color: {colour}; font-size: 13px;")
        tint = Tint.plain(self._theme.acc) if active else Tint.of(self._theme)
        self._filter_button.setIcon(tinted_icon("filter", tint=tint, size=_ICON))
        self._filter_button.setToolTip(f"Filter: {self._filter.value}")

    def _say_filter(self) -> None:
        self.filter_changed.emit(self._filter, self.search.text())

    def _on_order_chosen(self, index: int) -> None:
        order = list(CaseOrder)[index]
        self._column.setText(f"{order.column} · state" if len(order.column) < 5 else order.column)
        self._fit_column()
        self.order_changed.emit(order)

    def _fit_column(self) -> None:
        """Name the column only where the order, which says it too, leaves room."""
        taken = _ICON + self._order.width() + self._column.sizeHint().width()
        self._column.setVisible(taken + _ORDER_EDGES <= self.width())


def rule() -> QFrame:
    """Return a horizontal hairline."""
    line = QFrame()
    line.setProperty("rule", "horizontal")
    return line


def _row(inset: int) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(inset, 0, 11, 0)
    row.setSpacing(0)
    return row


def _named(choices: type[_Choice], name: str) -> _Choice | None:
    """Return the choice of a name, or of the text that version 0.1 kept in its place."""
    return next((each for each in choices if name in (each.name, each.value)), None)

"""The worklist: every case with its DSC and its review, worst first."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import QStackedLayout, QToolButton, QVBoxLayout, QWidget

from core.domain.worklist_state import Listing
from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.later import Later
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.theme import OverlayColours, Theme
from gui.worklist.worklist_delegate import WorklistDelegate
from gui.worklist.worklist_footer import EmptyList, WorklistFooter
from gui.worklist.worklist_header import WorklistHeader, rule
from gui.worklist.worklist_list import CaseList
from gui.worklist.worklist_model import WorklistModel
from gui.worklist.worklist_rows import CaseFilter, CaseOrder, WorklistRow
from gui.worklist.worklist_thumbnails import Thumbnails

__all__ = ["Worklist", "WorklistRow"]

_RAIL_WIDTH = 57
_RAIL_HEAD = 41
_WIDTH = 272
_MIN_WIDTH = 240
_MAX_WIDTH = 400


class Worklist(QWidget):
    """A searchable list of cases that shrinks to a rail of thumbnails."""

    order_changed = Signal()
    listing_changed = Signal(Listing)
    case_chosen = Signal(str)
    thumbnails_wanted = Signal(list)
    expand_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Worklist")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme, self._overlays = DARK, DEFAULT_OVERLAYS
        self._compact = False
        self._thumbnails = Thumbnails()
        self._model = WorklistModel()
        self._delegate = WorklistDelegate(self._thumbnails, DARK)
        self._list = CaseList(self._model, self._delegate)
        self._header = WorklistHeader()
        self._rail_head = _RailHead()
        self._empty = EmptyList()
        self._footer = WorklistFooter()
        self._ask_timer = Later(self, 0, self._ask_for_thumbnails)
        self._lay_out()
        self._connect()
        self.set_look(DARK, DEFAULT_OVERLAYS)
        self.set_compact(False)
        self.set_rows(())

    def set_listing(self, listing: Listing) -> None:
        """Take an order and a filter."""
        self._header.set_listing(listing)

    def set_rows(self, rows: Sequence[WorklistRow]) -> None:
        """Replace every row; thumbnails are asked for anew."""
        self._thumbnails.clear()
        self._model.set_rows(rows)
        self._list.show_current()

    def update_row(self, row: WorklistRow) -> None:
        """Change one row, or add it; what is being read stays where it is."""
        with self._list.anchored(row.case_id):
            self._model.update_row(row)

    def set_thumbnail(self, case_id: str, image: QImage) -> None:
        """Show a picture of a case; it is kept no larger than it is shown."""
        self._thumbnails.put(case_id, image)
        self._model.refresh(case_id)

    def set_current(self, case_id: str) -> None:
        """Mark the open case and scroll it into view; an empty text marks none."""
        self._model.set_current(case_id)
        self._list.show_current()

    def set_footer(self, text: str, right: str, fraction: float, *, short: str = "") -> None:
        """Say how far the work is, from 0 to 1; `short`, or else per cent, stands in the rail."""
        short = short or f"{fraction:.0%}"
        self._footer.set_texts(left=text, right=right, short=short, fraction=fraction)

    def set_note(self, note: str) -> None:
        """Say what the figures are at, where that is not what one would think."""
        self._header.set_note(note)

    def set_several(self, several: bool) -> None:
        """Offer what is known of several labels alone."""
        self._header.set_several(several)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Take the colours; other overlays mean other outlines on the thumbnails."""
        if overlays != self._overlays:
            self._thumbnails.expire()
            self._ask_timer.start()
        self._theme, self._overlays = theme, overlays
        self._delegate.theme = theme
        self._header.set_theme(theme)
        self._footer.set_theme(theme)
        self._empty.set_theme(theme)
        self._show_state()
        self._list.viewport().update()

    def set_compact(self, compact: bool) -> None:
        """Shrink to a rail, or take the full width again."""
        self._compact = compact
        self._header.setVisible(not compact)
        self._rail_head.setVisible(compact)
        self._footer.set_compact(compact)
        self.setMinimumWidth(_RAIL_WIDTH if compact else _MIN_WIDTH)
        self.setMaximumWidth(_RAIL_WIDTH if compact else _MAX_WIDTH)
        self._list.set_compact(compact)
        self._show_state()
        self.updateGeometry()

    def order(self) -> list[str]:
        """Return the case ids as they are listed, first to last."""
        return self._model.order()

    def focus_search(self) -> None:
        """Put the keyboard into the search field; the rail asks for the full list first."""
        if self._compact:
            self.expand_requested.emit()
        self._header.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._header.search.selectAll()

    def sizeHint(self) -> QSize:
        return QSize(_RAIL_WIDTH if self._compact else _WIDTH, super().sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._list.show_current()
        self._ask_timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._ask_timer.start()
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        self._stack = QStackedLayout()
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 1, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(self._rail_head)
        column.addLayout(self._stack, 1)
        column.addWidget(self._footer)

    def _connect(self) -> None:
        self._header.filter_changed.connect(self._on_header_filter_changed)
        self._header.order_changed.connect(self._on_header_order_changed)
        self._header.follow_models(self._model.models)
        self._header.first_hit_chosen.connect(self._on_header_first_hit_chosen)
        self._rail_head.button.clicked.connect(self.expand_requested)
        self._empty.clear_requested.connect(self._header.clear)
        self._list.case_chosen.connect(self.case_chosen)
        # Without the lambda the position would become the interval of the timer.
        self._list.verticalScrollBar().valueChanged.connect(lambda: self._ask_timer.start())
        self._list.viewport().installEventFilter(self)
        for signal in (
            self._model.modelReset,
            self._model.rowsInserted,
            self._model.rowsRemoved,
            self._model.rowsMoved,
        ):
            signal.connect(self._on_model_changed)

    def _on_header_filter_changed(self, case_filter: CaseFilter, text: str) -> None:
        self._model.set_filter(case_filter, text)
        if text:
            self._list.scrollToTop()
        else:
            self._list.show_current()
        self.listing_changed.emit(self._header.listing)

    def _on_header_order_changed(self, order: CaseOrder) -> None:
        self._model.set_order(order)
        self._list.show_current()
        self.listing_changed.emit(self._header.listing)

    def _on_header_first_hit_chosen(self) -> None:
        for case_id in self.order()[:1]:
            self.case_chosen.emit(case_id)

    def _on_model_changed(self) -> None:
        self._show_state()
        self._ask_timer.start()
        self.order_changed.emit()

    def _show_state(self) -> None:
        shown, total = self._model.rowCount(), self._model.total
        self._header.set_counts(shown, total)
        self._empty.set_total(total, self._model.problem)
        self._stack.setCurrentWidget(self._list if shown or self._compact else self._empty)
        self._rail_head.show_filter(self._theme, self._header.is_filtering)

    def _ask_for_thumbnails(self) -> None:
        if self._list.isVisible():
            wanted = self._thumbnails.take_wanted(self._list.ids_from_view())
            if wanted:
                self.thumbnails_wanted.emit(wanted)


class _RailHead(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.button = QToolButton()
        self.button.setAccessibleName("Show the full worklist")
        self.button.setToolTip("Show the full worklist, to search and filter")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        column.addWidget(rule())
        self.setFixedHeight(_RAIL_HEAD)

    def show_filter(self, theme: Theme, active: bool) -> None:
        """Light the icon while a filter or a text hides cases."""
        tint = Tint.plain(theme.acc) if active else Tint.of(theme)
        self.button.setIcon(tinted_icon("filter", tint=tint, size=18))

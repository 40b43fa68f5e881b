"""The scrolling list of the worklist: keys, pointer and a viewport that stays where it is read."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QScrollBar,
)

from gui.worklist.worklist_delegate import WorklistDelegate
from gui.worklist.worklist_model import WorklistModel

_WHEEL_STEP = 26
_BAR_WIDTH = 8
_OPENS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_MOVES = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down})
_BY_KEY = frozenset(
    {
        Qt.FocusReason.TabFocusReason,
        Qt.FocusReason.BacktabFocusReason,
        Qt.FocusReason.ShortcutFocusReason,
    }
)


class CaseList(QListView):
    """Rows of cases; a click or Enter chooses one, Up and Down only move the ring of the focus."""

    case_chosen = Signal(str)

    def __init__(self, model: WorklistModel, delegate: WorklistDelegate) -> None:
        super().__init__()
        self._bar = _OverlayBar(self, self.verticalScrollBar())
        self._rows = model
        self._delegate = delegate
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setAccessibleName("Cases")
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(_WHEEL_STEP)
        self.setMouseTracking(True)
        self.clicked.connect(self._choose)

    def set_compact(self, compact: bool) -> None:
        """Paint rows of the rail; the wheel still scrolls."""
        self._delegate.compact = compact
        self._bar.allowed = not compact
        self.doItemsLayout()
        self.show_current()

    def show_current(self) -> None:
        """Scroll the open case into view, and put the focus of the list on it."""
        index = self._rows.index_of(self._rows.current)
        if index.isValid():
            self.setCurrentIndex(index)
            if self.isVisible():  # A hidden list would take the row at its corner for hovered.
                self.scrollTo(index)

    def ids_from_view(self) -> list[str]:
        """Return the ids of the rows in view and of the page below."""
        height = self.viewport().height()
        first = self.verticalScrollBar().value() // self._delegate.row_height
        pages = 2 * -(-height // self._delegate.row_height)
        return self._rows.order()[first : first + pages + 1]

    @contextmanager
    def anchored(self, moving: str) -> Iterator[None]:
        """Keep what is read in its place while the row of one case moves."""
        anchor = self._anchor(moving)
        before = anchor.row()
        yield
        self.executeDelayedItemsLayout()
        if anchor.isValid():
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + (anchor.row() - before) * self._delegate.row_height)

    def _anchor(self, moving: str) -> QPersistentModelIndex:
        height = self._delegate.row_height
        top = self.verticalScrollBar().value()
        if top == 0 and not self.underMouse():
            return QPersistentModelIndex()  # Who looks at the worst wants to see a new worst.
        current = self._rows.index_of(self._rows.current)
        if current.isValid():
            y = current.row() * height - top
            if -height < y < self.viewport().height():
                return QPersistentModelIndex(current)
        index = self._rows.index(top // height)
        if index.isValid() and index.data() == moving:
            index = self._rows.index(index.row() + 1)
        return QPersistentModelIndex(index)

    def keyboardSearch(self, search: str) -> None:
        """Leave single letters to the window."""

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and _is_own(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _is_own(event):
            event.ignore()
            return
        if event.key() in _OPENS:
            self._choose(self.currentIndex())
        else:
            self._show_ring(True)
            super().keyPressEvent(event)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._show_ring(False)
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self._rows.index_of(self._rows.current))
        self._show_ring(event.reason() in _BY_KEY)
        super().focusInEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bar.place()

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self._bar.follow()

    def _show_ring(self, shown: bool) -> None:
        self._delegate.ringed = shown
        self.viewport().update()

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.case_chosen.emit(index.data())


class _OverlayBar(QScrollBar):
    """A scroll bar over the rows, so that the columns stay under their captions."""

    def __init__(self, parent: QListView, source: QScrollBar) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._list = parent
        self._source = source
        self.allowed = True
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, False)
        self.setSingleStep(_WHEEL_STEP)
        source.valueChanged.connect(self.setValue)
        source.rangeChanged.connect(self.follow)
        self.valueChanged.connect(source.setValue)

    def sizeHint(self) -> QSize:
        return QSize(_BAR_WIDTH, 0)

    def place(self) -> None:
        """Lie along the right edge."""
        area = self._list.rect()
        self.setGeometry(area.right() + 1 - _BAR_WIDTH, 0, _BAR_WIDTH, area.height())
        self.follow()

    def follow(self) -> None:
        """Take over what the hidden bar of the list says."""
        self.setPageStep(self._source.pageStep())
        self.setRange(self._source.minimum(), self._source.maximum())
        self.setValue(self._source.value())
        self.setVisible(self.allowed and self._source.maximum() > 0)


def _is_own(event: QKeyEvent) -> bool:
    plain = event.modifiers() in {
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.KeypadModifier,
    }
    return plain and (event.key() in _OPENS or event.key() in _MOVES)

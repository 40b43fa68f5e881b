"""The cases that were found, and the passport of the one that is chosen."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.data.organise_form import FoundRow, PassportView
from gui.widgets.labels import ElidedLabel, make_label, make_wrapped_label, plain_tip
from gui.widgets.palette import DARK, OverlayColours, Theme
from gui.widgets.segments import Segments

_TILE = 70
_CASE = Qt.ItemDataRole.UserRole
_MOST_NOTICES = 2


class CasesColumn(QWidget):
    """The right of the dialog: `case_chosen` asks for the passport of a case."""

    case_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = DARK
        self._rows: tuple[FoundRow, ...] = ()
        self._count = make_label("", "body")
        self._shown = Segments(("All", "With notices"), name="Cases")
        self._shown.chosen.connect(lambda _: self._fill())
        self.passport = PassportCard()
        self.list = QListWidget()
        self.list.setAccessibleName("Cases that were found")
        self.list.setUniformItemSizes(False)
        self.list.currentItemChanged.connect(self._on_current)
        top = QHBoxLayout()
        top.addWidget(make_label("Cases", "panel"))
        top.addWidget(self._count)
        top.addStretch(1)
        top.addWidget(self._shown)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 20, 14)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self.passport)
        column.addWidget(self.list, 1)

    def set_cases(self, rows: Sequence[FoundRow]) -> None:
        """Show other cases; the one that was chosen stays chosen when it is among them."""
        self._rows = tuple(rows)
        self._count.setText(f"{len(rows):,}")
        self._fill()

    def choose(self, case_id: str) -> None:
        """Choose a case by its id."""
        for index in range(self.list.count()):
            if self.list.item(index).data(_CASE) == case_id:
                self.list.setCurrentRow(index)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        del overlays
        self._theme = theme
        self._fill()

    def _fill(self) -> None:
        current = self.list.currentItem()
        before = "" if current is None else str(current.data(_CASE))
        self.list.blockSignals(True)
        self.list.clear()
        only = self._shown.index == 1
        for row in self._rows:
            if only and not row.notice:
                continue
            item = QListWidgetItem(f"{row.case_id}\n{row.notice or row.said}")
            item.setData(_CASE, row.case_id)
            item.setToolTip(plain_tip(row.notice or row.said))
            if row.notice:
                item.setForeground(QBrush(QColor(self._theme.warn)))
            self.list.addItem(item)
        self.choose(before)
        self.list.blockSignals(False)
        if self.list.currentRow() < 0 and self.list.count():
            self.list.setCurrentRow(0)
        else:
            self._on_current(self.list.currentItem())

    def _on_current(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.case_chosen.emit(str(item.data(_CASE)))


class PassportCard(QFrame):
    """Small pictures of each channel and the mask, and what the headers say."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._tiles = QHBoxLayout()
        self._tiles.setSpacing(6)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setVerticalSpacing(4)
        self._notices = make_wrapped_label("", "caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(self._tiles)
        column.addLayout(self._grid)
        column.addWidget(self._notices)
        self.say("Choose a case to see its passport.")

    def say(self, words: str) -> None:
        """Say why there is no passport."""
        self.show_passport(PassportView("", rows=(("", words, ""),)))

    def show_passport(self, view: PassportView) -> None:
        """Show the passport of a case."""
        _clear(self._tiles)
        _clear(self._grid)
        for title, image in view.tiles:
            self._tiles.addWidget(_tile(title, QPixmap.fromImage(image)))
        if view.tiles:
            self._tiles.addStretch(1)
        for at, (name, value, aside) in enumerate(view.rows):
            self._grid.addWidget(make_label(name, "caption"), at, 0)
            self._grid.addWidget(ElidedLabel(value, "value"), at, 1)
            self._grid.addWidget(make_label(aside, "caption"), at, 2)
        more = len(view.notices) - _MOST_NOTICES
        told = [*view.notices[:_MOST_NOTICES], *([f"and {more} more"] if more > 0 else [])]
        self._notices.setText("\n".join(told))
        self._notices.setVisible(bool(told))


def _tile(title: str, picture: QPixmap) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    label = QLabel()
    label.setPixmap(
        picture.scaled(
            _TILE,
            _TILE,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )
    label.setAccessibleName(f"Middle slice of {title}")
    name = make_label(title, "caption")
    name.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    column.addWidget(label)
    column.addWidget(name)
    return holder


def _clear(layout: QHBoxLayout | QGridLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()

"""The cases that were found, and the passport of the one that is chosen."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
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
from gui.data.organise_rows import ROW_ROLE, FoundRowDelegate
from gui.widgets.labels import ElidedLabel, make_label, make_wrapped_label, plain_tip
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.segments import Segments

_TILE, _NARROW_TILE = 70, 56
_CASE = Qt.ItemDataRole.UserRole
_MOST_NOTICES = 2


class CasesColumn(QWidget):
    """The right of the dialog: `case_chosen` asks for the passport of a case."""

    case_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, FoundRow] = {}
        self._count = make_label("", "body")
        self._shown = Segments(("All", "Complete", "Notices"), name="Cases")
        self._shown.chosen.connect(lambda _: self._fill())
        self._delegate = FoundRowDelegate()
        self.passport = PassportCard()
        self.list = QListWidget()
        self.list.setAccessibleName("Cases that were found")
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(self._delegate)
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
        self._rows = {row.case_id: row for row in rows}
        self._count.setText(f"{len(rows):,}")
        self._name_parts()
        self._fill()

    def update_cases(self, rows: Mapping[str, FoundRow]) -> None:
        """Show more of some of the cases; the list stays where it is."""
        self._rows |= {name: row for name, row in rows.items() if name in self._rows}
        self._name_parts()
        for index in range(self.list.count()):
            item = self.list.item(index)
            row = rows.get(str(item.data(_CASE)))
            if row is not None:
                _show(item, row)

    def choose(self, case_id: str) -> None:
        """Choose a case by its id."""
        for index in range(self.list.count()):
            if self.list.item(index).data(_CASE) == case_id:
                self.list.setCurrentRow(index)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        del overlays
        self._delegate.theme = theme
        self.list.viewport().update()

    def set_narrow(self, narrow: bool) -> None:
        """Take less room."""
        self.passport.set_narrow(narrow)

    def _name_parts(self) -> None:
        told = sum(row.kind != "ok" for row in self._rows.values())
        whole = len(self._rows) - told
        counts = (len(self._rows), whole, told)
        named = zip(("All", "Complete", "Notices"), counts, strict=True)
        self._shown.set_titles([f"{name} {count:,}" for name, count in named])

    def _fill(self) -> None:
        current = self.list.currentItem()
        before = "" if current is None else str(current.data(_CASE))
        self.list.blockSignals(True)
        self.list.clear()
        for row in self._rows.values():
            if self._shown.index and (row.kind == "ok") != (self._shown.index == 1):
                continue
            item = QListWidgetItem()
            _show(item, row)
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


def _show(item: QListWidgetItem, row: FoundRow) -> None:
    said = row.notice or row.detail
    item.setData(_CASE, row.case_id)
    item.setData(ROW_ROLE, row)
    item.setToolTip(plain_tip(said))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{row.case_id}, {row.said}. {said}")


class PassportCard(QFrame):
    """Small pictures of each channel and the mask, and what the headers say."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._view = PassportView("")
        self._tile = _TILE
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

    def set_narrow(self, narrow: bool) -> None:
        """Show smaller pictures, and two rows alone."""
        if narrow != (self._tile == _NARROW_TILE):
            self._tile = _NARROW_TILE if narrow else _TILE
            self.show_passport(self._view)

    def show_passport(self, view: PassportView) -> None:
        """Show the passport of a case."""
        self._view = view
        _clear(self._tiles)
        _clear(self._grid)
        for title, image in view.tiles:
            self._tiles.addWidget(_tile(title, QPixmap.fromImage(image), self._tile))
        if view.tiles:
            self._tiles.addStretch(1)
        narrow = self._tile == _NARROW_TILE
        for at, (name, value, aside) in enumerate(view.rows[:2] if narrow else view.rows):
            self._grid.addWidget(make_label(name, "caption"), at, 0)
            self._grid.addWidget(ElidedLabel(value, "value"), at, 1)
            self._grid.addWidget(make_label(aside, "caption"), at, 2)
        more = len(view.notices) - _MOST_NOTICES
        told = [*view.notices[:_MOST_NOTICES], *([f"and {more} more"] if more > 0 else [])]
        self._notices.setText("\n".join(told))
        self._notices.setVisible(bool(told))


def _tile(title: str, picture: QPixmap, side: int) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    label = QLabel()
    label.setPixmap(
        picture.scaled(
            side,
            side,
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

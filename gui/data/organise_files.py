"""The files of a folder as a tree, each with what it is taken for."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.data.organise_form import FileRow
from gui.widgets.labels import make_label
from gui.widgets.palette import DARK, OverlayColours, Theme

_CASE = Qt.ItemDataRole.UserRole
_LEFT_OUT = "left out"


class FileTree(QWidget):
    """A searchable tree; a file that is chosen names its case."""

    case_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = DARK
        self._count = make_label("", "body")
        self._search = QLineEdit()
        self._search.setPlaceholderText("File name")
        self._search.setAccessibleName("Search file names")
        self._search.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("Files")
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemClicked.connect(self._on_clicked)
        top = QHBoxLayout()
        top.addWidget(make_label("Files", "panel"))
        top.addWidget(self._count)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 14, 14)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self._search)
        column.addWidget(self.tree, 1)

    def set_files(self, count: str, rows: Sequence[FileRow]) -> None:
        """Show other files."""
        self._count.setText(count)
        self.tree.clear()
        for row in rows:
            self.tree.addTopLevelItem(self._item(row))
        for item in self._top()[:2]:
            item.setExpanded(True)
        self._filter(self._search.text())

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        del overlays
        self._theme = theme

    def _item(self, row: FileRow) -> QTreeWidgetItem:
        item = QTreeWidgetItem([row.name, row.tag])
        item.setData(0, _CASE, row.case_id)
        item.setToolTip(0, row.name)
        faint = self._theme.t3 if row.tag in ("", _LEFT_OUT) and not row.below else self._theme.t1
        item.setForeground(0, QBrush(QColor(faint)))
        item.setForeground(1, QBrush(QColor(self._theme.t3 if row.below else self._theme.t2)))
        for each in row.below:
            item.addChild(self._item(each))
        return item

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        for item in self._top():
            _show(item, wanted)

    def _top(self) -> list[QTreeWidgetItem]:
        items = map(self.tree.topLevelItem, range(self.tree.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _on_clicked(self, item: QTreeWidgetItem) -> None:
        case_id = str(item.data(0, _CASE) or "")
        if case_id:
            self.case_chosen.emit(case_id)


def _show(item: QTreeWidgetItem, wanted: str) -> bool:
    """Hide what has not the wanted text in its name, or below it; return whether it shows."""
    children = [item.child(index) for index in range(item.childCount())]
    below = [_show(child, wanted) for child in children if child is not None]
    shown = not wanted or wanted in item.text(0).casefold() or any(below)
    item.setHidden(not shown)
    if wanted and any(below):
        item.setExpanded(True)
    return shown

"""Tables of figures: names on the left, numbers on the right, nothing to edit."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ROW = 26


def prepare_table(table: QTableWidget, heads: Sequence[str], *, names: int) -> None:
    """Give a table its heads; the first `names` columns hold words and get the room there is."""
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    table.setWordWrap(False)
    table.setShowGrid(False)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    for column, text in enumerate(heads):
        head = QTableWidgetItem(text)
        head.setTextAlignment(_LEFT if column < names else _RIGHT)
        table.setHorizontalHeaderItem(column, head)
        if column < names:
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)


def fill_table(table: QTableWidget, rows: Sequence[Sequence[str]], *, names: int) -> None:
    """Show rows of texts; the first `names` columns are words, the others figures."""
    table.setRowCount(len(rows))
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setTextAlignment(_LEFT if column < names else _RIGHT)
            if column < names:
                item.setToolTip(text)
            table.setItem(row, column, item)

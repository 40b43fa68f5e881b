"""The model of the worklist: which rows are shown, and in which order."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from gui.widgets.labels import plain_tip
from gui.worklist.worklist_query import Query, read_query
from gui.worklist.worklist_rows import CaseFilter, CaseOrder, WorklistRow

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
FIGURE_ROLE = Qt.ItemDataRole.UserRole + 2
_ROOT = QModelIndex()


class WorklistModel(QAbstractListModel):
    """All rows by case id, and the ids that are shown, in order.

    The current case stays listed when a change of its row no longer passes the filter, so that
    the next and the previous case keep their meaning until the reader moves on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, WorklistRow] = {}
        self._shown: list[str] = []
        self._current = ""
        self._order = CaseOrder.WORST
        self._filter = CaseFilter.ALL
        self._query = Query()

    @property
    def current(self) -> str:
        """The id of the open case, or an empty text."""
        return self._current

    @property
    def total(self) -> int:
        """How many cases there are, shown or not."""
        return len(self._rows)

    @property
    def problem(self) -> str:
        """What of the search is not understood: then nothing is listed."""
        return self._query.problem(self._rows.values())

    def models(self) -> list[str]:
        """Return the models that predicted a case, by name."""
        return sorted({model for row in self._rows.values() for model in row.models})

    def order(self) -> list[str]:
        """Return the ids shown, first to last."""
        return list(self._shown)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if not index.isValid():
            return None
        row = self._rows[self._shown[index.row()]]
        if role == ROW_ROLE:
            return row
        if role == FIGURE_ROLE:
            return self._order.text(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return row.case_id
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.sentence()
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(row.tip())
        return None

    def index_of(self, case_id: str) -> QModelIndex:
        """Return where a case is shown; invalid where it is not."""
        position = self._position(case_id)
        return QModelIndex() if position is None else self.index(position)

    def refresh(self, case_id: str) -> None:
        """Have one row painted again."""
        index = self.index_of(case_id)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def set_rows(self, rows: Iterable[WorklistRow]) -> None:
        """Replace every row."""
        self._rows = {row.case_id: row for row in rows}
        if self._current not in self._rows:
            self._current = ""
        self._rebuild()

    def set_order(self, order: CaseOrder) -> None:
        """Sort all rows."""
        self._order = order
        self._rebuild()

    def set_filter(self, case_filter: CaseFilter, text: str) -> None:
        """List the cases that pass both; `text` is read as in `worklist_query`.

        None is listed while the text is not understood: a list would look as if it fitted.
        """
        self._filter = case_filter
        self._query = read_query(text)
        self._rebuild()

    def set_current(self, case_id: str) -> None:
        """Mark the open case."""
        before, self._current = self._current, case_id
        if before in self._rows and before != case_id:
            self.update_row(self._rows[before])  # It may now leave a filter it does not pass.
        self.refresh(before)
        self.refresh(case_id)

    def update_row(self, row: WorklistRow) -> None:
        """Change one row, or add it; it alone moves."""
        before = self._position(row.case_id)
        self._rows[row.case_id] = row
        held = before is not None and row.case_id == self._current
        if not (held or self._passes(row)):
            self._remove(before)
        elif before is None:
            self._insert(row)
        else:
            self._move(before, row)
            self.refresh(row.case_id)

    def _remove(self, position: int | None) -> None:
        if position is not None:
            self.beginRemoveRows(_ROOT, position, position)
            del self._shown[position]
            self.endRemoveRows()

    def _insert(self, row: WorklistRow) -> None:
        position = self._place(row, self._shown)
        self.beginInsertRows(_ROOT, position, position)
        self._shown.insert(position, row.case_id)
        self.endInsertRows()

    def _move(self, before: int, row: WorklistRow) -> None:
        others = self._shown[:before] + self._shown[before + 1 :]
        after = self._place(row, others)
        if after == before:
            return
        # Qt counts the destination before the row is taken out.
        self.beginMoveRows(_ROOT, before, before, _ROOT, after + (after > before))
        others.insert(after, row.case_id)
        self._shown = others
        self.endMoveRows()

    def _rebuild(self) -> None:
        self.beginResetModel()
        self._shown = self._sorted([row for row in self._rows.values() if self._passes(row)])
        self.endResetModel()

    def _sorted(self, rows: Sequence[WorklistRow]) -> list[str]:
        return [row.case_id for row in sorted(rows, key=self._order.key)]

    def _passes(self, row: WorklistRow) -> bool:
        return self._query.accepts(row) and self._filter.accepts(row)

    def _place(self, row: WorklistRow, ids: list[str]) -> int:
        return bisect_left(
            ids, self._order.key(row), key=lambda case_id: self._order.key(self._rows[case_id])
        )

    def _position(self, case_id: str) -> int | None:
        return self._shown.index(case_id) if case_id in self._shown else None

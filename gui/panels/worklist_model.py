"""The rows of the worklist: what each says, which are shown, and in which order."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from core.dataset import natural_key

LOW_DSC = 0.6
FAIR_DSC = 0.8
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_ROOT = QModelIndex()

SortKey = tuple[bool, float, list[str | int]]


@dataclass(frozen=True)
class WorklistRow:
    """What one row shows; `dsc` is None until scored, `progress` counts from 0 to 1 while running.

    `detail` is the caption, by default the number of slices. `predicted` and `has_truth` serve
    the filters; a case with a DSC has both. `name` is what is shown for the id, where it is short.
    """

    case_id: str
    slices: int
    dsc: float | None
    status: Literal["unreviewed", "open", "accepted", "corrected", "rejected"]
    detail: str = ""
    run: Literal["", "queued", "running", "failed"] = ""
    progress: float = 0.0
    synthetic: bool = False
    predicted: bool = False
    has_truth: bool = True
    name: str = ""

    @property
    def title(self) -> str:
        """The first line."""
        return self.name or self.case_id

    @property
    def caption(self) -> str:
        """The second line."""
        return self.detail or f"{self.slices} slice{'' if self.slices == 1 else 's'}"

    def sentence(self) -> str:
        """Say everything the row shows in words."""
        score = "not scored" if self.dsc is None else f"DSC {self.dsc:.3f}"
        parts = [self.case_id, self.caption, score, self.status]
        parts += [self.run] if self.run else []
        parts += ["synthetic"] if self.synthetic else []
        return ", ".join(parts)


def _below(limit: float) -> Callable[[WorklistRow], bool]:
    return lambda row: row.dsc is not None and row.dsc < limit


class CaseFilter(Enum):
    """Which cases are listed; the value is the text of the menu."""

    ALL = "All"
    UNPREDICTED = "Without prediction"
    LOW = f"DSC below {LOW_DSC}"
    FAIR = f"DSC below {FAIR_DSC}"
    NO_TRUTH = "No ground truth"
    FAILED = "Failed"

    def accepts(self, row: WorklistRow) -> bool:
        """Tell whether a row passes."""
        return _ACCEPTS[self](row)


_ACCEPTS: dict[CaseFilter, Callable[[WorklistRow], bool]] = {
    CaseFilter.ALL: lambda _: True,
    CaseFilter.UNPREDICTED: lambda row: not row.predicted and row.dsc is None,
    CaseFilter.LOW: _below(LOW_DSC),
    CaseFilter.FAIR: _below(FAIR_DSC),
    CaseFilter.NO_TRUTH: lambda row: not row.has_truth,
    CaseFilter.FAILED: lambda row: row.run == "failed",
}


class CaseOrder(Enum):
    """In which order; the value is the text of the selector. Without a DSC comes last."""

    WORST = "Worst DSC first"
    BEST = "Best DSC first"
    NAME = "Name"

    def key(self, row: WorklistRow) -> SortKey:
        """Return what a row is sorted by; equal DSCs follow the name."""
        name = natural_key(row.case_id)
        if self is CaseOrder.NAME:
            return (False, 0.0, name)
        score = row.dsc or 0.0
        return (row.dsc is None, -score if self is CaseOrder.BEST else score, name)


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
        self._text = ""

    @property
    def current(self) -> str:
        """The id of the open case, or an empty text."""
        return self._current

    @property
    def total(self) -> int:
        """How many cases there are, shown or not."""
        return len(self._rows)

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
        if role == Qt.ItemDataRole.DisplayRole:
            return row.case_id
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return row.sentence()
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
        """List the cases that pass both, the text as a part of id or caption in any case."""
        self._filter = case_filter
        self._text = text.strip().casefold()
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
        said = f"{row.case_id}\n{row.caption}".casefold()
        return self._text in said and self._filter.accepts(row)

    def _place(self, row: WorklistRow, ids: list[str]) -> int:
        return bisect_left(
            ids, self._order.key(row), key=lambda case_id: self._order.key(self._rows[case_id])
        )

    def _position(self, case_id: str) -> int | None:
        return self._shown.index(case_id) if case_id in self._shown else None

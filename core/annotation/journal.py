"""The journal: every gesture a committed transaction in the workspace's SQLite file.

All of it is called from one worker, in order. What `record` has returned from survives a killed
process: the mask is the start with the applied edits put on it one after the other, and its labels
are those of the start, or of the last applied edit that changed them. What a mask of one label has
of them is empty, as in a workspace that knew no others.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np

from core.annotation.draft import Draft, Origin, Step
from core.annotation.history import HISTORY_BYTES, Edit, History, box_shape, pack_edits, unpack
from core.domain.clock import utc_now
from core.domain.components import box_slices
from core.domain.errors import WorkspaceError, reason
from core.domain.guide import Click
from core.domain.label_set import BINARY, LabelMap, LabelSet
from core.domain.plane import PlaneName
from core.io.json_file import decode_json
from core.workspace.store import Store

_KEPT = (
    "The work is kept in memory and is saved with the next stroke that can be. Free some space or "
    "check the folder's permissions; to be safe, export the mask to another folder."
)
DAMAGED = "Restore the workspace from a backup, or go on from the last saved version."
_TABLES = ("corrections", "correction_states", "correction_edits")


class Journal:
    """Writes the steps of one correction; the first of them stores what it started from."""

    def __init__(self, store: Store, draft: Draft) -> None:
        self._store = store
        self._draft = draft
        self._stored = draft.stored
        self._pending: list[Step] = []

    @property
    def pending(self) -> int:
        """Number of steps that are not saved yet."""
        return len(self._pending)

    def record(self, step: Step) -> None:
        """Save `step`, and those that could not be saved before it; returns after the commit.

        Raises `WorkspaceError` when the workspace cannot be written; nothing is lost, see `retry`.
        """
        self._pending.append(step)
        self.retry()

    def retry(self) -> None:
        """Save what is pending; raises `WorkspaceError` as `record` does."""
        if not self._pending:
            return
        with told(self._draft.case_id, "saved", _KEPT), self._store.transaction() as connection:
            if not self._stored:
                _insert(connection, self._draft)
            for step in self._pending:
                _append(connection, self._draft.case_id, step)
        self._stored = True
        self._pending.clear()


def load_draft(
    store: Store, case_id: str, shape: tuple[int, ...], *, budget: int = HISTORY_BYTES
) -> Draft | None:
    """Return the correction of a case as it was last acknowledged, or None when there is none.

    Gestures beyond the history's budget are folded into what the replay starts from. Raises
    `WorkspaceError` when the journal cannot be read or belongs to a volume of another `shape`.
    """
    with told(case_id, "read", DAMAGED):
        rows = store.read(
            "SELECT author, origin, shape, start, base, base_head, forgotten, head, counter, "
            "saved_head, seconds, labels FROM corrections JOIN correction_states USING (case_id) "
            "WHERE case_id = ?",
            case_id,
        )
        if not rows:
            return None
        row = msgspec.convert(rows[0], _Row)
        _require_shape(case_id, row.shape, shape)
        return _draft(store, case_id, row, (shape, budget))


def begun_corrections(store: Store) -> frozenset[str]:
    """Return the cases with edits that no saved version holds; one undone whole has none."""
    with told("all cases", "listed", DAMAGED):
        rows = store.read(
            "SELECT case_id FROM correction_states WHERE head > 0 AND head != saved_head"
        )
    return frozenset(str(case_id) for (case_id,) in rows)


def discard_draft(store: Store, case_id: str) -> None:
    """Delete the correction of a case and its history; saved versions stay."""
    with told(case_id, "discarded", _KEPT), store.transaction() as connection:
        for table in _TABLES:
            connection.execute(f"DELETE FROM {table} WHERE case_id = ?", (case_id,))


_EditRow = tuple[int, str, int, str, bytes, bytes, int, str, str, PlaneName]


class _Row(msgspec.Struct, array_like=True):
    author: str
    origin: str
    shape: str
    start: bytes
    base: bytes | None
    base_head: int
    forgotten: str
    head: int
    counter: int
    saved_head: int
    seconds: float
    labels: str


def _draft(store: Store, case_id: str, row: _Row, limits: tuple[tuple[int, ...], int]) -> Draft:
    """Replay the gestures; `limits` are the shape and the history's budget."""
    shape, budget = limits
    start = unpack(row.start, shape)
    start.setflags(write=False)
    mask = np.array(start) if row.base is None else unpack(row.base, shape)
    edits = _edits(store, case_id)
    forgotten = decode_json(row.forgotten, dict[str, int])
    history = History(
        edits, head=row.head, base_head=row.base_head, forgotten=forgotten, budget=budget
    )
    labels = decode_json(row.labels, LabelSet) if row.labels else BINARY
    labels = _replay(mask, labels, [edit for edit in edits if edit.number <= history.base_head])
    if history.base_head != row.base_head:
        _fold(store, case_id, history, (mask, labels))
    applied = [edit for edit in edits if history.base_head < edit.number <= row.head]
    labels = _replay(mask, labels, applied)
    if history.head != row.head:
        raise ValueError(f"gesture {row.head} is missing")
    return Draft(
        case_id,
        row.author,
        decode_json(row.origin, Origin),
        start,
        mask,
        history,
        # A version may hold edits that the journal never took; their numbers are not given twice.
        max(row.counter, row.saved_head),
        row.saved_head,
        row.seconds,
        stored=True,
        labels=labels,
    )


def _edits(store: Store, case_id: str) -> list[Edit]:
    rows = store.read(
        "SELECT number, tool, z, box, before, after, voxels, clicks, labels, plane "
        "FROM correction_edits WHERE case_id = ? ORDER BY number",
        case_id,
    )
    found = msgspec.convert(rows, list[_EditRow])
    return [
        Edit(
            *row[:3],
            decode_json(row[3], tuple[int, int, int, int, int, int]),
            *row[4:7],
            decode_json(row[7], tuple[Click, ...]) if row[7] else (),
            decode_json(row[8], tuple[LabelSet, LabelSet]) if row[8] else None,
            row[9],
        )
        for row in found
    ]


def _replay(mask: LabelMap, labels: LabelSet, edits: list[Edit]) -> LabelSet:
    """Put `edits` on `mask`, and return what `labels` become by them.

    Raises `ValueError` when one was made on something else.
    """
    for edit in edits:
        where, shape = box_slices(edit.box), box_shape(edit.box)
        if not np.array_equal(mask[where], unpack(edit.before, shape)):
            raise ValueError(f"gesture {edit.number} does not follow the one before it")
        mask[where] = unpack(edit.after, shape)
        labels = labels if edit.labels is None else edit.labels[1]
    return labels


def _fold(store: Store, case_id: str, history: History, base: tuple[LabelMap, LabelSet]) -> None:
    label_map, labels = base
    forgotten = msgspec.json.encode(dict(history.forgotten)).decode()
    with store.transaction() as connection:
        connection.execute(
            "UPDATE corrections SET base = ?, base_head = ?, forgotten = ?, labels = ? "
            "WHERE case_id = ?",
            (pack_edits(label_map), history.base_head, forgotten, _encoded(labels), case_id),
        )
        connection.execute(
            "DELETE FROM correction_edits WHERE case_id = ? AND number <= ?",
            (case_id, history.base_head),
        )


def _insert(connection: sqlite3.Connection, draft: Draft) -> None:
    connection.execute(
        "INSERT INTO corrections (case_id, author, origin, shape, start, labels) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            draft.case_id,
            draft.author,
            msgspec.json.encode(draft.origin).decode(),
            msgspec.json.encode(draft.start.shape).decode(),
            pack_edits(draft.start),
            _encoded(draft.labels),
        ),
    )
    connection.execute(
        "INSERT INTO correction_states VALUES (?, 0, 0, 0, 0.0, ?)", (draft.case_id, utc_now())
    )


def _append(connection: sqlite3.Connection, case_id: str, step: Step) -> None:
    if step.kind == "edit":
        edit = step.edit
        connection.execute(
            "DELETE FROM correction_edits WHERE case_id = ? AND number > "
            "(SELECT head FROM correction_states AS s WHERE s.case_id = ?)",
            (case_id, case_id),
        )
        box = msgspec.json.encode(edit.box).decode()
        clicks = msgspec.json.encode(edit.clicks).decode() if edit.clicks else ""
        labels = msgspec.json.encode(edit.labels).decode() if edit.labels else ""
        changed = (edit.voxels, edit.before, edit.after, clicks, labels, edit.plane)
        connection.execute(
            "INSERT INTO correction_edits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (case_id, edit.number, edit.tool, edit.z, box, *changed),
        )
    connection.execute(
        "UPDATE correction_states SET head = ?, counter = max(counter, ?), seconds = ?, "
        "changed_at = ? WHERE case_id = ?",
        (step.head, step.head, step.seconds, utc_now(), case_id),
    )


def _encoded(labels: LabelSet) -> str:
    return "" if labels == BINARY else msgspec.json.encode(labels).decode()


def _require_shape(case_id: str, stored: str, shape: tuple[int, ...]) -> None:
    found = decode_json(stored, tuple[int, ...])
    if found != tuple(shape):
        raise WorkspaceError(
            f"{case_id}: expected a correction of {_text(shape)} voxels, found one of "
            f"{_text(found)}. The case's files have changed since; put them back to go on with "
            "it, or discard it."
        )


def _text(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


@contextmanager
def told(case_id: str, done: str, advice: str) -> Iterator[None]:
    """Say what SQLite or the system refused, or what was damaged, as this correction's failure."""
    try:
        yield
    except WorkspaceError as error:
        if isinstance(error.__cause__, (sqlite3.Error, OSError)):
            raise _failed(case_id, done, advice, error.__cause__) from error
        raise
    except (msgspec.MsgspecError, ValueError) as error:
        raise _failed(case_id, done, advice, error) from error


def _failed(case_id: str, done: str, advice: str, error: Exception) -> WorkspaceError:
    why = reason(error) if isinstance(error, OSError) else error
    return WorkspaceError(
        f"{case_id}: its correction could not be {done} in the workspace ({why}). {advice}"
    )

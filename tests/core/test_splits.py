"""The split of a workspace and its ledger."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from core.domain.errors import DataError
from core.workspace.splits import SplitFile, freeze_split, frozen_split, read_split, split_hash
from core.workspace.store import Store

SPLIT = SplitFile(("A", "B", "C", "D"), ("X", "Y"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "workspace.sqlite")
    yield store
    store.close()


def test_the_first_split_is_frozen_and_outlives_the_program(store: Store, tmp_path: Path) -> None:
    assert frozen_split(store) is None
    assert freeze_split(store, SPLIT) == SPLIT
    store.close()
    again = Store(tmp_path / "workspace.sqlite")
    assert frozen_split(again) == SPLIT
    again.close()


def test_of_two_trainings_that_start_at_once_one_freezes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other asked before there was a split, and writes after there is one."""
    path, other = tmp_path / "workspace.sqlite", SplitFile(("A", "B"), ("C",))
    store, second = Store(path), Store(path)
    transaction = second.transaction

    def late() -> AbstractContextManager[sqlite3.Connection]:
        freeze_split(store, SPLIT)
        return transaction()

    monkeypatch.setattr(second, "transaction", late)
    assert freeze_split(second, other) == SPLIT
    assert frozen_split(second) == SPLIT
    for each in (store, second):
        each.close()


def test_a_workspace_with_two_splits_keeps_the_earlier(store: Store) -> None:
    freeze_split(store, SPLIT)
    with store.transaction() as connection:  # as two processes could do it once
        connection.execute(
            "INSERT INTO splits SELECT 'later', '{\"train\": [\"X\"]}', time + 1 FROM splits"
        )
    assert frozen_split(store) == SPLIT


def test_a_split_without_judges_freezes_nothing(store: Store) -> None:
    alone = SplitFile(("A", "X"))
    assert freeze_split(store, alone) == alone
    assert freeze_split(store, SPLIT) == SPLIT
    assert frozen_split(store) == SPLIT


def test_folds_of_train_may_be_trained_on_but_no_judge(store: Store) -> None:
    freeze_split(store, SPLIT)
    assert freeze_split(store, SplitFile(("A", "B"), ("C", "D"))) == SPLIT
    with pytest.raises(DataError, match="found Y in train"):
        freeze_split(store, SplitFile(("A", "Y"), ("X",)))
    assert frozen_split(store) == SPLIT


def test_a_split_that_is_refused_freezes_nothing(store: Store) -> None:
    with pytest.raises(DataError, match="found X in train"):
        freeze_split(store, SplitFile(("A", "X"), ("Y",)), judges=SPLIT)
    assert frozen_split(store) is None


def test_the_hash_tells_parts_apart_and_not_their_order() -> None:
    assert split_hash(SPLIT) == split_hash(SplitFile(("D", "C", "B", "A"), ("Y", "X")))
    assert split_hash(SPLIT) != split_hash(SplitFile(("A", "B", "C"), ("D", "X", "Y")))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "expected JSON as"),
        (b"\xff\xfe", "expected JSON as"),
        (b'{"train": 3}', "expected JSON as"),
        (json.dumps({"train": ["A"], "val": ["A"]}).encode(), "A in train and in val"),
    ],
)
def test_what_is_no_split_by_case_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "split.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told):
        read_split(path)
    with pytest.raises(DataError, match="expected a split file"):
        read_split(tmp_path / "absent.json")

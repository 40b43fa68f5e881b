"""The split of a dataset by case, and the workspace's ledger that keeps its judges apart."""

import time
from hashlib import blake2b
from pathlib import Path

import msgspec

from core.domain.errors import DataError, reason
from core.io.json_file import decode_json
from core.workspace.store import Store


class SplitFile(msgspec.Struct, frozen=True):
    """The content of a split file: case ids. `val` judges and must not be learnt from."""

    train: tuple[str, ...]
    val: tuple[str, ...] = ()


def read_split(path: Path) -> SplitFile:
    """Return the split in a file; raises `DataError` for what is no split or not by case."""
    try:
        split = decode_json(path.read_bytes(), SplitFile)
    except OSError as error:
        raise DataError(
            f"{path}: expected a split file, found: {reason(error)}. Check the path."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f'{path}: expected JSON as {{"train": [case ids], "val": [case ids]}}, '
            f"found: {error}. Correct the file."
        ) from error
    twice = sorted(set(split.train) & set(split.val))
    if twice:
        raise DataError(
            f"{path}: expected every case in one part, found {', '.join(twice[:3])} in train and "
            "in val. Take it out of one, or its score would be worth nothing."
        )
    return split


def split_hash(split: SplitFile) -> str:
    """Return a hash of the split, the same for any order of its cases."""
    parts = msgspec.json.encode((sorted(set(split.train)), sorted(set(split.val))))
    return blake2b(parts, digest_size=8).hexdigest()


def freeze_split(store: Store, split: SplitFile, *, judges: SplitFile | None = None) -> SplitFile:
    """Return the workspace's frozen split: `judges` the first time it is asked, `split` when None.

    A split without `val` has no judges and freezes nothing. Once frozen, `val` judges every
    candidate. Another split may be trained on, a fold of `train` for instance, as long as it
    learns from no case of that `val`: then `DataError`, and nothing is frozen.
    """
    proposed = split if judges is None else judges
    frozen = frozen_split(store)
    require_apart(split, frozen or proposed)
    if frozen is None and proposed.val:
        frozen = _freeze(store, proposed)
        require_apart(split, frozen)  # another process may have been first
    return frozen or proposed


def require_apart(split: SplitFile, frozen: SplitFile) -> None:
    """Raise `DataError` for a split that learns from a case that judges."""
    leaked = sorted(set(split.train) & set(frozen.val))
    if leaked:
        raise DataError(
            f"Expected a split that learns from no case of the frozen val part, found "
            f"{', '.join(leaked[:3])} in train. These cases judge the models of this workspace; "
            "take them out of train."
        )


def frozen_split(store: Store) -> SplitFile | None:
    """Return the split frozen in the workspace, None where there is none yet."""
    rows = store.read("SELECT content FROM splits ORDER BY time LIMIT 1")
    return store.decoded(rows[0][0], SplitFile) if rows else None


def _freeze(store: Store, split: SplitFile) -> SplitFile:
    """Keep a split where there is none; another process may have been first, and its holds."""
    content = msgspec.json.encode(split).decode()
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO splits SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM splits)",
            (split_hash(split), content, time.time()),
        )
    frozen = frozen_split(store)
    assert frozen is not None, "there is one now"
    return frozen

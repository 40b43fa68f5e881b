"""The workspace's SQLite file: one transaction a change, synced to the disk before it returns."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import WorkspaceError

_VERSION = 1
_SCHEMA = """
CREATE TABLE scores (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, dsc REAL,
    PRIMARY KEY (case_id, model_id)
) WITHOUT ROWID;
CREATE TABLE states (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Store:
    """One connection, usable from several threads in turn; closed by `close`.

    Raises `WorkspaceError` when the file cannot be opened or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._open(path)
        except (OSError, sqlite3.Error) as error:
            raise WorkspaceError(
                f"{path}: expected a workspace that can be written, found: {error}. "
                "Free some space, or move the file away to start a new one."
            ) from error

    def _open(self, path: Path) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            self._connection.close()
            raise WorkspaceError(
                f"{path}: expected version {_VERSION}, found {version}. "
                "Open it with the newer Overread that wrote it."
            )
        if version == 0:
            self._connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={_VERSION};COMMIT;")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside one transaction, undone when the block raises."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def read(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return all rows of a query."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

"""The workspace's SQLite file: one transaction a change, synced to the disk before it returns."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.domain.errors import WorkspaceError
from core.workspace.schema import STEPS


class Store:
    """One connection, usable from several threads in turn; closed by `close`.

    Raises `WorkspaceError` when the file cannot be opened or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                self._open(path)
            except BaseException:
                self._connection.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise _refused(path, error) from error

    def _open(self, path: Path) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        version = self._version()
        if version > len(STEPS):
            raise WorkspaceError(
                f"{path}: expected version {len(STEPS)} at most, found {version}. "
                "Open it with the newer Overread that wrote it."
            )
        while (version := self._version()) < len(STEPS):
            self._take_step(version)

    def _take_step(self, version: int) -> None:
        """Lead the file from `version` to the next."""
        try:
            self._connection.executescript(
                f"BEGIN EXCLUSIVE;{STEPS[version]}PRAGMA user_version={version + 1};COMMIT;"
            )
        except sqlite3.Error:
            self._roll_back()
            # Another window opens the same new workspace and may have been first.
            if self._version() == version:
                raise

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _roll_back(self) -> None:
        # A full disk undoes some transactions before it is told.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside one transaction, undone when the block raises.

        Raises `WorkspaceError` when the file cannot be written.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise _refused(self._path, error) from error
            except BaseException:
                self._roll_back()
                raise

    def read(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return all rows of a query; raises `WorkspaceError` when the file cannot be read."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise _refused(self._path, error) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _refused(path: Path, error: Exception) -> WorkspaceError:
    return WorkspaceError(
        f"{path}: expected a workspace that can be written, found: {error}. "
        "Free some space, or move the file away to start a new one."
    )


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")

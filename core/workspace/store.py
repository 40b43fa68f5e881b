"""The workspace's SQLite file: one transaction a change, synced to the disk before it returns."""

import errno
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from core.domain.errors import WorkspaceError
from core.io.atomic import make_private_file, make_private_folder
from core.io.json_file import decode_json
from core.workspace.recovery import found_beside
from core.workspace.schema import STEPS

T = TypeVar("T")

# What SQLite says of damaged names of tables may itself be no UTF-8.
_FAULTS = (sqlite3.Error, UnicodeDecodeError)


class Store:
    """One connection, usable from several threads in turn; closed by `close`.

    Where nothing can be written it is a copy in memory, and `read_only`: what is changed in it
    goes with it.

    Raises `WorkspaceError` when the file cannot be opened or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        self.read_only = False
        try:
            self._connection = self._connected(path)
            try:
                self._open(path)
            except BaseException:
                self._connection.close()
                raise
        except (OSError, *_FAULTS) as error:
            raise _refused(path, error) from error

    def _connected(self, path: Path) -> sqlite3.Connection:
        """Return the file, or a copy of it in memory where nothing can be written."""
        try:
            make_private_folder(path.parent)
            if os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK)):
                make_private_file(path)
                return sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
                raise
        self.read_only = True
        copy = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        if path.exists():
            _copy(path, copy)
        return copy

    def _open(self, path: Path) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        version = self._version()
        if version < 0:
            raise WorkspaceError(
                f"{path}: expected a workspace, found version {version}. {_way_back(path.parent)}"
            )
        if version > len(STEPS):
            raise WorkspaceError(
                f"{path}: expected version {len(STEPS)} at most, found {version}. "
                "Open it with the newer Overread that wrote it."
            )
        while (version := self._version()) < len(STEPS):
            self._take_steps(version)

    def _take_steps(self, version: int) -> None:
        """Lead the file from `version` to ours, unless another window has by now; whole or not."""
        execute = self._connection.execute
        try:
            execute("BEGIN EXCLUSIVE")
            # Some steps would do their work twice without an error, and lose what was between.
            if self._version() == version:
                for step in STEPS[version:]:
                    for statement in _statements(step):
                        execute(statement)
                execute(f"PRAGMA user_version={len(STEPS)}")
            execute("COMMIT")
        except sqlite3.Error:
            self._roll_back()
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
            except _FAULTS as error:
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
            except _FAULTS as error:
                raise _refused(self._path, error) from error

    def read_as(self, kind: type[T], query: str, *values: object) -> list[T]:
        """Return all rows of a query, each as `kind`; raises `WorkspaceError` as `read` does."""
        return [self.fitted(row, kind) for row in self.read(query, *values)]

    def fitted(self, row: object, kind: type[T]) -> T:
        """Return what a row holds as `kind`; raises `WorkspaceError` for what is not that."""
        try:
            return msgspec.convert(row, kind)
        except msgspec.ValidationError as error:
            raise self.damaged(error) from error

    def decoded(self, content: object, kind: type[T]) -> T:
        """Return JSON of a row as `kind`; raises `WorkspaceError` for what is not that."""
        try:
            return decode_json(str(content), kind)
        except msgspec.DecodeError as error:
            raise self.damaged(error) from error

    def known(self, content: object, kind: type[T]) -> T | None:
        """Return JSON of a row as `kind`, None for what is not that and can be made again."""
        try:
            return decode_json(str(content), kind)
        except msgspec.DecodeError:
            return None

    def damaged(self, error: Exception) -> WorkspaceError:
        """Return what is told of a row that cannot be read, because of `error`."""
        return WorkspaceError(
            f"{self._path}: expected a workspace that can be read, found a row that is damaged "
            f"({error}). {_way_back(self._path.parent)}"
        )

    def mend(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` does with the connection, outside a transaction.

        Raises `WorkspaceError` when the file cannot be read or written.
        """
        with self._lock:
            try:
                return work(self._connection)
            except _FAULTS as error:
                raise _refused(self._path, error) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _copy(path: Path, copy: sqlite3.Connection) -> None:
    """Copy a file that cannot be written, with its journal where that can be read."""
    address = path.resolve().as_uri()
    try:
        with closing(sqlite3.connect(f"{address}?mode=ro", uri=True)) as source:
            source.backup(copy)
    except sqlite3.OperationalError:  # a journal that cannot be opened: the file itself
        with closing(sqlite3.connect(f"{address}?immutable=1", uri=True)) as source:
            source.backup(copy)


def _refused(path: Path, error: Exception) -> WorkspaceError:
    advice = "Free some space, or check the folder's permissions, then try again."
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        advice = (
            "Another program holds it: close that one, or wait until it is done, and try again."
        )
    elif code in _DAMAGED or isinstance(error, UnicodeDecodeError):
        advice = _way_back(path.parent)
    return WorkspaceError(
        f"{path}: expected a workspace that can be written, found: {error}. {advice}"
    )


def _way_back(folder: Path) -> str:
    """Return what to do about a damaged file."""
    beside = found_beside(folder)
    if beside:
        return (
            "It is damaged: move the file away, keep it, and open again. Then "
            f"{beside} beside it will be taken in its place."
        )
    return (
        "It is damaged, and beside it is no snapshot and no saved version. Restore it from a "
        "backup, or move the file away to begin anew."
    )


def _statements(script: str) -> Iterator[str]:
    """Yield each statement of a script; `executescript` would end the transaction before it."""
    found = ""
    for part in re.findall(r"[^;]*;|[^;]+$", script):
        found += part
        if sqlite3.complete_statement(found):
            yield found
            found = ""
    if found.strip():
        yield found

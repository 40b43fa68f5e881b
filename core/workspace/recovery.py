"""The way back of a workspace whose SQLite file is gone: its snapshots, and the versions on disk.

Each saved version says in its own TIFF what it is (`ImageDescription`), so that a new SQLite file
lists it again. A snapshot is made once a day, when the workspace is opened.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from tifffile import TiffFile

from core.domain.figure_text import counted
from core.io.atomic import atomic_path
from core.io.json_file import decode_json

CORRECTIONS = "corrections"
SNAPSHOTS = "snapshots"
_KEPT = 7
WORTH_KEEPING = (
    "blinded_studies",
    "correction_versions",
    "corrections",
    "decisions",
    "measurements",
    "reviews",
    "scores",
    "signed",
    "splits",
    "time_spent",
    "truth_errors",
)
"""The tables of which one row is worth a snapshot: what people did, and scores, which take hours.

What goes with a row of these, or is computed from the cases again, needs none of its own.
"""

_CHOSEN_LABELS = "states WHERE name = 'labels'"  # the other state is but where the reader was


def is_empty(path: Path) -> bool:
    """Tell whether there is no SQLite file, or one that nothing was ever written to."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True
    except OSError:  # told when it is opened
        return False


def snapshots(folder: Path) -> list[Path]:
    """Return the snapshots of a workspace, newest first."""
    return sorted((folder / SNAPSHOTS).glob("*.sqlite"), reverse=True)


def found_beside(folder: Path) -> str:
    """Say what of a workspace lies beside its SQLite file; empty for nothing."""
    said, kept = [], snapshots(folder)
    if kept:
        said.append(f"the snapshot of {kept[0].stem}")
    count = sum(1 for _ in _files(folder))
    if count:
        said.append(counted(count, "saved version"))
    return " and ".join(said)


def put_back(folder: Path, path: Path) -> str:
    """Put the newest snapshot that is whole in the place of an empty `path`; return its day."""
    for found in snapshots(folder):
        with suppress(sqlite3.Error):
            # What a journal of the lost file holds belongs to no other.
            for rest in ("-wal", "-shm"):
                left = path.with_name(path.name + rest)
                if left.exists():
                    left.replace(left.with_name(f"lost-{left.name}"))
            _copied(found, path)
            return found.stem
    return ""


def keep_snapshot(connection: sqlite3.Connection, folder: Path) -> None:
    """Copy what the workspace holds as the snapshot of today, unless there is one.

    Raises `WorkspaceError` or `sqlite3.Error` when it cannot be written.
    """
    path = folder / SNAPSHOTS / f"{datetime.now(UTC):%Y-%m-%d}.sqlite"
    if path.exists() or not any(
        _holds(connection, table) for table in (*WORTH_KEEPING, _CHOSEN_LABELS)
    ):
        return
    with atomic_path(path, private=True) as temporary, closing(sqlite3.connect(temporary)) as copy:
        connection.backup(copy)
    for old in snapshots(folder)[_KEPT:]:
        old.unlink(missing_ok=True)


def list_again(connection: sqlite3.Connection, folder: Path) -> tuple[int, list[Path]]:
    """List the versions on disk that the SQLite file does not know.

    Returns how many, and the files that cannot be read, which are left out.
    """
    known = set(connection.execute("SELECT case_id, number FROM correction_versions"))
    count, unreadable = 0, list[Path]()
    for path in _files(folder):
        try:
            entry = _entry(folder, path)
        except OSError:
            unreadable.append(path)
            continue
        if (entry.case_id, entry.number) in known:
            continue
        connection.execute(
            "INSERT INTO correction_versions VALUES (?, ?, ?)",
            (entry.case_id, entry.number, msgspec.json.encode(entry).decode()),
        )
        count += 1
    return count, unreadable


class _Entry(msgspec.Struct, kw_only=True):
    """What a version says of itself, or what is known of one that says nothing."""

    case_id: str
    number: int
    path: str
    author: str = "unknown"
    saved_at: str
    origin: dict[str, object] = msgspec.field(default_factory=lambda: {"kind": "empty"})
    tools: dict[str, int] = {}
    seconds: float = 0.0
    voxels: int = -1
    voxels_changed: int = 0
    dsc_before: float | None = None
    dsc_after: float | None = None
    head: int = 0
    labels: dict[str, object] | None = None
    region: str = ""
    regions: list[dict[str, object]] = []
    checksum: str


def _entry(folder: Path, path: Path) -> _Entry:
    known = {
        "case_id": path.parent.name,
        "saved_at": datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds"),
    }
    said: dict[str, object] = {}
    with suppress(Exception), TiffFile(path) as file:  # one that cannot be read is listed too
        said = decode_json(file.pages.first.description, dict[str, object])
    where = {
        "number": int(path.stem),
        "path": path.relative_to(folder).as_posix(),
        "checksum": sha256(path.read_bytes()).hexdigest(),
    }
    try:
        return msgspec.convert({**known, **said, **where}, _Entry)
    except msgspec.ValidationError:
        return msgspec.convert({**known, **where}, _Entry)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted((folder / CORRECTIONS).glob("*/*.tif")):
        if path.stem.isdecimal():
            yield path


def _holds(connection: sqlite3.Connection, rows: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone() is not None


def _copied(found: Path, path: Path) -> None:
    address = f"{found.resolve().as_uri()}?immutable=1"
    with (
        closing(sqlite3.connect(address, uri=True)) as source,
        closing(sqlite3.connect(path)) as to,
    ):
        source.execute("SELECT count(*) FROM correction_versions")
        source.backup(to)

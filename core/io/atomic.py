"""Every write of Overread: a temporary file beside the target, synced, then renamed over it."""

import os
import platform
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from core.domain.errors import WorkspaceError, reason

_LEFT = re.compile(r"\.[0-9a-f]{16}(?:-([0-9a-f]{4})-([0-9]+))?(\.[^.]*)?")
_DAY = 86400.0
_PRIVATE, _PRIVATE_FOLDER = 0o600, 0o700


@contextmanager
def atomic_path(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends well.

    A reader of `path` sees the old bytes or all of the new ones. When the block raises, `path`
    stays as it was and the temporary file is gone. The suffix of `path` is kept, because some
    writers choose the format by it. A `private` file is for this reader alone. Raises
    `WorkspaceError` when the system refuses the write.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not tempfile's: its files are private, and a mask is meant to be read by colleagues.
        mark = f"{secrets.token_hex(8)}-{_here()}-{os.getpid()}"
        temporary = path.with_name(f".{mark}{path.suffix}")
        temporary.touch(mode=_PRIVATE if private else 0o666, exist_ok=False)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write `data` to `path` atomically; raises `WorkspaceError` when the system refuses."""
    with atomic_path(path, private=private) as temporary:
        temporary.write_bytes(data)


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this reader alone."""
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file for this reader alone, unless there is one."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))


def sweep(folder: Path, *, deep: bool = True) -> int:
    """Delete the temporary files of writers that were killed in `folder`; return how many."""
    count = 0
    for path in folder.rglob(".*") if deep else folder.glob(".*"):
        with suppress(OSError):
            if _is_left(path):
                path.unlink()
                count += 1
    return count


def _is_left(path: Path) -> bool:
    """Tell a temporary file whose process has gone; where that is not known, one of yesterday."""
    match = _LEFT.fullmatch(path.name)
    if match is None or not path.is_file() or path.is_symlink():
        return False
    if match[1] == _here() and sys.platform != "win32":  # there, asking would end the process
        return not _is_alive(int(match[2]))
    return time.time() - path.stat().st_mtime > _DAY


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _here() -> str:
    """Return a mark of this computer: on a shared disk others have processes of the same number."""
    return blake2b(platform.node().encode(), digest_size=2).hexdigest()


def _refused(path: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"{path}: could not be written ({reason(error)}). What was there before is unchanged. "
        "Free some space or choose a folder you may write to, then try again."
    )


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system lets a folder be synced."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

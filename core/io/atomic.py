"""Every write of Overread: a temporary file beside the target, synced, then renamed over it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.domain.errors import WorkspaceError, reason


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends well.

    A reader of `path` sees the old bytes or all of the new ones. When the block raises, `path`
    stays as it was and the temporary file is gone. The suffix of `path` is kept, because some
    writers choose the format by it. Raises `WorkspaceError` when the system refuses the write.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not tempfile's: its files are private, and a mask is meant to be read by colleagues.
        temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
        temporary.touch(exist_ok=False)
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


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically; raises `WorkspaceError` when the system refuses."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


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

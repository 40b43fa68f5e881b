"""Long jobs take turns on a device: a lock file that the system lets go of when a process ends."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.domain.errors import WorkspaceError, reason
from core.io.file_lock import hold

_POLL_SECONDS = 0.5


@contextmanager
def device_turn(home: Path, device: str, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the device for the block; until another job lets it go, call `waiting` now and then.

    `waiting` may raise to give up. Works between processes; a killed one holds nothing back.
    Raises `WorkspaceError` when the lock file cannot be made, or its disk knows no locks.
    """
    path = home / "queue" / f"{re.sub(r'[^a-z0-9]', '_', device.lower())}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise WorkspaceError(
            f"{path}: could not be written ({reason(error)}). Check the folder's permissions."
        ) from error
    try:
        while not _held(handle, path):
            waiting()
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(handle)


def _held(handle: int, path: Path) -> bool:
    try:
        return hold(handle)
    except OSError as error:
        raise WorkspaceError(
            f"{path}: expected a disk on which a file can be locked, found: {reason(error)}. Name "
            "a folder on another disk with OVERREAD_HOME."
        ) from error

"""One window writes to a workspace; the others open it read-only and say who holds it.

The lock is the operating system's on an open file: it goes with the process, however that ends.
"""

import os
import platform
from datetime import datetime
from pathlib import Path

import msgspec

from core.domain.clock import utc_now
from core.domain.errors import WorkspaceError, reason
from core.io.atomic import make_private_folder
from core.io.file_lock import hold
from core.io.json_file import decode_json

LOCK_NAME = "workspace.lock"


class Holder(msgspec.Struct, frozen=True):
    """Who holds a workspace, on which computer, as which process, since when (ISO 8601)."""

    user: str = "another reader"
    host: str = "this computer"
    process: int = 0
    since: str = ""


class WorkspaceHeld(WorkspaceError):
    """Another window holds the workspace; it can be opened for reading."""

    def __init__(self, dataset: str, holder: Holder) -> None:
        self.holder = holder
        since = f" since {_local(holder.since)}" if holder.since else ""
        super().__init__(
            f"{dataset}: opened read-only, because {holder.user} on {holder.host} has had it "
            f"open in another window{since} (process {holder.process}). Close that window and go "
            "on here: the next stroke takes over."
        )


class WorkspaceLock:
    """A held lock; kept as long as the window may write."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let another window have the workspace; releasing twice does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def take_lock(folder: Path, *, user: str, dataset: str) -> WorkspaceLock:
    """Hold the workspace in `folder` for this process; `dataset` is the name a refusal speaks of.

    Raises `WorkspaceHeld` when another window has it, another `WorkspaceError` when the folder
    cannot be written.
    """
    path = folder / LOCK_NAME
    try:
        make_private_folder(folder)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        held = hold(descriptor)
        if held:
            _sign(descriptor, Holder(user, platform.node(), os.getpid(), utc_now()))
    except OSError as error:
        os.close(descriptor)
        raise _refused(folder, error) from error
    if not held:
        os.close(descriptor)
        raise WorkspaceHeld(dataset, _holder(path))
    return WorkspaceLock(descriptor)


def _sign(descriptor: int, holder: Holder) -> None:
    content = msgspec.json.encode(holder)
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, content)


def _holder(path: Path) -> Holder:
    """Return who signed the lock file; someone unknown when that was cut short."""
    try:
        return decode_json(path.read_bytes(), Holder)
    except (OSError, msgspec.DecodeError):
        return Holder()


def _refused(folder: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"{folder}: opened read-only, because it cannot be written ({reason(error)}). Check the "
        "folder's permissions to correct here."
    )


def _local(time: str) -> str:
    """Return an ISO 8601 time as the clock on the wall shows it, or as it is when it is none."""
    try:
        return f"{datetime.fromisoformat(time).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return time

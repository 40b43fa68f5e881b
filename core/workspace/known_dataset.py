"""Datasets as the reader has them: a zip is unpacked, and how a folder is organised is kept."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import msgspec

from core.domain.errors import DataError, WorkspaceError, reason
from core.domain.progress import Progress, silent
from core.io.archive import is_zip, unpack
from core.io.atomic import make_private_folder
from core.io.datasets.dataset import Dataset, scan
from core.io.datasets.organisation import AS_IT_LIES, Organisation
from core.io.json_file import decode_json, write_json
from core.workspace.settings import home
from core.workspace.workspace_folder import workspace_folder

ORGANISATION_FILE = "organisation.json"
ONCE_FILE = "organisation-once.json"
_UNPACKED = "unpacked"
_KEPT_SECONDS = 30 * 86400


def scan_known(
    root: Path,
    how: Organisation = AS_IT_LIES,
    *,
    remember: bool = True,
    check: Callable[[Dataset], None] | None = None,
    progress: Progress = silent,
) -> Dataset:
    """Return the cases under `root`, as `how` says and, where it says nothing, as was said before.

    What is said is kept in the workspace once it has found cases, without `remember` until
    `forget_once`; where `check` raises for them, nothing is. `root` may be a zip. Raises
    `DataError` as `scan`, `WorkspaceError` when it cannot be kept.
    """
    root = root.expanduser().absolute()
    before = recalled(root)
    said = how.over(before)
    found = scan(unpacked(root), said, progress=progress)
    _require_channels(found, how)
    if check is not None:
        check(found)
    once = _path(root, ONCE_FILE)
    if said != before or (how.is_given and remember == once.exists()):
        _put(_path(root) if remember else once, said)
        if remember:
            forget_once(root)
    return replace(found, root=root)


def _require_channels(found: Dataset, how: Organisation) -> None:
    """Raise `DataError` when a role is given to a channel that no case has."""
    volumes = [case.volumes for case in found.cases if case.volumes is not None]
    known = dict.fromkeys(channel.name for each in volumes for channel in each.channels)
    for name, _ in how.roles if volumes else ():
        if name not in known:
            raise DataError(
                f"{found.name}: expected a role for one of the channels {', '.join(known)}, found "
                f"one for {name}. Name the channel as `info` does."
            )


def recalled(root: Path) -> Organisation:
    """Return how the reader said that the folder is organised, or nothing."""
    for name in (ONCE_FILE, ORGANISATION_FILE):
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            return decode_json(_path(root, name).read_bytes(), Organisation)
    return AS_IT_LIES


def keep(root: Path, how: Organisation) -> None:
    """Keep in the workspace how a folder is organised; until `forget_once` what was said so."""
    once = _path(root, ONCE_FILE)
    _put(once if once.exists() else _path(root), how)


def forget_once(root: Path) -> None:
    """Forget what was not to be remembered; what was said before holds again."""
    with suppress(OSError):
        _path(root.expanduser().absolute(), ONCE_FILE).unlink(missing_ok=True)


def _put(path: Path, how: Organisation) -> None:
    with suppress(OSError):  # told by the write
        make_private_folder(path.parent)
    write_json(path, how)


def unpacked(root: Path) -> Path:
    """Return `root`, or the private folder that a zip of that path is unpacked in.

    It is unpacked once; those not asked for in thirty days go. Raises `FileError` for a damaged
    one.
    """
    if not is_zip(root):
        return root
    known = root.stat()
    mark = f"{root} {known.st_size} {known.st_mtime_ns}"
    box = home() / _UNPACKED
    make_private_folder(box)
    folder = box / blake2b(os.fsencode(mark), digest_size=8).hexdigest()
    target = folder / root.stem
    if not target.is_dir():
        _forget(box)
        _unpack(root, target)
    folder.touch()
    return target


def _unpack(archive: Path, target: Path) -> None:
    """Unpack an archive as `target`, in a folder of its own that appears at once when it is whole.

    Several processes may be at it: the first is taken by all.
    """
    folder = target.parent
    part = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        unpack(archive, part / target.name)
        try:
            part.replace(folder)
        except OSError as error:
            if not target.is_dir():
                raise WorkspaceError(
                    f"{folder}: could not be made ({reason(error)}). Check the folder it is in."
                ) from error
    finally:
        rmtree(part, ignore_errors=True)


def _forget(box: Path) -> None:
    """Take away what was unpacked long ago."""
    for folder in box.iterdir():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
                rmtree(folder)


def _path(root: Path, name: str = ORGANISATION_FILE) -> Path:
    return workspace_folder(home(), root) / name

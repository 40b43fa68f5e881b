"""What a folder holds: files and folders named by one line of text; all else is left out, told."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import DataError, reason
from core.domain.plain_text import is_steering, one_line


def require_text(root: Path) -> None:
    """Raise `DataError` for a place whose name was no UTF-8 on the disk."""
    if not _is_text(str(root)):
        raise DataError(_unnamed([str(root)]))


@dataclass(frozen=True)
class Entries:
    """Names of the files and of the folders in a folder, none hidden; `said` tells what was left.

    A link that leads nowhere counts as a file: it is told when it is read.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    said: tuple[str, ...] = ()


def entries_of(folder: Path) -> Entries:
    """Return what `folder` holds, in no order; raises `OSError` when it cannot be read."""
    found: dict[str, list[str]] = {"file": [], "folder": [], "other": []}
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                found[_kind(entry)].append(entry.name)
    files, odd_files = _plain(found["file"])
    folders, odd_folders = _plain(found["folder"])
    other = [_no_file(found["other"])] if found["other"] else []
    return Entries(tuple(files), tuple(folders), (*odd_files, *odd_folders, *other))


def unreadable(root: Path, error: OSError) -> DataError:
    """Return what is told of a folder that the system does not let be read."""
    return DataError(
        f"{root}: expected a folder that can be read, found: {reason(error)}. "
        "Check that it exists and that you may open it."
    )


def _kind(entry: os.DirEntry[str]) -> str:
    """Tell files and folders from what would be read without an end, or never answer: pipes."""
    try:
        mode = entry.stat().st_mode if entry.is_symlink() else 0
        if entry.is_dir():
            return "folder"
        is_file = stat.S_ISREG(mode) if mode else entry.is_file(follow_symlinks=False)
    except OSError:  # a link to nothing, or to itself
        return "file"
    return "file" if is_file else "other"


def _plain(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names that are one line of text, and sentences about the others."""
    texts = [name for name in names if _is_text(name)]
    plain = [name for name in texts if not any(map(is_steering, name))]
    said: list[str] = []
    if len(texts) < len(names):
        said.append(_unnamed([name for name in names if not _is_text(name)]))
    if len(plain) < len(texts):
        said.append(_broken([name for name in texts if any(map(is_steering, name))]))
    return plain, said


def and_others(names: Sequence[str]) -> str:
    """Say how many of `names` there are besides the first."""
    more = len(names) - 1
    return f" (and {more} {'other' if more == 1 else 'others'})" if more else ""


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\udc80" <= character <= "\udcff" for character in name)


def _no_file(names: list[str]) -> str:
    shown = one_line(min(names).encode(errors="backslashreplace").decode())
    return (
        f"{shown}{and_others(names)}: expected a file, found a pipe, a socket or a device. Left "
        "out; it is never read."
    )


def _unnamed(odd: list[str]) -> str:
    first = min(odd).encode(errors="backslashreplace").decode()
    return (
        f"{one_line(first)}{and_others(odd)}: expected a name in UTF-8, found another encoding. "
        "Left out; rename it, or unpack the archive anew with the right encoding."
    )


def _broken(names: list[str]) -> str:
    return (
        f"{one_line(min(names))}{and_others(names)}: expected a name of one line, found line "
        "breaks or control characters in it. Left out; rename it."
    )

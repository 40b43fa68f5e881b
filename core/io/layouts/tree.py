"""The names of a folder and of what is below it, read once, for every layout to look at."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import DataError
from core.io.layouts.folder_entries import entries_of, require_text, unreadable
from core.io.readers import is_image_name

_DEEPEST = 12
_MOST = 2_000_000  # entries: somebody chose the root of a disk
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Folder:
    """One folder: names of its files and what its folders hold, in natural order, none hidden.

    `odd` are sentences about names in it that were left out.
    """

    path: Path
    files: tuple[str, ...]
    folders: tuple["Folder", ...]
    odd: tuple[str, ...] = ()

    def walk(self) -> Iterator["Folder"]:
        """Yield the folder and all below it, each before what it holds."""
        yield self
        for folder in self.folders:
            yield from folder.walk()

    def folder(self, name: str) -> "Folder | None":
        """Return the folder of that name in it, or None; names are compared in NFC."""
        return next((f for f in self.folders if nfc(f.path.name) == nfc(name)), None)

    @property
    def images(self) -> tuple[str, ...]:
        """The files whose names end as a format that can be read."""
        return tuple(name for name in self.files if is_image_name(name))


def tree_of(root: Path) -> Folder:
    """Return the names below `root`; a file gives a folder of that one name.

    Raises `DataError` when it cannot be read, is no text, or holds more than can be listed.
    """
    root = root.expanduser().absolute()
    require_text(root)
    if root.is_file():
        return Folder(root.parent, (root.name,), ())
    seen = [0]
    try:
        return _folder(root, _DEEPEST, seen)
    except OSError as error:
        raise unreadable(root, error) from error


def _folder(path: Path, depth: int, seen: list[int]) -> Folder:
    found = entries_of(path)
    seen[0] += len(found.files) + len(found.folders)
    if seen[0] > _MOST:
        raise DataError(
            f"{path}: expected a dataset, found more than {_MOST:,} files. Choose the folder that "
            "holds the cases."
        )
    folders = [
        below
        for name in natural(found.folders)
        if depth and (below := _below(path / name, depth, seen))
    ]
    return Folder(path, tuple(natural(found.files)), tuple(folders), found.said)


def _below(path: Path, depth: int, seen: list[int]) -> Folder | None:
    """Return what a folder holds, or None when it may not be read."""
    try:
        return _folder(path, depth - 1, seen)
    except OSError:
        return None


def nfc(text: str) -> str:
    """Return `text` in NFC: two ways to write an accent are one name."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def natural(names: Iterable[str]) -> list[str]:
    """Return `names` with 2 before 10."""
    return sorted(names, key=lambda name: (natural_key(name), name))


def natural_key(text: str) -> list[str | int]:
    """Return a sorting key that puts 2 before 10; text and numbers take turns in it."""
    parts: list[str | int] = [*_NUMBERS.split(nfc(text).casefold())]
    parts[1::2] = map(int, parts[1::2])
    return parts

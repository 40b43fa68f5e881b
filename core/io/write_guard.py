"""Nothing is ever written into a dataset: the one guard before every write of results."""

import os
from collections.abc import Iterable
from pathlib import Path

from core.domain.errors import DataError

_DEEPEST = 4
"""Levels below a dataset that are looked at; cases lie two deep at most."""


def refuse_inside(folder: Path, out: Path, *, also: Iterable[Path] = ()) -> None:
    """Raise `DataError` when `out` lies in the dataset, or leads into it by any link or spelling.

    `also` are further folders of originals. Where files or folders of the dataset are links, what
    they point to is as original; so is what folders of `out` named as cases are point to.
    """
    names, links = _inside(folder)
    originals = _identities((folder, *also, *links))
    for place in (out, *(out / name for name in names)):
        if place != out and not _is_link(place):
            continue
        real = _resolved(place)
        for above in (real, *real.parents):
            found = originals.get(_identity(above))
            if found is not None:
                raise DataError(
                    f"{place}: expected a folder outside the dataset {folder}, found one inside "
                    f"{found}. The originals are never written to: choose another folder."
                )


def _inside(folder: Path) -> tuple[list[str], list[Path]]:
    """Return the names of all folders below `folder`, and the folders that its links lead to."""
    names: list[str] = [folder.name] if folder.name else []
    links: list[Path] = []
    for place, folders, files in os.walk(folder):
        names += folders
        for name in folders:
            path = Path(place, name)
            if _is_link(path):
                links += [_resolved(path), *_parents_of_links(path)]
        links += _linked(Path(place), files)
        if len(Path(place).parts) - len(folder.parts) >= _DEEPEST:
            folders.clear()
    return names, links


def _parents_of_links(folder: Path) -> list[Path]:
    """Return where the linked files of a linked folder lie."""
    try:
        return _linked(folder, [path.name for path in folder.iterdir()])
    except OSError:
        return []


def _linked(folder: Path, files: Iterable[str]) -> list[Path]:
    return [_resolved(folder / name).parent for name in files if _is_link(folder / name)]


def _is_link(path: Path) -> bool:
    """Tell whether there is a link; a name too long for the system, or not to be seen, is none."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # one that may not be seen, or that leads to itself
        return path.absolute()


def _identities(places: Iterable[Path]) -> dict[tuple[int, int] | None, Path]:
    found = {_identity(place): place for place in places}
    found.pop(None, None)  # one that is not there is like no other
    return found


def _identity(place: Path) -> tuple[int, int] | None:
    """Return what is the same for one folder, however it is spelt; None where there is none."""
    try:
        known = place.stat()
    except OSError:
        return None
    return known.st_dev, known.st_ino

"""Which of several files, and which of the volumes of one file, is read; and what is told of it."""

from collections.abc import Sequence
from pathlib import Path

from core.domain.errors import FileError


def only_one(files: Sequence[Path], suffixes: tuple[str, ...]) -> Path:
    """Return the one file of these endings; raises `FileError` when there are several."""
    named = [path for path in files if path.name.casefold().endswith(suffixes)]
    if len(named) > 1:
        raise FileError(
            named[0],
            expected="one volume",
            found=f"{len(named)} files in the same place",
            action="Choose one of them, or open the folder as a dataset.",
        )
    return named[0] if named else files[0]


def volume_of(path: Path, point: int | None, count: int) -> tuple[int, tuple[str, ...]]:
    """Return the index of the volume to read out of `count`, and what is told when nobody chose.

    Raises `FileError` for a point the file does not have.
    """
    if point is None:
        told = (
            f"{path.name}: expected one volume, found {count}. The first is shown; choose another "
            "time point (--point) if it is not the one.",
        )
        return 0, told if count > 1 else ()
    if 0 <= point < count:
        return point, ()
    raise FileError(
        path,
        expected=f"a time point of 0 to {count - 1}",
        found=str(point),
        action="Choose one that the file has.",
    )


def colour_told(path: Path) -> tuple[str, ...]:
    """Return the notice of a file in colour."""
    return (
        f"{path.name}: expected one value a voxel, found colour. It is opened as three channels: "
        "red, green, blue.",
    )

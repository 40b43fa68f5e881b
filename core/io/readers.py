"""The formats that can be read: one module a format, and those that other packages add.

Another package adds a format by an entry point of the group `overread.readers` that loads to a
`Reader`. One that cannot be loaded is named in the log and left out.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol

from core.domain.errors import AppError, DataError, FileError
from core.domain.plugins import plugins
from core.domain.volume import Pixels
from core.io import file_bytes
from core.io.stored import PixelStream, Stored

_OWN = (
    "volumes.nifti",
    "volumes.nrrd_file",
    "volumes.metaimage",
    "dicom.dicom_seg",
    "dicom.dicom_series",
    "tiff.tiff_stack",
)
_HEAD = 512
_SAID = 160


class Matches(Protocol):
    """Tell by a file's name and first bytes (unpacked) whether a format is this one."""

    def __call__(self, path: Path, head: bytes, /) -> bool:
        """Return True for a file of this format."""
        ...


class Read(Protocol):
    """Read one volume from its files; raises `FileError`.

    `point` chooses the volume of a file of several; None takes the first and says so.
    """

    def __call__(self, files: Sequence[Path], *, point: int | None = None) -> Stored:
        """Return the volume that `files` make together."""
        ...


class Open(Protocol):
    """Read the header of one volume; raises `FileError` as `Read` does for what it tells."""

    def __call__(self, files: Sequence[Path], *, point: int | None = None) -> PixelStream:
        """Return the volume that `files` make together, its pixels still to be read."""
        ...


@dataclass(frozen=True)
class Reader:
    """One format: its name, its file name endings (lower case, longest first), what reads it.

    `open` is for formats whose pixels need not be read at once, `beside` for those whose files may
    name others that are read with them: it returns these for one file, and may raise `FileError`.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    matches: Matches
    read: Read
    open: Open | None = None
    beside: Callable[[Path], Sequence[Path]] | None = None


@cache
def readers() -> tuple[tuple[Reader, ...], tuple[str, ...]]:
    """Return every format that can be read, and sentences about those that were left out."""
    own = [import_module(f"{__package__}.{name}").READER for name in _OWN]
    added = plugins("readers", Reader)
    return (*own, *added.found.values()), added.broken


def reader_of(path: Path) -> Reader:
    """Return the format of a file by its first bytes and its name; raises `FileError` for none."""
    start = file_bytes.head(path, _HEAD)
    known, notices = readers()
    for reader in known:
        try:
            if reader.matches(path, start):
                return reader
        except DataError as error:  # of another package; the others are asked all the same
            notices = (*notices, str(error))
    raise FileError(
        path,
        expected=f"an image ({', '.join(reader.title for reader in known)})",
        found="an empty file" if not start else "another kind of file",
        action=" ".join(["Convert it to one of these.", *notices]),
    )


def is_image_name(name: str) -> bool:
    """Tell whether a file name ends as one of the formats that can be read."""
    return suffix_of(name) is not None


def suffix_of(name: str) -> str | None:
    """Return the longest known ending of a file name, in lower case, or None."""
    text = name.casefold()
    endings = (s for reader in readers()[0] for s in reader.suffixes if text.endswith(s))
    return max(endings, key=len, default=None)


def stem_of(name: str) -> str:
    """Return a file name without its known ending."""
    return name[: len(name) - len(suffix_of(name) or Path(name).suffix)]


def read(*files: Path, point: int | None = None) -> Stored:
    """Read one volume from its files, or from the files of a series folder.

    Raises `FileError` when they cannot be read as one volume without doubt.
    """
    paths, telling, reader = _reader_of_all(files)
    with _damage_told(telling, reader):
        return reader.read(paths, point=point).read_by(reader.name)


def with_data(files: Iterable[Path]) -> tuple[Path, ...]:
    """Return files with those that hold their data, where they are headers alone; each once.

    The format is told by the ending; of a damaged header there is nothing beside it.
    """
    found: list[Path] = []
    for path in files:
        found.append(path)
        name = path.name.casefold()
        reader = next((each for each in readers()[0] if name.endswith(each.suffixes)), None)
        if reader is not None and reader.beside is not None:
            with suppress(AppError, OSError):
                found += (Path(os.path.normpath(each)) for each in reader.beside(path))
    return tuple(dict.fromkeys(found))


def opened(*files: Path, point: int | None = None) -> PixelStream:
    """Read the header of one volume, or all of it where its format cannot be read in parts.

    Raises `FileError` as `read` does, for its pixels when they are read.
    """
    paths, telling, reader = _reader_of_all(files)
    if reader.open is None:
        return read(*files, point=point).stream()
    with _damage_told(telling, reader):
        found = reader.open(paths, point=point)

    def slabs() -> Iterator[Pixels]:
        with _damage_told(telling, reader):
            yield from found.slabs()

    return replace(found, head=found.head.read_by(reader.name), slabs=slabs)


def _reader_of_all(files: Sequence[Path]) -> tuple[list[Path], Path, Reader]:
    """Return the files, or those of a series folder, which of them tells the format, and it."""
    paths = list(files)
    if len(paths) == 1 and paths[0].is_dir():
        paths = sorted(p for p in paths[0].iterdir() if p.is_file() and p.name[0] != ".")
        if not paths:
            raise FileError(
                files[0],
                expected="a folder of image files",
                found="none",
                action="Choose the folder that holds the files of one series.",
            )
    telling = _telling(paths)
    return paths, telling, reader_of(telling)


@contextmanager
def _damage_told(telling: Path, reader: Reader) -> Iterator[None]:
    """Turn whatever one bad byte makes a reader meet into what is told of this file."""
    try:
        yield
    except AppError:
        raise
    except MemoryError as error:
        raise _damaged(telling, reader, "more voxels than memory holds") from error
    except Exception as error:
        found = f"a damaged one ({type(error).__name__}: {error})"[:_SAID]
        raise _damaged(telling, reader, found) from error


def _damaged(path: Path, reader: Reader, found: str) -> FileError:
    return FileError(
        path,
        expected=f"a whole file of the format {reader.title}",
        found=" ".join(found.split()),
        action=file_bytes.COPY_AGAIN,
    )


def _telling(paths: Sequence[Path]) -> Path:
    """Return the file whose kind tells that of the folder: the first with a known ending, or DICM.

    A file of a known ending goes first, because DICOM files may have any name.
    """
    if len(paths) == 1:
        return paths[0]
    named = next((path for path in paths if is_image_name(path.name)), None)
    if named is not None:
        return named
    return next((path for path in paths if file_bytes.is_dicom(file_bytes.head(path))), paths[0])

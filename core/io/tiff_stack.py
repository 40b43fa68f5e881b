"""TIFF stacks: a volume in the pages of one file. TIFF does not tell how it lies in a patient."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import TiffFileError

from core.domain.errors import DataError, FileError
from core.domain.grid import Grid
from core.io import file_bytes
from core.io.choice import colour_told, only_one
from core.io.evidence import notices_of
from core.io.memory import require_memory
from core.io.readers import Reader
from core.io.stored import Passport, Pixels, Source, Stored
from core.io.tiff_codecs import TiffFile
from core.io.tiff_header import unsound

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MILLIMETRES = {"mm": 1.0, "micron": 0.001, "um": 0.001, "\\u00B5m": 0.001, "µm": 0.001, "cm": 10.0}
_LARGEST = 2**36


def matches(path: Path, head: bytes) -> bool:
    """Tell by the first bytes, and by the name for what claims to be TIFF and is none."""
    return head[:4] in _MAGIC or path.name.casefold().endswith((".tif", ".tiff"))


def read(files: Sequence[Path], *, point: int | None = None) -> Stored:
    """Read the pages of one file as (C, Z, Y, X); colour gives its channels.

    Raises `FileError` for damaged files and pages of several sizes.
    """
    del point
    path = only_one(files, (".tif", ".tiff"))
    pages, spacing = _pages(path)
    pixels = _channels(path, pages)
    grid = Grid((pixels.shape[1], pixels.shape[2], pixels.shape[3]), None, spacing)
    source = Source("resolution", "not given" if spacing is None else f"{spacing} mm (z, y, x)")
    passport = Passport(
        path,
        "TIFF stack",
        (source,),
        "resolution" if spacing else "nothing",
        "TIFF does not tell how an image lies in the patient",
        (*(colour_told(path) if len(pixels) > 1 else ()), *notices_of(path, grid)),
    )
    return Stored(pixels, grid, passport)


def _pages(path: Path) -> tuple[list[NDArray[Any]], tuple[float, float, float] | None]:
    try:
        with TiffFile(path) as file:
            wrong = next(filter(None, (unsound(file, page.aspage()) for page in file.pages)), "")
            if wrong:
                raise _refused(path, wrong)
            kinds = {(page.shape, page.dtype) for page in file.pages}
            if len(kinds) != 1:
                raise _refused(path, f"pages of {len(kinds)} sizes or types")
            shape = next(iter(kinds))[0]
            if np.prod([len(file.pages), *shape], dtype=object) > _LARGEST:
                raise _refused(path, "a header that claims more pixels than memory holds")
            require_memory(path.name, len(file.pages) * file.pages.first.nbytes)
            return [page.asarray() for page in file.pages], _spacing(file)
    except DataError:
        raise
    except (TiffFileError, OSError) as error:
        raise _refused(path, "another kind of file or one that is cut off") from error
    # Damaged files surface as whatever the decoder met.
    except Exception as error:
        raise _refused(path, "a damaged TIFF") from error


def _channels(path: Path, pages: Sequence[NDArray[Any]]) -> Pixels:
    volume = np.stack(pages)
    if volume.dtype.kind not in "biuf" or volume.ndim not in (3, 4):
        raise _refused(path, f"pages of {volume.ndim - 1} axes of {volume.dtype}")
    if volume.dtype.kind == "b":
        volume = volume.astype(np.uint8)
    if volume.ndim == 3:
        return volume[np.newaxis]
    if volume.shape[-1] > 4:
        raise _refused(path, f"pages of {volume.shape[-1]} channels")
    return np.ascontiguousarray(np.moveaxis(volume[..., :3], -1, 0))


def _spacing(file: TiffFile) -> tuple[float, float, float] | None:
    """Return the spacing that ImageJ writes, or None."""
    told = file.imagej_metadata or {}
    factor = _MILLIMETRES.get(str(told.get("unit", "")))
    tags = file.pages.first.tags
    if factor is None or "spacing" not in told or "XResolution" not in tags:
        return None
    sides = []
    for name in ("YResolution", "XResolution"):
        count, length = tags[name].value
        if not count or not length:
            return None
        sides.append(length / count * factor)
    z = float(told["spacing"]) * factor
    return (z, sides[0], sides[1]) if z > 0 else None


def _refused(path: Path, found: str) -> FileError:
    return FileError(
        path,
        expected="a TIFF whose pages are slices of one volume",
        found=found,
        action=file_bytes.COPY_AGAIN,
    )


READER = Reader("tiff", "TIFF", (".tiff", ".tif"), matches, read)

"""TIFF stacks: a volume in the pages of one file. TIFF does not tell how it lies in a patient."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tifffile import TiffFileError

from core.domain.errors import DataError, FileError
from core.domain.grid import Grid
from core.domain.volume import Pixels
from core.io import file_bytes
from core.io.choice import colour_told, only_one, volume_of
from core.io.evidence import notices_of
from core.io.labels.mask_meaning import meaning_of_masks, said_of_values
from core.io.memory import require_memory
from core.io.readers import Reader
from core.io.stored import GeometrySource, Passport, Stored
from core.io.tiff.tiff_codecs import TiffFile
from core.io.tiff.tiff_header import unsound
from core.io.tiff.tiff_samples import TiffPicture, Unread, meanings_of, stacked

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MILLIMETRES = {"mm": 1.0, "micron": 0.001, "um": 0.001, "\\u00B5m": 0.001, "µm": 0.001, "cm": 10.0}
_LARGEST = 2**36
_MOST_CHANNELS = 4
_Spacing = tuple[float, float, float]


def matches(path: Path, head: bytes) -> bool:
    """Tell by the first bytes, and by the name for what claims to be TIFF and is none."""
    return head[:4] in _MAGIC or path.name.casefold().endswith((".tif", ".tiff"))


def read(files: Sequence[Path], *, point: int | None = None) -> Stored:
    """Read the pages of one file as (C, Z, Y, X), as their tags mean them; alpha is left out.

    Raises `FileError` for damaged files and pages of several sizes.
    """
    path = only_one(files, (".tif", ".tiff"))
    times, spacing = _pictures(path)
    at, told = volume_of(path, point, len(times))
    pictures = times[at]
    pixels = _channels(path, pictures)
    told += colour_told(path) if pictures[0].colour else ()
    told += _alpha_told(path) if pictures[0].alpha is not None else ()
    return replace(_stored(path, pixels, spacing, told), points=len(times), point=at)


def read_mask(path: Path, *, point: int | None = None) -> Stored:
    """Read the pages of one file as classes (1, Z, Y, X); what had to be decided is a notice.

    Raises `FileError` as `read` does, and for pages of which it is not sure what is lesion.
    """
    times, spacing = _pictures(path)
    at, told = volume_of(path, point, len(times))
    _channels(path, times[at])
    meaning = meaning_of_masks(times[at])
    if meaning.refused:
        raise _refused(path, meaning.refused)
    told += (f"{path.name}: {said_of_values(meaning)}",) if meaning.cut else ()
    stored = _stored(path, np.stack(meaning.labels)[np.newaxis], spacing, told)
    return replace(stored, points=len(times), point=at)


def _stored(path: Path, pixels: Pixels, spacing: _Spacing | None, told: tuple[str, ...]) -> Stored:
    grid = Grid((pixels.shape[1], pixels.shape[2], pixels.shape[3]), None, spacing)
    source = GeometrySource(
        "resolution", "not given" if spacing is None else f"{spacing} mm (z, y, x)"
    )
    passport = Passport(
        path,
        "TIFF stack",
        (source,),
        "resolution" if spacing else "nothing",
        "TIFF does not tell how an image lies in the patient",
        (*told, *notices_of(path, grid)),
    )
    return Stored(pixels, grid, passport)


def _pictures(path: Path) -> tuple[list[list[TiffPicture]], _Spacing | None]:
    try:
        with TiffFile(path) as file:
            first = file.pages.first
            images = max(stacked(first).get("images", 1), 1)
            alone = len(file.pages) == 1
            pages = (unsound(file, page.aspage(), images=images if alone else 1)
                     for page in file.pages)  # fmt: skip
            wrong = next(filter(None, pages), "")
            if wrong:
                raise _refused(path, wrong)
            kinds = {(page.shape, page.dtype) for page in file.pages}
            if len(kinds) != 1:
                raise _refused(path, f"pages of {len(kinds)} sizes or types")
            count = max(images, len(file.pages))
            if np.prod([count, *next(iter(kinds))[0]], dtype=object) > _LARGEST:
                raise _refused(path, "a header that claims more pixels than memory holds")
            require_memory(path.name, count * first.nbytes)
            return meanings_of(file), _spacing(file)
    except DataError:
        raise
    except Unread as odd:
        raise _refused(path, str(odd)) from odd
    except (TiffFileError, OSError) as error:
        raise _refused(path, "another kind of file or one that is cut off") from error
    # Damaged files surface as whatever the decoder met.
    except Exception as error:
        raise _refused(path, "a damaged TIFF") from error


def _channels(path: Path, pictures: Sequence[TiffPicture]) -> Pixels:
    kinds = {(picture.planes.shape, picture.planes.dtype) for picture in pictures}
    if len(kinds) != 1:
        raise _refused(path, f"pages of {len(kinds)} sizes or types")
    volume = np.stack([picture.planes for picture in pictures], axis=1)
    if volume.dtype.kind == "b":
        volume = volume.astype(np.uint8)
    if not volume.size or len(volume) > _MOST_CHANNELS:
        raise _refused(path, f"pages of {len(volume)} channels of {volume.shape[2:]} pixels")
    return np.ascontiguousarray(volume)


def _alpha_told(path: Path) -> tuple[str, ...]:
    return (
        f"{path.name}: expected images without transparency, found an alpha channel. It was left "
        "out; save the images without it to be sure.",
    )


def _spacing(file: TiffFile) -> _Spacing | None:
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

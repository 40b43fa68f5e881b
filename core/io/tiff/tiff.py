"""TIFF slices of the LGG layout: images H×W×3 or H×W of 8 or 16 bit, masks H×W."""

import codecs
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tifffile import TiffFileError, TiffFrame, TiffPage, imwrite

from core.domain.errors import FileError, reason
from core.domain.label_set import LabelMap
from core.domain.mask import Mask, binarise
from core.io.atomic import atomic_path
from core.io.labels.mask_meaning import meaning_of_masks
from core.io.tiff.tiff_codecs import TiffFile
from core.io.tiff.tiff_header import shape_told, unsound
from core.io.tiff.tiff_samples import (
    Samples,
    SeveralImages,
    TiffPicture,
    Unread,
    as_image,
    meaning_of,
    stacked,
)

_IMAGE = "a TIFF image of H×W or H×W×channels, 8 or 16 bit"
_REPLACE = "Replace the file with a good copy; the other slices can be used."
_ONE_A_SLICE = "Save each slice in a file of its own; the other slices can be used."
_MAX_CHANNELS = 16
_FEW = 2

# Without a handler the library's complaints about a damaged file go to the terminal beside ours.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def read_image(path: Path) -> Samples:
    """Return one slice as (C, Y, X) of the numbers it holds, without transparency.

    Raises `FileError` for a file that is missing, truncated, no TIFF, or of another kind.
    """
    return read_slice(path)[0]


def read_slice(path: Path) -> tuple[Samples, bool]:
    """Return one slice as `read_image` does, and whether transparency was left out."""
    picture = read_picture(path)
    pixels = as_image(picture)
    alpha = picture.alpha
    if alpha is not None and pixels.dtype == alpha.dtype and _holds_image(alpha, path):
        # Four samples that nobody calls transparent, and that vary as an image does.
        pixels, alpha = np.concatenate([pixels, alpha[np.newaxis]]), None
    return np.ascontiguousarray(pixels), alpha is not None


def read_mask_slice(path: Path) -> tuple[Mask, bool]:
    """Return one mask slice (Y, X) and whether it held two values at most.

    What is lesion is found in this slice alone; `case_reader` looks at all slices of a case.
    Raises `FileError` as `read_image` does.
    """
    meaning = meaning_of_masks([read_picture(path)])
    if meaning.refused:
        raise refused_mask(path, meaning.refused)
    return meaning.masks[0], not meaning.cut


def refused_mask(path: Path, found: str) -> FileError:
    """Return what is said of a mask whose meaning is not sure."""
    return _refused(path, found, "Export a binary mask: 0 outside, 255 in the lesion.")


def write_mask_slice(path: Path, mask: Mask) -> None:
    """Write `mask` (Y, X) as uint8 0/255, compressed without loss; atomic."""
    with atomic_path(path) as temporary:
        imwrite(
            temporary, binarise(mask) * np.uint8(255), compression="zlib", photometric="minisblack"
        )


def write_label_slice(path: Path, labels: LabelMap) -> None:
    """Write label values (Y, X) as they are, compressed without loss; atomic."""
    with atomic_path(path) as temporary:
        imwrite(temporary, labels, compression="zlib", photometric="minisblack")


def write_image(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    """Write one slice (C, Y, X) as H×W×C, or H×W when there is one channel; atomic."""
    with atomic_path(path) as temporary:
        if len(pixels) == 1:
            imwrite(temporary, pixels[0], photometric="minisblack")
        else:
            rgb = "rgb" if len(pixels) == 3 else "minisblack"
            imwrite(temporary, np.moveaxis(pixels, 0, -1), photometric=rgb, planarconfig="contig")


def read_picture(path: Path, *, room: int | None = None) -> TiffPicture:
    """Return the one picture of a file as its tags mean it; raises `FileError` as `read_image`.

    One of more than `room` bytes is refused before it is decoded.
    """
    try:
        with TiffFile(path) as file:
            page = _only_page(path, file)
            if room is not None and _pixel_bytes(page) > room:
                raise _refused(path, "more pixels than memory holds")
            try:
                picture = meaning_of(file, page)
            except Unread as odd:
                mend = _ONE_A_SLICE if isinstance(odd, SeveralImages) else _REPLACE
                raise _refused(path, str(odd), mend) from odd
            if not picture.planes.size or len(picture.planes) > _MAX_CHANNELS:
                raise _refused(path, f"an array of {shape_told(page)}")
            return picture
    except FileError:
        raise
    except TiffFileError as error:
        raise _refused(path, _content(path)) from error
    except MemoryError as error:
        raise _refused(path, "a header that claims more pixels than memory holds") from error
    except OSError as error:
        raise _refused(path, _os_words(path, error)) from error
    # Truncated or garbled files surface as whatever the decoder met: struct, zlib, index, value.
    except Exception as error:
        raise _refused(path, "a damaged TIFF") from error


def decoded_bytes(path: Path) -> int:
    """Return how many bytes the pixels of a file take, from its header; 0 where it has none."""
    try:
        with TiffFile(path) as file:
            return _pixel_bytes(file.pages.first)
    except Exception:  # noqa: BLE001 - whatever is wrong is told when the pixels are read
        return 0


def _pixel_bytes(page: TiffPage) -> int:
    return int(page.nbytes) * max(stacked(page).get("images", 1), 1)


def _holds_image(alpha: Samples, path: Path) -> bool:
    """Tell a fourth channel from transparency: undeclared, and of many values."""
    with TiffFile(path) as file:
        declared = bool(file.pages.first.extrasamples)
    return not declared and len(np.unique(alpha)) > _FEW


def _only_page(path: Path, file: TiffFile) -> TiffPage:
    """Return the one image of a file; raises `FileError` for none, several, or one cut off."""
    if not file.pages:
        raise _refused(path, "a TIFF without an image")
    page = file.pages.first
    if len(file.pages) > 1 and not _is_preview(file.pages[1]) and not stacked(page):
        raise _refused(path, f"{len(file.pages)} images in one file", _ONE_A_SLICE)
    wrong = unsound(file, page, images=stacked(page).get("images", 1))
    if wrong:
        raise _refused(path, wrong)
    return page


def _is_preview(page: TiffPage | TiffFrame) -> bool:
    # Previews come last, so the second page tells; a damaged file may claim thousands.
    return isinstance(page, TiffPage) and page.is_reduced


def _refused(path: Path, found: str, action: str = _REPLACE) -> FileError:
    return FileError(path, expected=_IMAGE, found=found, action=action)


def _content(path: Path) -> str:
    """Say what a file that is no TIFF holds: nothing, text, or something else."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        return "an empty file"
    if head[:2] in (b"II", b"MM"):
        return "a truncated TIFF"
    return "text" if _is_text(head) else "another kind of file"


def _is_text(head: bytes) -> bool:
    """Tell whether the beginning of a file is UTF-8, whose last character may be cut."""
    try:
        return "\0" not in codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False


def _os_words(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no file: it has gone since the folder was opened"
    if isinstance(error, PermissionError):
        return "a file you may not read (permission denied)"
    return f"a file that cannot be read ({reason(error)})" if path.exists() else "no file"

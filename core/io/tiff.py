"""TIFF slices of the LGG layout: images H×W×3 or H×W of 8 or 16 bit, masks H×W."""

import codecs
import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import PHOTOMETRIC, TiffFile, TiffFileError, TiffFrame, TiffPage, imwrite

from core.domain.errors import FileError, reason
from core.domain.mask import Mask, binarise
from core.io.atomic import atomic_path

_IMAGE = "a TIFF image of H×W or H×W×channels, 8 or 16 bit"
_REPLACE = "Replace the file with a good copy; the other slices can be used."
_ONE_A_SLICE = "Save each slice in a file of its own; the other slices can be used."
_MAX_CHANNELS = 16
_MAX_SIDE = 8192  # a damaged header claims millions, and memory for them

# Without a handler the library's complaints about a damaged file go to the terminal beside ours.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def read_image(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return one slice as (C, Y, X) uint8 or uint16.

    Raises `FileError` for a file that is missing, truncated, no TIFF, or of another kind.
    """
    pixels, _ = _pixels(path)
    if pixels.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(pixels)
    raise _refused(path, f"pixels of type {pixels.dtype}")


def read_mask_slice(path: Path) -> tuple[Mask, bool]:
    """Return one mask slice (Y, X) and whether it held exactly one value besides zero, or none.

    Any value above zero is foreground. A mask stored as RGB counts where any channel is above
    zero; transparency does not count. Raises `FileError` as `read_image` does.
    """
    planes, alpha = _pixels(path)
    if planes.dtype.kind not in "buif":
        raise _refused(path, f"pixels of type {planes.dtype}")
    pixels = planes[: max(len(planes) - alpha, 1)].max(axis=0)
    mask = binarise(pixels)
    highest = pixels.max(initial=0)
    return mask, bool(np.array_equal(pixels > 0, pixels == highest)) or not mask.any()


def write_mask_slice(path: Path, mask: Mask) -> None:
    """Write `mask` (Y, X) as uint8 0/255, compressed without loss; atomic."""
    with atomic_path(path) as temporary:
        imwrite(
            temporary, binarise(mask) * np.uint8(255), compression="zlib", photometric="minisblack"
        )


def write_image(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    """Write one slice (C, Y, X) as H×W×C, or H×W when there is one channel; atomic."""
    with atomic_path(path) as temporary:
        if len(pixels) == 1:
            imwrite(temporary, pixels[0], photometric="minisblack")
        else:
            rgb = "rgb" if len(pixels) == 3 else "minisblack"
            imwrite(temporary, np.moveaxis(pixels, 0, -1), photometric=rgb, planarconfig="contig")


def _pixels(path: Path) -> tuple[NDArray[np.number[Any]], int]:
    """Return (C, Y, X) of any type, and how many of the last channels are transparency."""
    try:
        with TiffFile(path) as file:
            page = _only_page(path, file)
            pixels = np.asarray(page.asarray())
            # Zero may be drawn as white: an image and its negative would look the same to us.
            if page.photometric == PHOTOMETRIC.MINISWHITE and pixels.dtype.kind in "bu":
                pixels = np.invert(pixels)
            if page.axes == "YXS":
                pixels = np.moveaxis(pixels, -1, 0)
            elif page.axes == "YX":
                pixels = pixels[np.newaxis]
            if pixels.ndim != 3 or len(pixels) > _MAX_CHANNELS:
                raise _refused(path, f"an array of {_shape(page)}")
            return pixels, sum(kind > 0 for kind in page.extrasamples)
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


def _only_page(path: Path, file: TiffFile) -> TiffPage:
    """Return the one image of a file; raises `FileError` for none, several, or one cut off."""
    if not file.pages:
        raise _refused(path, "a TIFF without an image")
    page = file.pages.first
    if len(file.pages) > 1 and not _is_preview(file.pages[1]):
        raise _refused(path, f"{len(file.pages)} images in one file", _ONE_A_SLICE)
    sides = (page.imagelength, page.imagewidth, page.samplesperpixel, page.imagedepth)
    if min(sides) < 1 or max(sides) > _MAX_SIDE:
        raise _refused(path, f"a header that claims {_shape(page)}")
    # Some decoders fill up with grey what the file no longer holds.
    ends = [sum(part) for part in zip(page.dataoffsets, page.databytecounts, strict=True)]
    if not ends or max(ends) > file.filehandle.size:
        raise _refused(path, "a truncated TIFF")
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


def _shape(page: TiffPage) -> str:
    return f"{'×'.join(map(str, page.shape))} pixels"

"""TIFF slices of the LGG layout: images H×W×3 or H×W of 8 or 16 bit, masks H×W."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import TiffFile, TiffFileError, imwrite

from core.errors import FileError, reason
from core.files.atomic import atomic_path
from core.mask import Mask, binarise

_IMAGE = "a TIFF image of H×W or H×W×channels, 8 or 16 bit"
_REPLACE = "Replace the file with a good copy; the other slices can be used."
_MAX_CHANNELS = 16


def read_image(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return one slice as (C, Y, X) uint8 or uint16.

    Raises `FileError` for a file that is missing, truncated, no TIFF, or of another kind.
    """
    pixels = _pixels(path)
    if pixels.ndim == 2:
        pixels = pixels[np.newaxis]
    elif pixels.ndim == 3 and pixels.shape[-1] <= _MAX_CHANNELS:
        pixels = np.moveaxis(pixels, -1, 0)
    elif pixels.ndim != 3 or pixels.shape[0] > _MAX_CHANNELS:
        raise _refused(path, f"an array of shape {_shape(pixels)}")
    if pixels.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(pixels)
    raise _refused(path, f"pixels of type {pixels.dtype}")


def read_mask_slice(path: Path) -> tuple[Mask, bool]:
    """Return one mask slice (Y, X) and whether it held exactly one value besides zero, or none.

    Any value above zero is foreground. A mask stored as RGB counts where any channel is above
    zero. Raises `FileError` as `read_image` does.
    """
    pixels = _pixels(path)
    if pixels.ndim == 3 and pixels.shape[-1] <= _MAX_CHANNELS:
        pixels = pixels.max(axis=-1)
    if pixels.ndim != 2:
        raise _refused(path, f"an array of shape {_shape(pixels)}")
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


def _pixels(path: Path) -> NDArray[np.number[Any]]:
    try:
        with TiffFile(path) as file:
            if not file.pages:
                raise _refused(path, "a TIFF without an image")
            return np.asarray(file.pages[0].asarray())
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
        raise _refused(path, f"a damaged TIFF ({type(error).__name__.lower()})") from error


def _refused(path: Path, found: str) -> FileError:
    return FileError(path, expected=_IMAGE, found=found, action=_REPLACE)


def _content(path: Path) -> str:
    """Say what a file that is no TIFF holds: nothing, text, or something else."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        return "an empty file"
    if head[:2] in (b"II", b"MM"):
        return "a truncated TIFF"
    return "text" if b"\0" not in head and head.isascii() else "another kind of file"


def _os_words(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no file: it has gone since the folder was opened"
    if isinstance(error, PermissionError):
        return "a file you may not read (permission denied)"
    return f"a file that cannot be read ({reason(error)})" if path.exists() else "no file"


def _shape(pixels: NDArray[np.number[Any]]) -> str:
    return "×".join(map(str, pixels.shape)) or "a single value"

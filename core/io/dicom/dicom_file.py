"""One DICOM file: its data set without and with pixels, its faults as sentences.

Nothing here or above shows, logs or writes the name of a patient.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import AppError, DataError, FileError, reason
from core.io import file_bytes
from core.io.memory import available_bytes, require_memory

if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileDataset

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
_META = 1024
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@cache
def _library() -> Any:
    """Return pydicom with our decoders: loaded at the first file of it."""
    import pydicom

    from core.io.dicom.dicom_decoders import install

    install()
    return pydicom


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Tell what a damaged value surfaces as: values are decoded only when they are asked for."""
    try:
        with quiet():
            yield
    except AppError:
        raise
    except MemoryError as error:
        raise refused(path, "an image", "more pixels than memory holds", _SAVE) from error
    except Exception as error:
        raise refused(path, "a whole DICOM file", "a damaged one", file_bytes.COPY_AGAIN) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the library's complaints about odd values off the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def header(path: Path) -> FileDataset | None:
    """Return the data set without pixels, or None when the file is no DICOM.

    Raises `FileError` when it is DICOM and damaged, or cannot be read.
    """
    with quiet():
        return _read(path, pixels=False)


def whole(path: Path) -> FileDataset:
    """Return the data set with its pixels still packed; raises `FileError`."""
    with quiet():
        found = _read(path, pixels=True)
    if found is None:
        raise refused(path, "a DICOM file", "another kind of file", file_bytes.COPY_AGAIN)
    return found


def frames(path: Path, found: Dataset) -> NDArray[Any]:
    """Return stored pixels (frames, Y, X), or (frames, Y, X, 3) RGB.

    Raises `FileError` when there are none, they are cut off, or cannot be decoded.
    """
    if not any(name in found for name in _PIXELS):
        raise refused(
            path,
            "an image",
            f"no pixels ({kind_of(found)})",
            "Choose the files of the series it belongs to.",
        )
    require_memory(path.name, _claimed(found))
    try:
        with quiet():
            pixels = _library().pixels.pixel_array(found)
    except (NotImplementedError, RuntimeError) as error:
        raise refused(
            path, "a compression that can be read", _syntax(found, error), _SAVE
        ) from error
    except MemoryError as error:
        raise refused(path, "an image", "more pixels than memory holds", _SAVE) from error
    # The decoders of six libraries raise whatever damaged bytes make them meet.
    except Exception as error:
        raise refused(path, "whole pixels", "cut off or damaged ones", _AGAIN) from error
    count = int(found.get("NumberOfFrames", 1) or 1)
    return np.asarray(pixels[np.newaxis] if count == 1 and _is_flat(pixels, found) else pixels)


def _claimed(found: Dataset) -> int:
    """Return how many bytes the pixels take by the header."""
    names = ("Rows", "Columns", "SamplesPerPixel", "NumberOfFrames")
    rows, columns, samples, count = (int(found.get(name) or 1) for name in names)
    return rows * columns * samples * count * max(int(found.get("BitsAllocated") or 8) // 8, 1)


_SAVE = "Export the series uncompressed."
_AGAIN = f"Nothing of the series is shown. {file_bytes.COPY_AGAIN}"


def refused(path: Path, expected: str, found: str, action: str) -> FileError:
    """Return the error of a DICOM file."""
    return FileError(path, expected=expected, found=found, action=action)


def kind_of(found: Dataset) -> str:
    """Return what a data set is, such as `MR Image Storage`."""
    value = found.get("SOPClassUID")
    return value.name if value else "no class"


def _is_flat(pixels: NDArray[Any], found: Dataset) -> bool:
    return pixels.ndim == 2 + (int(found.get("SamplesPerPixel", 1)) > 1)


def _read(path: Path, *, pixels: bool) -> FileDataset | None:
    from pydicom.errors import InvalidDicomError

    try:
        with path.open("rb") as file:
            start = file.read(132)
            if not file_bytes.is_dicom(start):
                return None
            file.seek(0)
            _check_unpacked(path, file)
            file.seek(0)
            found: FileDataset = _library().dcmread(file, force=True, stop_before_pixels=not pixels)
    except InvalidDicomError:
        return None
    except DataError:
        raise
    except OSError as error:
        raise refused(
            path,
            "a file that can be read",
            reason(error),
            "Check that it exists and that you may open it.",
        ) from error
    except Exception as error:  # a damaged length or tag surfaces as whatever the parser met
        raise refused(path, "a whole DICOM file", "a damaged one", file_bytes.COPY_AGAIN) from error
    if not len(found):
        raise refused(path, "a whole DICOM file", "one that is cut off", file_bytes.COPY_AGAIN)
    return _with_syntax(found)


def _check_unpacked(path: Path, file: BinaryIO) -> None:
    """Raise `FileError` when a deflated data set is more than memory holds."""
    from pydicom.filereader import read_dataset

    if _library().uid.DeflatedExplicitVRLittleEndian.encode() not in file.read(_META):
        return
    file.seek(132)
    read_dataset(file, False, True, stop_when=lambda tag, *_: tag >> 16 != 2)
    file_bytes.check_unpacked(path, file.read(), "deflate", most=available_bytes() // 2)


def _with_syntax(found: FileDataset) -> FileDataset:
    """Give a file without meta header the syntax that it was read by."""
    meta = found.file_meta
    if "TransferSyntaxUID" not in meta:
        implicit, little = found.original_encoding
        known = _library().uid
        meta.TransferSyntaxUID = (
            known.ImplicitVRLittleEndian
            if implicit
            else known.ExplicitVRLittleEndian
            if little
            else known.ExplicitVRBigEndian
        )
    return found


def _syntax(found: Dataset, error: Exception) -> str:
    syntax = found.file_meta.TransferSyntaxUID
    return f"{syntax.name} ({type(error).__name__})"

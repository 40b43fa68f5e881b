"""Write NIfTI: the header as it was, or a new one with both forms where they can hold the grid."""

from pathlib import Path
from typing import Any

import numpy as np
from isal import igzip
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from core.domain.errors import FileError
from core.domain.grid import SQUARE_DEGREES
from core.domain.volume import Pixels
from core.io.stored import Stored
from core.io.volumes.nifti import NiftiHeader
from core.io.writers import Order, Writer

_LONGEST = 32767  # voxels along an axis that NIfTI 1 counts
_SCANNER = 1
_COLOUR = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def write(path: Path, order: Order) -> None:
    """Write the volume as one file, compressed when its name says so.

    Raises `FileError` for numbers that NIfTI does not hold.
    """
    stored = order.stored
    header = _kept(stored.header) if isinstance(stored.header, NiftiHeader) else _new(stored)
    pixels = _flat(path, stored.pixels)
    header.set_data_dtype(pixels.dtype)
    header.set_data_shape(stored.grid.shape[::-1])
    header["scl_slope"], header["scl_inter"] = stored.slope, stored.intercept
    header["cal_min"] = header["cal_max"] = 0
    size = int(header["sizeof_hdr"])
    header["vox_offset"] = size + 4
    header["magic"] = b"n+1" if size == 348 else b"n+2"
    swapped = pixels.astype(pixels.dtype.newbyteorder(header.endianness))
    data = header.binaryblock + bytes(4) + swapped.tobytes()
    packed = order.name.casefold().endswith(".gz")
    path.write_bytes(igzip.compress(data) if packed else data)


def _kept(old: NiftiHeader) -> Any:
    """Return the header as it was, without extensions and names, which may tell of the patient."""
    header = old.parsed()
    for name in ("db_name", "aux_file", "intent_name"):
        if name in header:
            header[name] = b""
    return header


def _new(stored: Stored) -> Any:
    grid = stored.grid
    kind = Nifti2Header if max(grid.shape) > _LONGEST else Nifti1Header
    header = kind()  # type: ignore[no-untyped-call]
    header.set_data_shape(grid.shape[::-1])
    if grid.affine is not None:
        header.set_sform(grid.affine, _SCANNER)
        if grid.shear_degrees < SQUARE_DEGREES:
            header.set_qform(grid.affine, _SCANNER)
        header.set_zooms(grid.spacing_mm[::-1] if grid.spacing_mm else (1, 1, 1))
    elif grid.spacing_mm is not None:
        header.set_zooms(grid.spacing_mm[::-1])
    if grid.spacing_mm is not None:
        header.set_xyzt_units("mm")  # none otherwise: ones without a unit say nothing
    return header


def _flat(path: Path, pixels: Pixels) -> Pixels:
    """Return the pixels (Z, Y, X) in a type that NIfTI holds."""
    if len(pixels) == 3 and pixels.dtype == np.uint8:
        flat: Pixels = np.empty(pixels.shape[1:], _COLOUR)
        for name, channel in zip("RGB", pixels, strict=True):
            flat[name] = channel
        return flat
    if len(pixels) == 1 and pixels.dtype.kind in "iuf" and 1 <= pixels.dtype.itemsize <= 8:
        return np.asarray(pixels[0], np.float32 if pixels.dtype == np.float16 else pixels.dtype)
    raise FileError(
        path,
        expected="one channel of numbers, or three of 8 bit",
        found=f"{len(pixels)} channels of {pixels.dtype}",
        action="Write each channel into a file of its own.",
    )


WRITER = Writer("nifti", "NIfTI", (".nii.gz", ".nii"), write)

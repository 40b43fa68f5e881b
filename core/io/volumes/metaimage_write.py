"""Write MetaImage by SimpleITK; what is not known of the place is left out of the header."""

import re
from pathlib import Path

import numpy as np

from core.domain.grid import Grid
from core.io.writers import Order, Writer

_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_PLACE = rb"^(TransformMatrix|Offset|CenterOfRotation|AnatomicalOrientation)\s*=[^\n]*\n"
_SPACING = rb"^ElementSpacing\s*=[^\n]*\n"


def write(path: Path, order: Order) -> None:
    """Write the volume compressed into one file; real values where they are scaled."""
    import SimpleITK

    grid = order.stored.grid
    pixels = order.stored.real()
    vector = len(pixels) > 1
    data = np.moveaxis(pixels, 0, -1) if vector else pixels[0]
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(data), isVector=vector)
    if grid.spacing_mm is not None:
        image.SetSpacing([float(v) for v in grid.spacing_mm[::-1]])
    if grid.affine is not None:
        affine = _LPS @ grid.affine
        directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
        image.SetDirection((directions + 0.0).ravel().tolist())
        image.SetOrigin((affine[:3, 3] + 0.0).tolist())
    SimpleITK.WriteImage(image, str(path), useCompression=True, imageIO="MetaImageIO")
    if grid.affine is None:
        _forget_place(path, grid)


def _forget_place(path: Path, grid: Grid) -> None:
    """Take the defaults out of the header, which would claim what nobody knows."""
    data = path.read_bytes()
    end = data.index(b"ElementDataFile")
    header = re.sub(_PLACE, b"", data[:end], flags=re.MULTILINE)
    if grid.spacing_mm is None:
        header = re.sub(_SPACING, b"", header, flags=re.MULTILINE)
    path.write_bytes(header + data[end:])


WRITER = Writer("mha", "MetaImage", (".mha",), write)

"""Write TIFF stacks: a page a slice, compressed without loss. The place in the patient is lost."""

from pathlib import Path

import numpy as np
from tifffile import imwrite

from core.io.writers import Order, Writer


def write(path: Path, order: Order) -> None:
    """Write the volume, its slices in stored order; real values where they are scaled."""
    pixels = order.stored.real()
    colour = len(pixels) > 1
    imwrite(
        path,
        np.ascontiguousarray(np.moveaxis(pixels, 0, -1) if colour else pixels[0]),
        compression="zlib",
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig" if colour else None,
        metadata=None,
    )


WRITER = Writer("tiff", "TIFF", (".tiff", ".tif"), write, keeps_place=False)

"""What a press of the threshold brush or the flood fill would take, shown under the pointer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotation import regions, strokes
from core.domain.plane import Voxel
from core.domain.volume import Pixels
from gui.annotation.rested_question import RestedQuestion


@dataclass(frozen=True, eq=False)
class Taken:
    """The voxels of slice `z` that would be taken, and how many there are on how many slices."""

    z: int
    plane: NDArray[np.bool_]
    voxels: int
    slices: int


@dataclass(frozen=True, eq=False)
class Asked:
    """What is pointed at: a voxel of `pixels` (Z, Y, X), and by how much others may differ.

    `size` is that of the threshold brush, None for a fill; `volumetric` fills through all slices.
    """

    pixels: Pixels
    at: Voxel
    half_width: float
    size: float | None = None
    volumetric: bool = False


Preview = RestedQuestion[Asked, Taken]


def taken_by(asked: Asked) -> Taken:
    """Return what would be taken: by a dab of the brush, or by a fill."""
    z, y, x = asked.at
    shape = asked.pixels.shape[1:]
    if asked.size is not None:
        empty = np.zeros((1, *shape), np.uint8)
        centre = (y + 0.5, x + 0.5)
        brush = strokes.threshold_brush(
            asked.pixels[z], centre, size=asked.size, half_width=asked.half_width
        )
        patch = strokes.threshold_stroke(empty, 0, [centre], brush=brush)
        plane = np.zeros(shape, bool)
        if patch is not None:
            _, _, y0, y1, x0, x1 = patch.box
            plane[y0:y1, x0:x1] = patch.values[0] > 0
        return Taken(z, plane, int(plane.sum()), 1)
    found = regions.flooded(
        asked.pixels, asked.at, tolerance=asked.half_width, volumetric=asked.volumetric
    )
    counts = [int(np.count_nonzero(each)) for each in found]
    plane = found[z] if asked.volumetric else found[0]
    return Taken(z, plane, sum(counts), sum(count > 0 for count in counts))

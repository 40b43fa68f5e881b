"""What a press of the threshold brush or the flood fill would take, shown under the pointer."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.annotation import regions, strokes
from core.domain.plane import Cut, Voxel
from core.domain.volume import Pixels
from gui.annotation.correction.rested_question import RestedQuestion


@dataclass(frozen=True, eq=False)
class Taken:
    """The voxels of a slice that would be taken, and how many there are on how many slices."""

    cut: Cut
    plane: NDArray[np.bool_]
    voxels: int
    slices: int


@dataclass(frozen=True, eq=False)
class Asked:
    """What is pointed at: a voxel of `pixels` (Z, Y, X), and by how much others may differ.

    It lies on the slice `cut`. `size` and `tip` are those of the threshold brush, None for a fill;
    `volumetric` fills through all slices.
    """

    pixels: Pixels
    at: Voxel
    half_width: float
    cut: Cut
    size: float | None = None
    tip: strokes.Tip = strokes.DISC
    volumetric: bool = False


Preview = RestedQuestion[Asked, Taken]


def taken_by(asked: Asked) -> Taken:
    """Return what would be taken: by a dab of the brush, or by a fill."""
    pixels = asked.cut.plane.apply(asked.pixels)
    at = asked.cut.plane.place(asked.at, asked.pixels.shape)
    if asked.size is not None:
        return _dabbed(asked, pixels, at)
    found = regions.flooded(pixels, at, tolerance=asked.half_width, volumetric=asked.volumetric)
    counts = [int(np.count_nonzero(each)) for each in found]
    plane = found[at[0]] if asked.volumetric else found[0]
    return Taken(asked.cut, plane, sum(counts), sum(count > 0 for count in counts))


def _dabbed(asked: Asked, pixels: Pixels, at: Voxel) -> Taken:
    """Return what a dab of the threshold brush would take of its own slice, and of all."""
    size, half = asked.size or 1.0, asked.half_width
    centre = (at[1] + 0.5, at[2] + 0.5)
    brush = strokes.threshold_brush(pixels[at[0]], centre, size=size, half_width=half)
    depth, index = (len(pixels), at[0]) if asked.tip.ball else (1, 0)
    if asked.tip.ball:
        brush = replace(brush, volume=pixels)
    empty = np.broadcast_to(np.zeros((1, 1, 1), np.uint8), (depth, *pixels.shape[1:]))
    patch = strokes.threshold_stroke(empty, index, [centre], brush=brush, tip=asked.tip)
    plane = np.zeros(pixels.shape[1:], bool)
    if patch is None:
        return Taken(asked.cut, plane, 0, 0)
    first, end, y0, y1, x0, x1 = patch.box
    if first <= index < end:
        plane[y0:y1, x0:x1] = patch.values[index - first] > 0
    counts = np.count_nonzero(patch.values, axis=(1, 2))
    return Taken(asked.cut, plane, int(counts.sum()), int(np.count_nonzero(counts)))

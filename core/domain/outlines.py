"""What is drawn of a slice: outlines of masks, an image enlarged for the screen. Display only."""

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from contourpy import Mpl2005ContourGenerator
from numpy.typing import NDArray
from PIL import Image

from core.domain.mask import Mask
from core.domain.volume import Pixels

Outline: TypeAlias = NDArray[np.float64]
"""A closed line (N, 2) of x, y in voxels; a voxel's centre lies at half past its index."""

_SMOOTHING = np.array([0.06, 0.24, 0.4, 0.24, 0.06])
_FEWEST_VERTICES = 9
_GRID_STEP, _GRIDS_KEPT = 64, 16


def outlines(mask: Mask, *, exact: bool = False) -> list[Outline]:
    """Return the outlines of the foreground of `mask` (Y, X), holes as lines of their own.

    Smoothed by about half a voxel along the line, which never makes a single voxel vanish as
    smoothing the mask would; `exact` keeps to the edges of the voxels.
    """
    box = _bounds(mask)
    if box is None:
        return []
    top, bottom, left, right = box
    along = _voxel_edges if exact else _smooth
    corner = np.array([left - 0.5, top - 0.5])
    return [along(line) + corner for line in _level_lines(mask[top:bottom, left:right])]


def enlarged(plane: Pixels, factor: int, *, rows: int = 1, columns: int = 1) -> Pixels:
    """Return a plane (Y, X) enlarged `factor` times by cubic interpolation, in the same type.

    Rows and columns are enlarged `rows` and `columns` times more, where slices lie that far apart.
    """
    down, right = factor * rows, factor * columns
    if down == right == 1:
        return plane
    height, width = plane.shape
    size = (width * right, height * down)
    if plane.dtype == np.uint8:
        small = Image.fromarray(np.ascontiguousarray(plane))
        big: Pixels = np.asarray(small.resize(size, Image.Resampling.BICUBIC))
        return big
    image = Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    values: Pixels = np.asarray(image)
    if plane.dtype.kind == "f":
        return values
    whole = np.iinfo(plane.dtype)
    return np.clip(np.rint(values), whole.min, whole.max).astype(plane.dtype)


def enlargement(shape: tuple[int, int], *, exact: bool = False) -> int:
    """Return how many times a plane of `shape` is enlarged before it goes to the screen."""
    return 1 if exact else max(1, min(3, 768 // max(shape)))


def _bounds(mask: Mask) -> tuple[int, int, int, int] | None:
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _level_lines(cut: Mask) -> list[Outline]:
    """Return the lines between 0 and 1 of a mask, one empty voxel around it, each closed.

    The oldest of the algorithms finds the same lines in half the time of the usual one, and made
    directly it is not asked first whether a value is missing.
    """
    height, width = (-(-(size + 2) // _GRID_STEP) * _GRID_STEP for size in cut.shape)
    values = np.zeros((height, width))
    values[1 : cut.shape[0] + 1, 1 : cut.shape[1] + 1] = cut
    x, y = _grid(height, width)
    found = Mpl2005ContourGenerator(x, y, values, None).lines(0.5)  # type: ignore[arg-type]
    lines: list[Outline] = found[0]  # type: ignore[assignment]
    return lines


@lru_cache(_GRIDS_KEPT)
def _grid(height: int, width: int) -> tuple[Outline, Outline]:
    """Return x and y of every voxel (Y, X), which take longer to make than the lines."""
    rows, columns = np.indices((height, width), np.float64)
    return columns, rows


def _smooth(line: Outline) -> Outline:
    """Average a closed line with its neighbours along it; a line of few vertices stays."""
    ring = line[:-1]
    if len(ring) < _FEWEST_VERTICES:
        return line
    round_again = np.concatenate([ring[-2:], ring, ring[:3]])
    count = len(line)
    smooth: Outline = np.zeros_like(line)
    for at, weight in enumerate(_SMOOTHING):
        smooth += weight * round_again[at : at + count]
    return smooth


def _voxel_edges(line: Outline) -> Outline:
    """Return a level line along the edges of the voxels: through the corners that it rounds."""
    corners: Outline = np.floor((line[:-1] + line[1:]) / 2) + 0.5
    return np.concatenate([corners, corners[:1]])

"""Tools drawn by hand: brush, eraser, threshold brush, polygon and lasso."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.annotation.patch import Patch, Point, changes
from core.domain.mask import Mask
from core.domain.volume import Pixels

LARGEST_SIZE = 200.0
"""Diameter of the largest brush, in voxels; the smallest is 1."""

Size = float | Sequence[float]
"""Diameter of a brush in voxels, one for all points of a path or one for each."""

Where = tuple[slice, slice]
"""Rows and columns of a slice."""

_ROUNDING = 1e-6  # a line exactly between two rows of voxels must not fall through


@dataclass(frozen=True, eq=False)
class ThresholdBrush:
    """A brush that paints only voxels of `plane` (Y, X) from `low` to `high`, both included."""

    plane: Pixels
    low: float
    high: float
    size: float
    value: int = 1


def stroke(
    mask: Mask, z: int, path: Sequence[Point], *, size: Size, value: int = 1
) -> Patch | None:
    """Paint `value` along `path` on slice `z` with a round brush of diameter `size` in voxels.

    Everything within half the size of the path is painted, so that samples far apart leave no gap;
    the voxels under the points always are. With a size for each point, as a pen gives them, the
    stroke widens and narrows evenly from one to the next.
    """
    return _painted(mask, z, covered(mask.shape[1:], path, size), value)


def threshold_stroke(
    mask: Mask, z: int, path: Sequence[Point], *, brush: ThresholdBrush, size: Size | None = None
) -> Patch | None:
    """Paint along `path` as `stroke` does, but only where the pixels lie within the window."""
    found = covered(mask.shape[1:], path, brush.size if size is None else size)
    if found is None:
        return None
    where, block = found
    pixels = brush.plane[where]
    block &= (pixels >= brush.low) & (pixels <= brush.high)
    return _painted(mask, z, found, brush.value)


def threshold_brush(
    plane: Pixels, point: Point, *, size: float, half_width: float, value: int = 1
) -> ThresholdBrush:
    """Return a brush whose window reaches `half_width` to both sides of the pixel under `point`.

    A point beyond the slice takes the nearest pixel of it.
    """
    row, column = (
        min(max(int(np.floor(at)), 0), side - 1)
        for at, side in zip(point, plane.shape, strict=True)
    )
    middle = float(plane[row, column])
    return ThresholdBrush(plane, middle - half_width, middle + half_width, size, value)


def polygon(mask: Mask, z: int, points: Sequence[Point], *, value: int = 1) -> Patch | None:
    """Paint `value` on the voxels of slice `z` whose centres lie inside a closed outline.

    Where the outline crosses itself, what it goes round twice is outside.
    """
    if len(points) < 3:
        return None
    where = _reach(mask.shape[1:], points, 0.0)
    if where is None:
        return None
    return _painted(mask, z, (where, _inside(where, np.asarray(points, np.float64))), value)


def covered(
    shape: tuple[int, ...], path: Sequence[Point], size: Size
) -> tuple[Where, NDArray[np.bool_]] | None:
    """Return the part of a slice (Y, X) a brush reaches, and which voxels of it; None when none.

    `size` is held to 1 … `LARGEST_SIZE`.
    """
    sizes = [size] * len(path) if isinstance(size, int | float) else size
    radii = [min(max(each, 1.0), LARGEST_SIZE) / 2 for each in sizes]
    where = _reach(shape, path, max(radii, default=0.0))
    if where is None:
        return None
    rows, columns = where
    block = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    origin = (rows.start, columns.start)
    samples = list(zip(path, radii, strict=True))
    for (one, radius), (other, last) in pairwise(samples if len(path) > 1 else samples * 2):
        _draw(block, origin, (one, other), (radius, last))
    under = np.floor(np.asarray(path, np.float64)).astype(np.int64) - origin
    inside = ((under >= 0) & (under < block.shape)).all(axis=1)
    block[tuple(under[inside].T)] = True
    return where, block


def _reach(shape: tuple[int, ...], path: Sequence[Point], radius: float) -> Where | None:
    """Return the rows and columns within `radius` of the points, or None beyond the slice."""
    if not path:
        return None
    points = np.asarray(path, np.float64)
    starts = np.maximum(np.floor(points.min(axis=0) - radius).astype(np.int64), 0)
    ends = np.minimum(np.ceil(points.max(axis=0) + radius).astype(np.int64) + 1, shape)
    if (ends <= starts).any():
        return None
    return slice(int(starts[0]), int(ends[0])), slice(int(starts[1]), int(ends[1]))


def _draw(
    block: NDArray[np.bool_],
    origin: tuple[int, int],
    ends: tuple[Point, Point],
    radii: tuple[float, float],
) -> None:
    """Set the voxels of `block` whose centres lie within a radius of the line between `ends`.

    The radius goes evenly from the first of `radii` to the second.
    """
    moved = [(y - origin[0], x - origin[1]) for y, x in ends]
    where = _reach(block.shape, moved, max(radii))
    if where is None:
        return
    (y, x), (y1, x1) = moved
    rows = np.arange(where[0].start, where[0].stop, dtype=np.float32)[:, np.newaxis] + (0.5 - y)
    columns = np.arange(where[1].start, where[1].stop, dtype=np.float32) + (0.5 - x)
    down, right = y1 - y, x1 - x
    length = down * down + right * right
    if length > _ROUNDING**2:
        along = np.clip((rows * (down / length)) + columns * (right / length), 0, 1)
        distance = (rows - along * down) ** 2 + (columns - along * right) ** 2
        if radii[0] != radii[1]:
            radius = radii[0] + along * (radii[1] - radii[0])
            block[where] |= distance <= radius * radius + _ROUNDING
            return
    else:
        distance = rows**2 + columns**2
    block[where] |= distance <= max(radii) ** 2 + _ROUNDING


def _inside(where: Where, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which voxel centres of `where` an outline shuts in, by counting crossings on each row.

    Row by row because scikit-image asks every voxel about every edge, too slow for a lasso.
    """
    rows, columns = (np.arange(part.start, part.stop) + 0.5 for part in where)
    ends = np.roll(points, -1, axis=0)
    crossed, edge = np.nonzero(
        (points[:, 0] <= rows[:, np.newaxis]) != (ends[:, 0] <= rows[:, np.newaxis])
    )
    (y, x), (y1, x1) = points[edge].T, ends[edge].T
    at = x + (rows[crossed] - y) * (x1 - x) / (y1 - y)
    first = np.searchsorted(columns, at)
    crossings = np.zeros((len(rows), len(columns) + 1), np.int32)
    np.add.at(crossings, (crossed, first), 1)
    return np.asarray(np.cumsum(crossings[:, :-1], axis=1) % 2 == 1)


def _painted(
    mask: Mask, z: int, found: tuple[Where, NDArray[np.bool_]] | None, value: int
) -> Patch | None:
    if found is None:
        return None
    (rows, columns), block = found
    values = mask[z : z + 1, rows, columns].copy()
    values[0][block] = value
    return changes(mask, (z, z + 1, rows.start, rows.stop, columns.start, columns.stop), values)

"""Tools drawn by hand: brush, eraser, threshold brush, polygon and lasso."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.annotation.patch import Patch, Point, changes
from core.domain.mask import Mask
from core.domain.volume import Pixels

LARGEST_SIZE = 200.0
"""Diameter of the largest brush, in voxels or mm; the smallest is 1."""

Size = float | Sequence[float]
"""Diameter of a brush, one for all points of a path or one for each."""

PlaneWindow = tuple[slice, slice]
"""Rows and columns of a slice."""

Block = tuple[slice, slice, slice]
"""Slices, their rows and their columns."""

Scale = tuple[float, float]
"""How long a row and a column are."""

_ROUNDING = 1e-6  # a line exactly between two rows of voxels must not fall through


@dataclass(frozen=True, eq=False)
class ThresholdBrush:
    """A brush that paints only voxels of `plane` (Y, X) from `low` to `high`, both included.

    A ball goes by `volume` (Z, Y, X) instead.
    """

    plane: Pixels
    low: float
    high: float
    size: float
    value: int = 1
    volume: Pixels | None = None


@dataclass(frozen=True)
class Tip:
    """The shape of a round brush: `spacing` (slice, row, column) is what sizes are counted in.

    With that of the volume, in mm, a size is a diameter in mm, and where voxels are not square the
    disc is an ellipse of them. A `ball` reaches into the slices before and behind as well.
    """

    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ball: bool = False


DISC = Tip()
"""A disc whose sizes are in voxels."""


def stroke(
    mask: Mask, z: int, path: Sequence[Point], *, size: Size, value: int = 1, tip: Tip = DISC
) -> Patch | None:
    """Paint `value` along `path` on slice `z` with a round brush of diameter `size`.

    Everything within half the size of the path is painted, so that samples far apart leave no gap;
    the voxels under the points always are. With a size for each point, as a pen gives them, the
    stroke widens and narrows evenly from one to the next.
    """
    return _painted(mask, _reached(mask.shape, z, path, (size, tip)), value)


def threshold_stroke(
    mask: Mask,
    z: int,
    path: Sequence[Point],
    *,
    brush: ThresholdBrush,
    size: Size | None = None,
    tip: Tip = DISC,
) -> Patch | None:
    """Paint along `path` as `stroke` does, but only where the pixels lie within the window."""
    found = _reached(mask.shape, z, path, (brush.size if size is None else size, tip))
    if found is None:
        return None
    (slices, rows, columns), block = found
    if brush.volume is None:
        pixels = brush.plane[rows, columns]
    else:
        pixels = brush.volume[slices, rows, columns]
    block &= (pixels >= brush.low) & (pixels <= brush.high)
    return _painted(mask, found, brush.value)


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
    where = _reach(mask.shape[1:], points, (0.0, 0.0))
    if where is None:
        return None
    inside = _inside(where, np.asarray(points, np.float64))
    return _painted(mask, ((slice(z, z + 1), *where), inside[np.newaxis]), value)


def covered(
    shape: tuple[int, ...], path: Sequence[Point], size: Size, *, scale: Scale = (1.0, 1.0)
) -> tuple[PlaneWindow, NDArray[np.bool_]] | None:
    """Return the part of a slice (Y, X) a brush reaches, and which voxels of it; None when none.

    `size` is held to 1 … `LARGEST_SIZE`; `scale` says how long a row and a column are in it.
    """
    return _swept(shape, path, _radii(path, size), scale)


def _reached(
    shape: tuple[int, ...], z: int, path: Sequence[Point], how: tuple[Size, Tip]
) -> tuple[Block, NDArray[np.bool_]] | None:
    """Return the slices, rows and columns that a brush reaches, and which voxels of them."""
    size, tip = how
    radii, scale = _radii(path, size), tip.spacing[1:]
    flat = _swept(shape[1:], path, radii, scale)
    if flat is None:
        return None
    (rows, columns), middle = flat
    apart = int(max(radii) / tip.spacing[0]) if tip.ball else 0
    first, end = max(z - apart, 0), min(z + apart + 1, shape[0])
    block = np.zeros((end - first, *middle.shape), bool)
    for index in range(first, end):
        if index == z:
            block[index - first] = middle
            continue
        away = (index - z) * tip.spacing[0]
        cut = [math.sqrt(max(radius * radius - away * away, 0.0)) for radius in radii]
        _draw_all(block[index - first], (rows.start, columns.start), (path, cut), scale)
    return (slice(first, end), rows, columns), block


def _radii(path: Sequence[Point], size: Size) -> list[float]:
    sizes = [size] * len(path) if isinstance(size, int | float) else size
    return [min(max(each, 1.0), LARGEST_SIZE) / 2 for each in sizes]


def _swept(
    shape: tuple[int, ...], path: Sequence[Point], radii: Sequence[float], scale: Scale
) -> tuple[PlaneWindow, NDArray[np.bool_]] | None:
    widest = max(radii, default=0.0)
    where = _reach(shape, path, (widest / scale[0], widest / scale[1]))
    if where is None:
        return None
    rows, columns = where
    block = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    origin = (rows.start, columns.start)
    _draw_all(block, origin, (path, radii), scale)
    under = np.floor(np.asarray(path, np.float64)).astype(np.int64) - origin
    inside = ((under >= 0) & (under < block.shape)).all(axis=1)
    block[tuple(under[inside].T)] = True
    return where, block


def _draw_all(
    block: NDArray[np.bool_],
    origin: tuple[int, int],
    along: tuple[Sequence[Point], Sequence[float]],
    scale: Scale,
) -> None:
    """Set the voxels of `block` along a path with a radius at each point; 0 draws nothing."""
    path, radii = along
    samples = list(zip(path, radii, strict=True))
    for (one, radius), (other, last) in pairwise(samples if len(path) > 1 else samples * 2):
        if radius > 0 or last > 0:
            _draw(block, origin, (one, other), (radius, last), scale)


def _reach(
    shape: tuple[int, ...], path: Sequence[Point], radius: tuple[float, float]
) -> PlaneWindow | None:
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
    scale: Scale,
) -> None:
    """Set the voxels of `block` whose centres lie within a radius of the line between `ends`.

    The radius goes evenly from the first of `radii` to the second; a row and a column are as long
    as `scale` says.
    """
    moved = [(y - origin[0], x - origin[1]) for y, x in ends]
    widest = max(radii)
    where = _reach(block.shape, moved, (widest / scale[0], widest / scale[1]))
    if where is None:
        return
    (y, x), (y1, x1) = moved
    rows = np.arange(where[0].start, where[0].stop, dtype=np.float32)[:, np.newaxis] + (0.5 - y)
    columns = np.arange(where[1].start, where[1].stop, dtype=np.float32) + (0.5 - x)
    down, right = y1 - y, x1 - x
    if scale != (1.0, 1.0):
        rows, down = rows * np.float32(scale[0]), down * scale[0]
        columns, right = columns * np.float32(scale[1]), right * scale[1]
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


def _inside(where: PlaneWindow, points: NDArray[np.float64]) -> NDArray[np.bool_]:
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


def _painted(mask: Mask, found: tuple[Block, NDArray[np.bool_]] | None, value: int) -> Patch | None:
    if found is None:
        return None
    where, block = found
    values = mask[where].copy()
    values[block] = value
    z, rows, columns = where
    box = (z.start, z.stop, rows.start, rows.stop, columns.start, columns.stop)
    return changes(mask, box, values)

"""From a volume to what a network sees, and from its output back to the native grid.

Shared by training and inference, so that they cannot differ. Statistics are taken over the whole
volume: one slice normalised alone gives poor masks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.domain.label_set import LabelMap
from core.domain.volume import FloatArray, Pixels, Volume
from core.inference.intensity import normalisers
from core.inference.plane_enlargement import enlargement
from core.inference.resample_step import SpacingChange, spacing_change
from core.models.preprocessing import Preprocessing


@dataclass(frozen=True)
class PlaneGrid:
    """How the native plane maps to the network's: crop or pad to `box`, then resize to `size`.

    `native` is (Y, X), after any change of spacing; `box` is (y0, y1, x0, x1) in native voxels and
    may reach beyond the image; `size` is (h, w).
    """

    native: tuple[int, int]
    box: tuple[int, int, int, int]
    size: tuple[int, int]

    @property
    def inside(self) -> tuple[slice, slice]:
        """The rows and columns of the image that the box holds."""
        (height, width), (y0, y1, x0, x1) = self.native, self.box
        return slice(max(y0, 0), min(y1, height)), slice(max(x0, 0), min(x1, width))

    @property
    def box_size(self) -> tuple[int, int]:
        """Height and width of the box in native voxels."""
        return self.box[1] - self.box[0], self.box[3] - self.box[2]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A volume ready for a network: `values` (C, Z, h, w) float32 on `grid`.

    `change` leads from the case's own voxels to those `values` were made of, None where they are
    the same.
    """

    values: FloatArray
    grid: PlaneGrid
    neighbours: int
    change: SpacingChange | None = None

    def batch(self, indices: Sequence[int]) -> FloatArray:
        """Return slices (B, (2·neighbours + 1)·C, h, w), from the one before to the one after."""
        channels, depth, height, width = self.values.shape
        offsets = range(-self.neighbours, self.neighbours + 1)
        batch = np.empty((len(indices), len(offsets), channels, height, width), np.float32)
        for into, z in zip(batch, indices, strict=True):
            for planes, offset in zip(into, offsets, strict=True):
                planes[:] = self.values[:, min(max(z + offset, 0), depth - 1)]
        return batch.reshape(len(indices), len(offsets) * channels, height, width)


def prepare(volume: Volume, preprocessing: Preprocessing, *, stride: int) -> Prepared:
    """Return `volume` as a network of that `stride` expects it.

    Raises `ModelError` where it is to be resampled and its spacing is unknown.
    """
    change = spacing_change(volume.geometry, preprocessing.spacing_mm)
    pixels = volume.pixels
    if change is not None:
        pixels = np.stack([change.apply(channel) for channel in pixels])
    grid = plane_grid(pixels, preprocessing, stride=stride)
    values = np.empty((*pixels.shape[:2], *grid.size), np.float32)
    larger = enlargement(grid.box_size, grid.size)
    each = zip(pixels, normalisers(pixels, preprocessing), values, strict=True)
    for channel, normalise, result in each:
        # What the crop leaves out is not normalised.
        seen = channel[:, *grid.inside]
        if larger is None:
            result[:] = _resize(_padded_crop(normalise(seen), grid, normalise.fill), grid.size)
            continue
        for plane, made in zip(seen, result, strict=True):
            turned = normalise(np.ascontiguousarray(plane.T))
            larger.apply(_padded_plane(turned, grid, normalise.fill), made)
    return Prepared(values, grid, preprocessing.neighbours, change)


def _padded_crop(values: FloatArray, grid: PlaneGrid, fill: float) -> FloatArray:
    """Return what lies in the box of a grid and in the image, (Z, y, x), with `fill` around it."""
    if values.shape[1:] == grid.box_size:
        return values
    result = np.full((len(values), *grid.box_size), fill, np.float32)
    rows, columns = grid.inside
    y0, _, x0, _ = grid.box
    result[:, rows.start - y0 : rows.stop - y0, columns.start - x0 : columns.stop - x0] = values
    return result


def _padded_plane(turned: FloatArray, grid: PlaneGrid, fill: float) -> FloatArray:
    """Do the same for one plane that is given as (x, y)."""
    if turned.shape[::-1] == grid.box_size:
        return turned
    return np.ascontiguousarray(_padded_crop(turned.T[np.newaxis], grid, fill)[0].T)


def plane_grid(pixels: Pixels, preprocessing: Preprocessing, *, stride: int) -> PlaneGrid:
    """Return the grid the network works on for `pixels` (C, Z, Y, X)."""
    native = (int(pixels.shape[2]), int(pixels.shape[3]))
    box = (0, native[0], 0, native[1])
    if preprocessing.crop == "head":
        box = head_box(pixels, preprocessing.foreground)
    if preprocessing.size is not None:
        side = _round_up(preprocessing.size, stride)
        return PlaneGrid(native, _square(box), (side, side))
    padded = _padded(box, stride)
    return PlaneGrid(native, padded, (padded[1] - padded[0], padded[3] - padded[2]))


def to_grid(values: FloatArray, grid: PlaneGrid, *, fill: float) -> FloatArray:
    """Return slices (Z, Y, X) on the network's grid (Z, h, w), `fill` beyond the image."""
    boxed = _crop_or_pad(values, grid.box, fill)
    return _resize(boxed, grid.size)


def labels_to_grid(
    label_map: LabelMap, grid: PlaneGrid, change: SpacingChange | None = None
) -> LabelMap:
    """Return a label map (Z, Y, X) on the network's grid (Z', h, w), by nearest neighbour.

    `change` comes first, as in `prepare`; beyond the image there is background.
    """
    if change is not None:
        slices, rows, columns = (
            _nearest(n, m) for n, m in zip(change.native, change.there, strict=True)
        )
        label_map = label_map[np.ix_(slices, rows, columns)]
    boxed = _crop_or_pad(label_map, grid.box, 0)
    if boxed.shape[1:] == grid.size:
        return boxed
    height, width = boxed.shape[1:]
    return boxed[:, _nearest(height, grid.size[0])[:, np.newaxis], _nearest(width, grid.size[1])]


def _nearest(count: int, wanted: int) -> NDArray[np.intp]:
    """Return which of `count` lines lies nearest to each of those wanted, pixels being areas."""
    places = ((np.arange(wanted) + 0.5) * (count / wanted)).astype(np.intp)
    return np.minimum(places, count - 1)


def from_grid(values: FloatArray, grid: PlaneGrid) -> FloatArray:
    """Return network output (B, h, w) on the native grid (B, Y, X), zero outside the box."""
    boxed = _resize(values, grid.box_size)
    y0, _, x0, _ = grid.box
    height, width = grid.native
    return _crop_or_pad(boxed, (-y0, height - y0, -x0, width - x0), 0.0)


def head_box(pixels: Pixels, foreground: float = 0.1) -> tuple[int, int, int, int]:
    """Return (y0, y1, x0, x1) around all voxels above `foreground` of their channel's maximum.

    `pixels` is (C, Z, Y, X); a volume of zeros gives the whole plane.
    """
    height, width = pixels.shape[2:]
    inside = np.zeros((height, width), dtype=bool)
    for channel in pixels:
        top = channel.max(axis=0)
        inside |= top > foreground * float(top.max())
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return 0, height, 0, width
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _square(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    y0, y1, x0, x1 = box
    side = max(y1 - y0, x1 - x0)
    top, left = y0 - (side - (y1 - y0)) // 2, x0 - (side - (x1 - x0)) // 2
    return top, top + side, left, left + side


def _padded(box: tuple[int, int, int, int], stride: int) -> tuple[int, int, int, int]:
    y0, y1, x0, x1 = box
    extra_y = _round_up(y1 - y0, stride) - (y1 - y0)
    extra_x = _round_up(x1 - x0, stride) - (x1 - x0)
    top, left = y0 - extra_y // 2, x0 - extra_x // 2
    return top, y1 + extra_y - extra_y // 2, left, x1 + extra_x - extra_x // 2


def _round_up(length: int, stride: int) -> int:
    return -(-length // stride) * stride


_Voxel = TypeVar("_Voxel", np.float32, np.uint8)


def _crop_or_pad(
    values: NDArray[_Voxel], box: tuple[int, int, int, int], fill: float
) -> NDArray[_Voxel]:
    y0, y1, x0, x1 = box
    height, width = values.shape[1:]
    if box == (0, height, 0, width):
        return values
    result = np.full((len(values), y1 - y0, x1 - x0), fill, values.dtype)
    top, bottom, left, right = max(y0, 0), min(y1, height), max(x0, 0), min(x1, width)
    result[:, top - y0 : bottom - y0, left - x0 : right - x0] = values[:, top:bottom, left:right]
    return result


def _resize(values: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Resize slices (Z, y, x) bilinearly, with a wider filter when they shrink (no aliasing)."""
    if values.shape[1:] == size:
        return values
    height, width = size
    result = np.empty((len(values), height, width), np.float32)
    for plane, made in zip(np.ascontiguousarray(values, dtype=np.float32), result, strict=True):
        resized = Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR)
        made[:] = np.asarray(resized)
    return result

"""The scoring space of the public reference implementation of LGG U-Net.

Buda, Saha and Mazurowski, "Association of genomic subtypes of lower-grade gliomas with shape
features automatically extracted by a deep learning algorithm", 2019. Figures from this space, and
from no other, compare with the published ones. It is a lossy view of a case: the first and the last
slice are dropped, and so is whatever lies outside the head.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.domain.components import Box, MaskLike, bounding_box, box_slices, largest_component
from core.domain.errors import DataError
from core.domain.grid import Grid
from core.domain.mask import Mask
from core.domain.prediction import Prediction
from core.domain.volume import Pixels, Volume

SIZE = 256
"""Rows and columns of the reference space."""

SoftMask = NDArray[np.float32]

_Voxel = TypeVar("_Voxel", np.uint8, np.float64)

_THRESHOLD = 0.5
_BACKGROUND_SHARE = 0.1
_FEWEST_SLICES = 3


@dataclass(frozen=True)
class ReferenceGrid:
    """How a native grid (Z, Y, X) maps to the reference space (z, 256, 256).

    `box` is the part of the native grid that is kept, `pad_before` the rows and columns (y, x) put
    before it to make its slices square with `side` voxels.
    """

    native_shape: tuple[int, int, int]
    box: Box
    pad_before: tuple[int, int]
    side: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (z, 256, 256) of the reference space."""
        return self.box[1] - self.box[0], SIZE, SIZE


class ReferenceMasks(NamedTuple):
    """What the reference implementation compares: `truth` and `mask` (z, 256, 256).

    Their `grid` has no known size: it was resized. `kept` are the slices of the case they are of.
    """

    truth: Mask
    mask: Mask
    grid: Grid
    kept: slice


def reference_masks(volume: Volume, truth: Mask, prediction: Prediction) -> ReferenceMasks:
    """Return truth and prediction as the reference implementation scores them.

    Raises `DataError` as `reference_space` does.
    """
    grid = reference_space(volume.pixels)
    probability = to_reference_probability(prediction.probability.astype(np.float32) / 255.0, grid)
    mask = largest_component((probability > _THRESHOLD).astype(np.uint8))
    kept = slice(*grid.box[:2])
    return ReferenceMasks(to_reference_mask(truth, grid), mask, Grid(grid.shape), kept)


def reference_space(pixels: Pixels) -> ReferenceGrid:
    """Find what the reference protocol keeps of a volume (C, Z, Y, X).

    Raises `DataError` for fewer than three slices and for a volume without signal in between.
    """
    _, depth, height, width = pixels.shape
    if depth < _FEWEST_SLICES:
        raise DataError(
            "The reference protocol drops the first and the last slice: expected at least "
            f"{_FEWEST_SLICES} slices, found {depth}. Score this case on its native grid."
        )
    inner = pixels[:, 1:-1].max(axis=0)
    threshold = _BACKGROUND_SHARE * float(inner.max())
    box = bounding_box((inner >= threshold) & (inner > 0))
    if box is None:
        raise DataError(
            "The reference protocol needs signal: expected values above zero between the first "
            "and the last slice, found only zeros. Check that the case's files hold an image."
        )
    z0, z1, y0, y1, x0, x1 = box
    side = max(y1 - y0, x1 - x0)
    return ReferenceGrid(
        native_shape=(depth, height, width),
        box=(z0 + 1, z1 + 1, y0, y1, x0, x1),
        pad_before=((side - (y1 - y0)) // 2, (side - (x1 - x0)) // 2),
        side=side,
    )


def to_reference_mask(mask: MaskLike, grid: ReferenceGrid) -> Mask:
    """Bring a native mask (Z, Y, X) into the reference space (z, 256, 256), nearest voxel."""
    _require_native(mask.shape, grid)
    nearest = _nearest(SIZE, grid.side)
    block = _square(np.asarray(mask > 0).view(np.uint8), grid)
    return np.ascontiguousarray(block[:, nearest[:, None], nearest])


def to_reference_probability(probability: SoftMask, grid: ReferenceGrid) -> SoftMask:
    """Bring a native probability (Z, Y, X) into the reference space (z, 256, 256), bilinear."""
    _require_native(probability.shape, grid)
    block = _square(probability.astype(np.float64), grid)
    return _resize_slices(block, SIZE).astype(np.float32)


def _square(values: NDArray[_Voxel], grid: ReferenceGrid) -> NDArray[_Voxel]:
    """Crop (Z, Y, X) to the box and pad its slices with zeros to a square."""
    z0, z1, y0, y1, x0, x1 = grid.box
    (top, left), side = grid.pad_before, grid.side
    square = np.zeros((z1 - z0, side, side), values.dtype)
    square[:, top : top + y1 - y0, left : left + x1 - x0] = values[box_slices(grid.box)]
    return square


def _resize_slices(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Resize slices (z, y, x) bilinearly from square to square."""
    from scipy import ndimage  # slow to load, and the window needs it late

    resized = np.empty((len(values), side, side))
    factor = side / values.shape[-1]
    for index, plane in enumerate(values):
        ndimage.zoom(plane, factor, output=resized[index], order=1, mode="nearest", grid_mode=True)
    return resized


def _nearest(count: int, source: int) -> NDArray[np.intp]:
    """Return for each of `count` voxels the voxel out of `source` in which its centre lies."""
    return ((np.arange(count) + 0.5) * (source / count)).astype(np.intp)


def _require_native(shape: tuple[int, ...], grid: ReferenceGrid) -> None:
    if shape != grid.native_shape:
        raise ValueError(f"expected the native grid {grid.native_shape}, got {shape}")

"""The preprocessing and the scoring space of the public reference implementation of LGG U-Net.

Buda, Saha and Mazurowski, "Association of genomic subtypes of lower-grade gliomas with shape
features automatically extracted by a deep learning algorithm", 2019. Figures from this space, and
from no other, compare with the published ones. It is a lossy view of a case: the first and the last
slice are dropped, and so is whatever lies outside the head.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from core.domain.components import Box, MaskLike, bounding_box, box_slices, largest_component
from core.domain.errors import DataError
from core.domain.grid import Grid
from core.domain.mask import Mask
from core.domain.metrics import overlap
from core.domain.prediction import Prediction
from core.domain.volume import Pixels, Volume

SIZE = 256
"""Rows and columns of the reference space."""

SoftMask = NDArray[np.float32]

_Voxel = TypeVar("_Voxel", np.uint8, np.float64)

_THRESHOLD = 0.5
_BACKGROUND_SHARE = 0.1
_FEWEST_SLICES = 3
_FLAT = 1e-9  # a standard deviation below it is rounding, not contrast


@dataclass(frozen=True)
class ReferenceGrid:
    """How a native grid (Z, Y, X) maps to the reference space (z, 256, 256).

    `box` is the part of the native grid that is kept, `pad_before` the rows and columns (y, x) put
    before it to make its slices square with `side` voxels. Voxels below `threshold` are background.
    """

    native_shape: tuple[int, int, int]
    box: Box
    pad_before: tuple[int, int]
    side: int
    threshold: float

    @property
    def slices(self) -> range:
        """Native indices of the slices kept, in the order of the reference space."""
        return range(self.box[0], self.box[1])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (z, 256, 256) of the reference space."""
        return len(self.slices), SIZE, SIZE


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
        threshold=threshold,
    )


def to_reference_image(pixels: Pixels, grid: ReferenceGrid) -> NDArray[np.float32]:
    """Bring a native volume (C, Z, Y, X) into the reference space, normalised: (C, z, 256, 256).

    Percentiles 10 and 99 of all channels together become 0 and 1, then each channel gets mean 0 and
    standard deviation 1 over the volume; a channel of one value becomes 0.
    """
    _require_native(pixels.shape[1:], grid)
    block = _square(pixels.astype(np.float64), grid)
    block[block < grid.threshold] = 0
    resized = _resize_slices(block, SIZE, order=2, mode="grid-constant")
    # Over the whole block, as a resize in one piece would clip what the spline overshoots.
    low = 0.0 if resized.min() <= 0 else float(block.min())
    np.clip(resized, low, block.max(), out=resized)
    return _normalise(resized).astype(np.float32)


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
    return _resize_slices(block, SIZE, order=1, mode="nearest").astype(np.float32)


@overload
def from_reference(values: MaskLike, grid: ReferenceGrid) -> Mask: ...
@overload
def from_reference(values: SoftMask, grid: ReferenceGrid) -> SoftMask: ...
def from_reference(values: MaskLike | SoftMask, grid: ReferenceGrid) -> Mask | SoftMask:
    """Bring a mask or a float probability (z, 256, 256) back to the native grid (Z, Y, X).

    A mask by the nearest voxel, a probability bilinearly; zero where the reference space has
    nothing: slices dropped and voxels outside the box.
    """
    if values.shape != grid.shape:
        raise ValueError(f"expected {grid.shape} in the reference space, got {values.shape}")
    rows, columns = (
        slice(before, before + stop - start)
        for before, start, stop in zip(grid.pad_before, grid.box[2::2], grid.box[3::2], strict=True)
    )
    kept = box_slices(grid.box)
    if np.issubdtype(values.dtype, np.floating):
        probability = np.zeros(grid.native_shape, np.float32)
        square = _resize_slices(values.astype(np.float64), grid.side, order=1, mode="nearest")
        probability[kept] = square[:, rows, columns]
        return probability
    mask = np.zeros(grid.native_shape, np.uint8)
    nearest = _nearest(grid.side, SIZE)
    mask[kept] = values[:, nearest[rows, None], nearest[columns]] > 0
    return mask


def reference_dsc(
    truth: MaskLike,
    prediction: MaskLike | SoftMask,
    grid: ReferenceGrid,
    *,
    threshold: float = 0.5,
) -> float:
    """Score a prediction on the native grid (Z, Y, X) as the reference implementation would.

    A mask goes into the reference space by the nearest voxel, a float probability bilinearly and is
    foreground above `threshold` there.
    """
    if np.issubdtype(prediction.dtype, np.floating):
        predicted = to_reference_probability(prediction.astype(np.float32), grid) > threshold
    else:
        predicted = to_reference_mask(prediction.view(np.uint8), grid) > 0
    return reference_space_dsc(to_reference_mask(truth, grid), predicted)


def reference_space_dsc(truth: MaskLike, prediction: MaskLike) -> float:
    """Score masks (z, 256, 256): DSC of the prediction's largest component.

    For a model that predicts in the reference space, whose mask would only lose by a detour over
    the native grid.
    """
    return overlap(truth, largest_component(prediction)).dsc


def _square(values: NDArray[_Voxel], grid: ReferenceGrid) -> NDArray[_Voxel]:
    """Crop (..., Z, Y, X) to the box and pad its slices with zeros to a square."""
    z0, z1, y0, y1, x0, x1 = grid.box
    (top, left), side = grid.pad_before, grid.side
    square = np.zeros((*values.shape[:-3], z1 - z0, side, side), values.dtype)
    rows, columns = slice(top, top + y1 - y0), slice(left, left + x1 - x0)
    square[..., rows, columns] = values[..., *box_slices(grid.box)]
    return square


def _resize_slices(
    values: NDArray[np.float64],
    side: int,
    *,
    order: Literal[1, 2],
    mode: Literal["grid-constant", "nearest"],
) -> NDArray[np.float64]:
    """Resize the last two axes from square to square by a spline, whose overshoot stays."""
    from scipy import ndimage  # slow to load, and the window needs it late

    resized = np.empty((*values.shape[:-2], side, side))
    factor = side / values.shape[-1]
    for index in np.ndindex(values.shape[:-2]):
        ndimage.zoom(
            values[index], factor, output=resized[index], order=order, mode=mode, grid_mode=True
        )
    return resized


def _normalise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.percentile(values, (10, 99))
    scaled = np.clip(values, low, high) - low
    if high > low:
        scaled /= high - low
    scaled -= scaled.mean(axis=(1, 2, 3), keepdims=True)
    deviation = scaled.std(axis=(1, 2, 3), keepdims=True)
    return np.where(deviation > _FLAT, scaled / np.maximum(deviation, _FLAT), 0.0)


def _nearest(count: int, source: int) -> NDArray[np.intp]:
    """Return for each of `count` voxels the voxel out of `source` in which its centre lies."""
    return ((np.arange(count) + 0.5) * (source / count)).astype(np.intp)


def _require_native(shape: tuple[int, ...], grid: ReferenceGrid) -> None:
    if shape != grid.native_shape:
        raise ValueError(f"expected the native grid {grid.native_shape}, got {shape}")


def reference_masks(volume: Volume, truth: Mask, prediction: Prediction) -> tuple[Mask, Mask, Grid]:
    """Return truth and prediction (z, 256, 256) as the reference implementation scores them.

    Their grid has no known size: it was resized.
    """
    grid = reference_space(volume.pixels)
    probability = to_reference_probability(prediction.probability.astype(np.float32) / 255.0, grid)
    mask = largest_component((probability > _THRESHOLD).astype(np.uint8))
    return to_reference_mask(truth, grid), mask, Grid(grid.shape)

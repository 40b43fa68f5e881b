"""A volume on voxels of another size, and what was found there back on its own grid."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.domain.errors import ModelError
from core.domain.grid import Grid
from core.domain.volume import FloatArray, Pixels

GridShape: TypeAlias = tuple[int, int, int]

_MOST_VOXELS = 1 << 30  # 4 GiB of float32, and several times that on the way


@dataclass(frozen=True)
class SpacingChange:
    """The step between the grid of a case, `native` (Z, Y, X), and that of the network, `there`.

    Both fill the same box: a voxel's new size is the box over the number of voxels, within half a
    voxel of what was asked for. Linear, and averaging where voxels grow, so that nothing is missed
    between them.
    """

    native: GridShape
    there: GridShape

    def apply(self, values: Pixels) -> FloatArray:
        """Return `values` (Z, Y, X) of the case on the network's grid."""
        return _resized(values, self._forth, self.there)

    def back(self, values: FloatArray) -> FloatArray:
        """Return `values` of the network's grid on that of the case."""
        return _resized(values, self._back, self.native)

    def back_slices(self, values: FloatArray, indices: list[int]) -> FloatArray:
        """Return the slices `indices` of the case of `values`, all slices of the network's grid."""
        return _resized(values, self._back[indices], self.native)

    def sources(self, indices: NDArray[np.intp]) -> list[int]:
        """Return the slices of the network that those of the case, `indices`, are made of."""
        used = self._back[indices].any(axis=0)
        return [int(index) for index in np.flatnonzero(used)]

    def complete(self, done: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which slices of the case (Z,) can be made of the network's that are `done` (Z',)."""
        missing = self._back[:, ~done] > 0
        return np.asarray(~missing.any(axis=1))

    def of_slices(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what was said of each slice of the network (Z', K) for each of the case (Z, K)."""
        return self._back.astype(np.float64) @ values

    @cached_property
    def _forth(self) -> FloatArray:
        return _weights(self.native[0], self.there[0])

    @cached_property
    def _back(self) -> FloatArray:
        return _weights(self.there[0], self.native[0])


def spacing_change(
    grid: Grid, spacing_mm: tuple[float, float, float] | None
) -> SpacingChange | None:
    """Return the step from `grid` to voxels of that spacing (z, y, x), None where there is none.

    A z of 0 keeps the slices. Raises `ModelError` where the spacing of the grid is unknown, or the
    step would take more memory than a computer has.
    """
    if spacing_mm is None:
        return None
    if grid.spacing_mm is None:
        raise ModelError(
            "Expected voxels of a known size to resample from, found a case whose files tell none. "
            "Convert the case anew with its spacing, or choose another model."
        )
    there = tuple(
        max(1, round(count * here / wanted)) if wanted else count
        for count, here, wanted in zip(grid.shape, grid.spacing_mm, spacing_mm, strict=True)
    )
    if np.prod(there, dtype=np.float64) > _MOST_VOXELS:
        raise ModelError(
            f"Expected a case of at most {_MOST_VOXELS:,} voxels after resampling, found "
            f"{'×'.join(map(str, there))}. Check the spacing of the case."
        )
    z, y, x = there
    return SpacingChange(grid.shape, (z, y, x))


def _resized(values: Pixels, weights: FloatArray, shape: GridShape) -> FloatArray:
    """Return (Z, Y, X) mixed along z by `weights` (Z', Z) and resized in plane to `shape`."""
    height, width = shape[1:]
    planes = np.asarray(values, np.float32)
    if planes.shape[1:] != (height, width):
        size, how = (width, height), Image.Resampling.BILINEAR
        planes = np.stack([np.asarray(Image.fromarray(one).resize(size, how)) for one in planes])
    if len(weights) == weights.shape[1] and np.array_equal(weights, np.eye(len(weights))):
        return planes
    mixed: FloatArray = (weights @ planes.reshape(len(planes), -1)).reshape(-1, height, width)
    return mixed


def _weights(count: int, wanted: int) -> FloatArray:
    """Return how much of each of `count` slices (wanted, count) is in each of those wanted."""
    each = Image.fromarray(np.eye(count, dtype=np.float32))
    return np.asarray(each.resize((count, wanted), Image.Resampling.BILINEAR))

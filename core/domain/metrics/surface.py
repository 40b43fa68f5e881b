"""Distances between the outlines of two masks.

An outline is made of the voxels with a face to the background or to the edge of the array. All
figures come from one measurement: the distance of every outline voxel to the nearest voxel of the
other outline, in both directions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.domain.components import MaskLike, bounding_box, box_slices
from core.domain.grid import Spacing
from core.domain.metrics.overlap import require_same_shape


class Hd95(NamedTuple):
    """The 95th percentile of two outlines' distances, of both directions and of the greater one."""

    pooled: float
    maximum: float


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances (N,) of each outline's voxels to the other outline, in mm or in voxels."""

    from_truth: NDArray[np.float64]
    from_prediction: NDArray[np.float64]

    @property
    def hd95(self) -> Hd95:
        """Return the 95th percentile of the distances (Huttenlocher 1993).

        Pooled over both directions, as medpy has it, and the greater of each direction's own, as
        MONAI has it.
        """
        directions = (self.from_truth, self.from_prediction)
        return Hd95(
            float(np.percentile(np.concatenate(directions), 95)),
            max(float(np.percentile(each, 95)) for each in directions),
        )

    @property
    def average(self) -> float:
        """Average symmetric surface distance: the mean of both directions pooled (Heimann 2009)."""
        return float(np.concatenate([self.from_truth, self.from_prediction]).mean())

    def surface_dice(self, tolerance: float) -> float:
        """Share of both outlines that lies within `tolerance` of the other (Nikolov 2021)."""
        near = sum(
            np.count_nonzero(each <= tolerance) for each in (self.from_truth, self.from_prediction)
        )
        return float(near / (self.from_truth.size + self.from_prediction.size))


def hd95(
    truth: MaskLike, prediction: MaskLike, *, spacing_mm: Spacing | None = None
) -> Hd95 | None:
    """Return the 95th percentile of both masks' surface distances, None when one is empty.

    In mm when `spacing_mm` is given, otherwise in voxels. Raises `ValueError` when the shapes
    differ.
    """
    found = surface_distances(truth, prediction, spacing_mm=spacing_mm)
    return None if found is None else found.hd95


def surface_distances(
    truth: MaskLike, prediction: MaskLike, *, spacing_mm: Spacing | None = None
) -> SurfaceDistances | None:
    """Measure between the outlines of two (Z, Y, X) masks, None when one is empty.

    In mm when `spacing_mm` is given, otherwise in voxels. Raises `ValueError` when the shapes
    differ.
    """
    require_same_shape(truth, prediction)
    return _between(truth, prediction, np.asarray(spacing_mm or (1.0, 1.0, 1.0), np.float64))


def plane_distances(
    truth: MaskLike, prediction: MaskLike, *, spacing_mm: Spacing | None = None
) -> SurfaceDistances | None:
    """Measure between the outlines of two (Y, X) masks in their plane, None when one is empty.

    `spacing_mm` is that of the volume (z, y, x). Raises `ValueError` when the shapes differ.
    """
    require_same_shape(truth, prediction)
    return _between(truth, prediction, np.asarray((spacing_mm or (1.0, 1.0, 1.0))[1:], np.float64))


def _between(
    truth: MaskLike, prediction: MaskLike, spacing: NDArray[np.float64]
) -> SurfaceDistances | None:
    expected, predicted = truth.view(np.uint8), prediction.view(np.uint8)
    dimensions = expected.ndim
    union = np.maximum(expected, predicted)
    box = bounding_box(union if dimensions == 3 else union[np.newaxis])
    if box is None or not expected.any() or not predicted.any():
        return None
    # Beyond the joint box all is background, so neither outlines nor distances change by the crop.
    crop = box_slices(box)[-dimensions:]
    one, other = (_outline(mask[crop] > 0) for mask in (expected, predicted))
    return SurfaceDistances(_distances(one, other, spacing), _distances(other, one, spacing))


def _outline(foreground: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the voxels with a face to the background or to the edge of the array."""
    # Loaded at the first use: the first picture need not wait for scipy. So is it below.
    from scipy import ndimage

    inner: NDArray[np.bool_] = ndimage.binary_erosion(foreground)
    return foreground & ~inner


def _distances(
    source: NDArray[np.bool_], target: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance of every `source` voxel to the nearest `target` voxel."""
    points = np.count_nonzero(source) + np.count_nonzero(target)
    # Both ways are exact. A tree costs by the point, a distance transform by the voxel of the box.
    if points * 16 < source.size:
        from scipy.spatial import KDTree

        tree = KDTree(np.argwhere(target) * spacing)
        nearest, _ = tree.query(np.argwhere(source) * spacing)
        return np.asarray(nearest, np.float64)
    from scipy import ndimage

    transform = ndimage.distance_transform_edt(~target, sampling=spacing)
    return np.asarray(transform, np.float64)[source]

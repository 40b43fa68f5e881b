"""Overlap and distance of a prediction against the ground truth, for a volume and for its slices.

The empty-mask rule, for every figure Overread shows: where truth and prediction are both empty,
DSC and IoU are 1 for a volume; where only one is empty they are 0. HD95 needs two outlines and is
undefined as soon as one is missing. Sensitivity is undefined without truth, precision without
prediction. An undefined figure is None, is shown as a dash and enters no mean.

A slice that is empty in both has no DSC at all: most slices of a brain hold no lesion, and scoring
them 1 would give a model that predicts nothing a good mean.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.components import MaskLike, bounding_box, box_slices

Spacing = tuple[float, float, float]
"""Voxel spacing (z, y, x) in mm."""


@dataclass(frozen=True)
class Overlap:
    """Voxel counts of a prediction against the truth, and the figures that follow from them."""

    true_positive: int
    false_positive: int
    false_negative: int

    @property
    def truth_voxels(self) -> int:
        """Foreground voxels of the ground truth."""
        return self.true_positive + self.false_negative

    @property
    def predicted_voxels(self) -> int:
        """Foreground voxels of the prediction."""
        return self.true_positive + self.false_positive

    @property
    def dsc(self) -> float:
        """Dice similarity coefficient (Dice 1945), 1 when both masks are empty."""
        both = self.truth_voxels + self.predicted_voxels
        return 2 * self.true_positive / both if both else 1.0

    @property
    def iou(self) -> float:
        """Intersection over union (Jaccard 1912), 1 when both masks are empty."""
        union = self.true_positive + self.false_positive + self.false_negative
        return self.true_positive / union if union else 1.0

    @property
    def sensitivity(self) -> float | None:
        """Share of the truth that was found, None without truth."""
        return self.true_positive / self.truth_voxels if self.truth_voxels else None

    @property
    def precision(self) -> float | None:
        """Share of the prediction that is right, None without prediction."""
        return self.true_positive / self.predicted_voxels if self.predicted_voxels else None


class VolumeMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one case; `hd95` in mm where the spacing is known, otherwise in voxels."""

    dsc: float
    iou: float
    sensitivity: float | None
    precision: float | None
    hd95: float | None
    truth_voxels: int
    predicted_voxels: int


@dataclass(frozen=True, eq=False)
class SliceCounts:
    """Voxel counts of every slice, each array (Z,) of int64."""

    true_positive: NDArray[np.int64]
    false_positive: NDArray[np.int64]
    false_negative: NDArray[np.int64]

    def dsc(self) -> NDArray[np.float64]:
        """Return the DSC of every slice (Z,), NaN where truth and prediction are both empty.

        NaN and not 1: an empty slice left empty tells nothing of how well lesions are outlined.
        """
        both = 2 * self.true_positive + self.false_positive + self.false_negative
        scores = np.full(both.shape, np.nan)
        np.divide(2 * self.true_positive, both, out=scores, where=both > 0)
        return scores

    def of_slice(self, index: int) -> Overlap:
        """Return the counts of one slice."""
        return Overlap(
            true_positive=int(self.true_positive[index]),
            false_positive=int(self.false_positive[index]),
            false_negative=int(self.false_negative[index]),
        )

    def pooled(self) -> Overlap:
        """Return the counts of the whole volume."""
        return Overlap(
            true_positive=int(self.true_positive.sum()),
            false_positive=int(self.false_positive.sum()),
            false_negative=int(self.false_negative.sum()),
        )


def volume_metrics(
    truth: MaskLike,
    prediction: MaskLike,
    *,
    spacing_mm: Spacing | None = None,
    distances: bool = True,
) -> VolumeMetrics:
    """Score a (Z, Y, X) prediction against the truth; `distances=False` leaves `hd95` None.

    Raises `ValueError` when the shapes differ.
    """
    counts = overlap(truth, prediction)
    return VolumeMetrics(
        dsc=counts.dsc,
        iou=counts.iou,
        sensitivity=counts.sensitivity,
        precision=counts.precision,
        hd95=hd95(truth, prediction, spacing_mm=spacing_mm) if distances else None,
        truth_voxels=counts.truth_voxels,
        predicted_voxels=counts.predicted_voxels,
    )


def overlap(truth: MaskLike, prediction: MaskLike) -> Overlap:
    """Count the voxels of two (Z, Y, X) masks; raises `ValueError` when the shapes differ."""
    return slice_counts(truth, prediction).pooled()


def slice_counts(truth: MaskLike, prediction: MaskLike) -> SliceCounts:
    """Count the voxels of two (Z, Y, X) masks slice by slice.

    Raises `ValueError` when the shapes differ.
    """
    _require_same_shape(truth, prediction)
    expected, predicted = _as_bytes(truth), _as_bytes(prediction)
    # One slice at a time stays in the cache, which is what makes a large volume fast.
    common = np.empty(truth.shape[1:], np.uint8)
    counts = np.empty((len(truth), 3), np.int64)
    for z, (one, other) in enumerate(zip(expected, predicted, strict=True)):
        np.minimum(one, other, out=common)
        counts[z] = [np.count_nonzero(plane) for plane in (common, other, one)]
    both, positive, true = counts.T
    return SliceCounts(both.copy(), positive - both, true - both)


def hd95(
    truth: MaskLike, prediction: MaskLike, *, spacing_mm: Spacing | None = None
) -> float | None:
    """Return the 95th percentile of both masks' surface distances, None when one is empty.

    The distances of each outline's voxels to the nearest voxel of the other outline, both ways
    pooled before the percentile is taken (Huttenlocher 1993 for the distance); in mm when
    `spacing_mm` is given, otherwise in voxels. Raises `ValueError` when the shapes differ.
    """
    _require_same_shape(truth, prediction)
    expected, predicted = _as_bytes(truth), _as_bytes(prediction)
    box = bounding_box(np.maximum(expected, predicted))
    if box is None or not expected.any() or not predicted.any():
        return None
    # Beyond the joint box all is background, so neither outlines nor distances change by the crop.
    one, other = (_outline(mask[box_slices(box)] > 0) for mask in (expected, predicted))
    spacing = np.asarray(spacing_mm or (1.0, 1.0, 1.0), np.float64)
    distances = np.concatenate(
        [_distances(one, other, spacing), _distances(other, one, spacing)], dtype=np.float64
    )
    return float(np.percentile(distances, 95))


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


def _as_bytes(mask: MaskLike) -> NDArray[np.uint8]:
    return mask.view(np.uint8)


def _require_same_shape(truth: MaskLike, prediction: MaskLike) -> None:
    if truth.shape != prediction.shape:
        raise ValueError(f"truth is {truth.shape}, prediction is {prediction.shape}")

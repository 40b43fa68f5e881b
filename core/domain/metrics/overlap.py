"""Voxel counts of a prediction against the ground truth, and the figures that follow from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.components import MaskLike, bounding_box


@dataclass(frozen=True)
class Overlap:
    """Voxel counts of a prediction against the truth; see `EMPTY_RULE` for empty masks."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int = 0

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
    def specificity(self) -> float | None:
        """Share of the background that was left alone, None without background in the truth."""
        background = self.true_negative + self.false_positive
        return self.true_negative / background if background else None

    @property
    def precision(self) -> float | None:
        """Share of the prediction that is right, None without prediction."""
        return self.true_positive / self.predicted_voxels if self.predicted_voxels else None

    @property
    def volume_difference(self) -> float | None:
        """Predicted less true volume as a share of the true volume, None without truth."""
        if not self.truth_voxels:
            return None
        return (self.predicted_voxels - self.truth_voxels) / self.truth_voxels


@dataclass(frozen=True, eq=False)
class SliceCounts:
    """Voxel counts of every slice, each array (Z,) of int64; `area` is the voxels of a slice."""

    true_positive: NDArray[np.int64]
    false_positive: NDArray[np.int64]
    false_negative: NDArray[np.int64]
    area: int = 0

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
        counts = (self.true_positive, self.false_positive, self.false_negative)
        return self._of(*(int(each[index]) for each in counts), area=self.area)

    def pooled(self) -> Overlap:
        """Return the counts of the whole volume."""
        counts = (self.true_positive, self.false_positive, self.false_negative)
        return self._of(
            *(int(each.sum()) for each in counts), area=self.area * len(self.true_positive)
        )

    @staticmethod
    def _of(positive: int, invented: int, missed: int, *, area: int) -> Overlap:
        return Overlap(positive, invented, missed, max(area - positive - invented - missed, 0))


def overlap(truth: MaskLike, prediction: MaskLike) -> Overlap:
    """Count the voxels of two (Z, Y, X) masks; raises `ValueError` when the shapes differ."""
    return slice_counts(truth, prediction).pooled()


def slice_counts(truth: MaskLike, prediction: MaskLike) -> SliceCounts:
    """Count the voxels of two (Z, Y, X) masks slice by slice.

    Raises `ValueError` when the shapes differ.
    """
    require_same_shape(truth, prediction)
    expected, predicted = truth.view(np.uint8), prediction.view(np.uint8)
    # One slice at a time stays in the cache, which is what makes a large volume fast.
    common = np.empty(truth.shape[1:], np.uint8)
    counts = np.empty((len(truth), 3), np.int64)
    for z, (one, other) in enumerate(zip(expected, predicted, strict=True)):
        np.minimum(one, other, out=common)
        counts[z] = [np.count_nonzero(plane) for plane in (common, other, one)]
    both, positive, true = counts.T
    return SliceCounts(both.copy(), positive - both, true - both, int(common.size))


def counts_along(axis: int, truth: MaskLike, prediction: MaskLike) -> SliceCounts:
    """Count the voxels of two (Z, Y, X) masks in every slice across `axis` (0 = Z, 1 = Y, 2 = X).

    Raises `ValueError` when the shapes differ.
    """
    if axis == 0:
        return slice_counts(truth, prediction)
    require_same_shape(truth, prediction)
    boxes = [box for box in map(bounding_box, (truth, prediction)) if box is not None]
    counts = np.zeros((3, truth.shape[axis]), np.int64)
    if boxes:
        # Slices across other axes lie scattered in memory: what is empty is left out.
        starts, ends = np.min(boxes, axis=0)[::2], np.max(boxes, axis=0)[1::2]
        where = tuple(slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True))
        one, other = truth[where] > 0, prediction[where] > 0
        across = tuple(each for each in range(3) if each != axis)
        for row, part in zip(counts, (one & other, other, one), strict=True):
            row[where[axis]] = np.count_nonzero(part, axis=across)
    both, positive, true = counts
    area = truth.size // max(truth.shape[axis], 1)
    return SliceCounts(both.copy(), positive - both, true - both, area)


def require_same_shape(truth: MaskLike, prediction: MaskLike) -> None:
    """Raise `ValueError` when the masks do not lie on one grid."""
    if truth.shape != prediction.shape:
        raise ValueError(f"truth is {truth.shape}, prediction is {prediction.shape}")

"""Lesion by lesion: which lesions of the truth were found, which of the prediction are right.

A lesion is what `core.domain.components` says: joined by faces, edges and corners (26 neighbours).

The matching rule, for every lesion-wise figure Overread shows: a lesion of the truth is found when
the prediction shares at least one voxel with it, and a lesion of the prediction is right when it
shares at least one voxel with the truth. This is the rule of the ISBI 2015 challenge (Carass 2017,
"Longitudinal multiple sclerosis lesion segmentation: resource and challenge", NeuroImage 148).
It asks for detection, not for outlines: the DSC tells of those.

With `minimum_iou` a pair of lesions matches when their intersection over union is above it. From
0.5 on no lesion can match two (Kirillov 2019, "Panoptic segmentation", CVPR), so lower is refused.

Truth and prediction both empty: F1 is 1; only one empty: it is 0. Sensitivity is undefined without
a lesion in the truth, precision without one in the prediction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.components import LESION_NEIGHBOURS, MaskLike, bounding_box, box_slices
from core.domain.metrics.overlap import require_same_shape

MATCHING_RULE = (
    "26-neighbour lesions: joined by faces, edges and corners. One of the truth is found, and one "
    "of the prediction is right, when it shares at least one voxel with the other mask (Carass "
    "2017)."
)
LEAST_IOU = 0.5


@dataclass(frozen=True)
class LesionScore:
    """Lesions counted: of the truth and found among them, predicted and right among them."""

    truth_lesions: int
    found_lesions: int
    predicted_lesions: int
    right_lesions: int

    @property
    def sensitivity(self) -> float | None:
        """Share of the lesions of the truth that were found, None without any."""
        return self.found_lesions / self.truth_lesions if self.truth_lesions else None

    @property
    def precision(self) -> float | None:
        """Share of the lesions predicted that are right, None without any."""
        return self.right_lesions / self.predicted_lesions if self.predicted_lesions else None

    @property
    def f1(self) -> float:
        """Harmonic mean of lesion-wise sensitivity and precision."""
        if not self.truth_lesions and not self.predicted_lesions:
            return 1.0
        found, right = self.sensitivity or 0.0, self.precision or 0.0
        return 2 * found * right / (found + right) if found + right else 0.0


def lesion_score(
    truth: MaskLike, prediction: MaskLike, *, minimum_iou: float | None = None
) -> LesionScore:
    """Match the lesions of two (Z, Y, X) masks by the rule above.

    Raises `ValueError` when the shapes differ or `minimum_iou` is below 0.5.
    """
    require_same_shape(truth, prediction)
    if minimum_iou is not None and minimum_iou < LEAST_IOU:
        raise ValueError(f"minimum_iou must be {LEAST_IOU} or more, got {minimum_iou}")
    box = bounding_box(np.asarray((truth > 0) | (prediction > 0)))
    if box is None:
        return LesionScore(0, 0, 0, 0)
    expected, expected_count = _lesions(truth[box_slices(box)])
    predicted, predicted_count = _lesions(prediction[box_slices(box)])
    found, right = _matches(expected, predicted, minimum_iou)
    return LesionScore(expected_count, len(found), predicted_count, len(right))


def _lesions(mask: MaskLike) -> tuple[NDArray[np.int32], int]:
    # Loaded at the first use: the first picture need not wait for scipy.
    from scipy import ndimage

    labels, count = ndimage.label(mask > 0, LESION_NEIGHBOURS)
    return np.asarray(labels, np.int32), int(count)


def _matches(
    expected: NDArray[np.int32], predicted: NDArray[np.int32], minimum_iou: float | None
) -> tuple[set[int], set[int]]:
    """Return the labels of the truth and of the prediction that match any of the other."""
    both = (expected > 0) & (predicted > 0)
    # One number a pair: numpy tells equal columns apart fifty times more slowly.
    base = int(predicted.max(initial=0)) + 1
    names, shared = np.unique(
        expected[both].astype(np.int64) * base + predicted[both], return_counts=True
    )
    pairs = np.stack([names // base, names % base])
    if minimum_iou is not None:
        one, other = np.bincount(expected.ravel()), np.bincount(predicted.ravel())
        union = one[pairs[0]] + other[pairs[1]] - shared
        pairs = pairs[:, shared > minimum_iou * union]
    return set(pairs[0].tolist()), set(pairs[1].tolist())

"""Lesion by lesion: which lesions of the truth were found, which of the prediction are right.

A lesion is what `core.domain.components` says: joined by faces, edges and corners (26 neighbours).

Two matching rules stand beside each other. By the first, which is shown first, a lesion of the
truth and one of the prediction match when their intersection over union is above `LESION_IOU`, one
with one: where several could, the pairs whose IoU together is largest are taken (Kuhn 1955, as in
Maier-Hein 2024, "Metrics reloaded", Nature Methods). From an IoU of 0.5 on no lesion could match
two anyway (Kirillov 2019, "Panoptic segmentation", CVPR).

By the second a lesion of the truth is found when the prediction shares at least one voxel with it,
and a lesion of the prediction is right when it shares at least one voxel with the truth. This is
the rule of the ISBI 2015 challenge (Carass 2017, "Longitudinal multiple sclerosis lesion
segmentation: resource and challenge", NeuroImage 148). It asks for a touch alone: a prediction that
floods the head has every lesion, at an F1 of 1.

Truth and prediction both empty: F1 is 1; only one empty: it is 0. Sensitivity is undefined without
a lesion in the truth, precision without one in the prediction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.components import LESION_NEIGHBOURS, MaskLike, bounding_box, box_slices
from core.domain.metrics.overlap import require_same_shape

LESION_IOU = 0.1
"""Intersection over union above which two lesions are one, unless another is asked for."""


def matching_rule(lesion_iou: float = LESION_IOU) -> str:
    """Return how lesions are matched, in words."""
    return (
        "26-neighbour lesions: joined by faces, edges and corners. Lesion F1 pairs each of the "
        f"truth with one of the prediction at most, where their IoU is above {lesion_iou:g}. By "
        "any overlap, one of the truth is found, and one of the prediction is right, when it "
        "shares at least one voxel with the other mask (Carass 2017)."
    )


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


@dataclass(frozen=True)
class LesionScores:
    """The same lesions counted by both rules: pairs of lesions, and lesions that touch."""

    matched: LesionScore
    touched: LesionScore


def lesion_scores(
    truth: MaskLike, prediction: MaskLike, *, lesion_iou: float = LESION_IOU
) -> LesionScores:
    """Match the lesions of two (Z, Y, X) masks by the two rules above.

    Raises `ValueError` when the shapes differ.
    """
    require_same_shape(truth, prediction)
    box = bounding_box(np.asarray((truth > 0) | (prediction > 0)))
    if box is None:
        none = LesionScore(0, 0, 0, 0)
        return LesionScores(none, none)
    expected, expected_count = _lesions(truth[box_slices(box)])
    predicted, predicted_count = _lesions(prediction[box_slices(box)])
    pairs, ious = _overlapping(expected, predicted)
    matched = _one_with_one(pairs[:, ious > lesion_iou], ious[ious > lesion_iou])
    found, right = (len(np.unique(side)) for side in pairs)
    return LesionScores(
        LesionScore(expected_count, matched, predicted_count, matched),
        LesionScore(expected_count, found, predicted_count, right),
    )


def _lesions(mask: MaskLike) -> tuple[NDArray[np.int32], int]:
    # Loaded at the first use: the first picture need not wait for scipy.
    from scipy import ndimage

    labels, count = ndimage.label(mask > 0, LESION_NEIGHBOURS)
    return np.asarray(labels, np.int32), int(count)


def _overlapping(
    expected: NDArray[np.int32], predicted: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the pairs (2, N) of lesions that share a voxel, by label, and their IoU (N,)."""
    both = (expected > 0) & (predicted > 0)
    # One number a pair: numpy tells equal columns apart fifty times more slowly.
    base = int(predicted.max(initial=0)) + 1
    names, shared = np.unique(
        expected[both].astype(np.int64) * base + predicted[both], return_counts=True
    )
    pairs = np.stack([names // base, names % base])
    one, other = np.bincount(expected.ravel()), np.bincount(predicted.ravel())
    return pairs, shared / (one[pairs[0]] + other[pairs[1]] - shared)


def _one_with_one(pairs: NDArray[np.int64], ious: NDArray[np.float64]) -> int:
    """Return how many pairs there are when no lesion is in two, of the greatest IoU together."""
    if len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]:
        return int(pairs.shape[1])
    from scipy.optimize import linear_sum_assignment

    firsts, rows = np.unique(pairs[0], return_inverse=True)
    seconds, columns = np.unique(pairs[1], return_inverse=True)
    gains = np.zeros((len(firsts), len(seconds)))
    gains[rows, columns] = ious
    chosen = linear_sum_assignment(gains, maximize=True)
    return int(np.count_nonzero(gains[chosen]))

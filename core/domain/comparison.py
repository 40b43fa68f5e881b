"""Prediction against ground truth of one case: what the window draws and counts. No distances."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.mask import Mask
from core.domain.metrics import SliceCounts, slice_counts
from core.domain.prediction import Postprocessing, to_mask


@dataclass(frozen=True, eq=False)
class Comparison:
    """The mask (Z, Y, X) of a prediction and its counts a slice; without truth all is FP."""

    mask: Mask
    counts: SliceCounts
    has_truth: bool


def compare(probability: NDArray[np.uint8], truth: Mask | None, post: Postprocessing) -> Comparison:
    """Return the mask that `post` makes of `probability` (Z, Y, X) and its counts against truth."""
    mask = to_mask(probability, post)
    reference = np.zeros_like(mask) if truth is None else truth
    return Comparison(mask, slice_counts(reference, mask), truth is not None)


def furthest_apart(one: Comparison, other: Comparison) -> int:
    """Return the index of the slice that tells most why `other` is worse than `one`, or better.

    That is where it has most more wrong voxels, or most fewer where it has fewer in all.
    """
    wrong = [each.counts.false_positive + each.counts.false_negative for each in (one, other)]
    change = wrong[1] - wrong[0]
    if not change.any():
        return int(np.argmax(wrong[1]))
    return int(np.argmax(change if change.sum() >= 0 else -change))

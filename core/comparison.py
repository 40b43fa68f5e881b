"""Prediction against ground truth of one case: what the window draws and counts. No distances."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.mask import Mask
from core.metrics import SliceCounts, slice_counts
from core.prediction import Postprocessing, to_mask


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

"""The mask of a prediction and its counts against the ground truth, slice by slice. No distances.

It is what the window draws and writes DSC from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.domain.mask import Mask
from core.domain.metrics import SliceCounts, slice_counts
from core.domain.prediction import Postprocessing, to_mask


@dataclass(frozen=True, eq=False)
class CountedMask:
    """The mask (Z, Y, X) of a prediction and its counts a slice; without truth all is FP."""

    mask: Mask
    counts: SliceCounts
    has_truth: bool


def count_mask(
    probability: NDArray[np.uint8], truth: Mask | None, post: Postprocessing
) -> CountedMask:
    """Return the mask that `post` makes of `probability` (Z, Y, X) and its counts against truth."""
    mask = to_mask(probability, post)
    reference = np.zeros_like(mask) if truth is None else truth
    return CountedMask(mask, slice_counts(reference, mask), truth is not None)


class GrowingMask:
    """A prediction that arrives slice by slice; only slices that are new are counted.

    `probability` and the mask are (Z, Y, X). Of half a prediction no component is the largest, so
    that `threshold` alone makes its mask. What has not arrived is without prediction.
    """

    def __init__(self, shape: tuple[int, int, int], truth: Mask | None, threshold: float) -> None:
        self.probability: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self.threshold = threshold
        self._truth = truth
        self._arrivals: list[int] = []
        mask: Mask = np.zeros(shape, np.uint8)
        reference = mask if truth is None else truth
        self._counted = CountedMask(mask, slice_counts(reference, mask), truth is not None)

    @property
    def ready(self) -> frozenset[int]:
        """The slices that have arrived."""
        return frozenset(self._arrivals)

    @property
    def counted(self) -> CountedMask:
        """The mask as far as it is there; its counts stay as they are when more arrives."""
        return self._counted

    def add(self, indices: Sequence[int], probability: NDArray[np.uint8]) -> None:
        """Take over the probability (B, Y, X) of slices; one may come again, as it is now."""
        where = list(indices)
        self.probability[where] = probability
        self._arrivals += where
        planes = to_mask(probability, Postprocessing(threshold=self.threshold))
        self._counted.mask[where] = planes
        truth = np.zeros_like(planes) if self._truth is None else self._truth[where]
        self._counted = replace(
            self._counted, counts=_with(self._counted.counts, where, slice_counts(truth, planes))
        )

    def at(self, threshold: float) -> "GrowingMask":
        """Return the same prediction cut at another threshold; all of it is counted again.

        On whatever thread: what arrives meanwhile is for `follow`.
        """
        other = GrowingMask(self.probability.shape, self._truth, threshold)
        other.follow(self)
        return other

    def is_against(self, truth: Mask | None) -> bool:
        """Tell whether it is counted against this very truth."""
        return self._truth is truth

    def against(self, truth: Mask | None) -> "GrowingMask":
        """Return the same prediction counted against another truth."""
        other = GrowingMask(self.probability.shape, truth, self.threshold)
        other.follow(self)
        return other

    def follow(self, other: "GrowingMask") -> None:
        """Take over what `other` has and this has not heard of yet."""
        arrivals = other._arrivals[:]
        late = sorted(set(arrivals[len(self._arrivals) :]))
        if late:
            self.add(late, other.probability[late])
        self._arrivals = arrivals


def furthest_apart(one: CountedMask, other: CountedMask) -> int:
    """Return the index of the slice that tells most why `other` is worse than `one`, or better.

    That is where it has most more wrong voxels, or most fewer where it has fewer in all.
    """
    wrong = [each.counts.false_positive + each.counts.false_negative for each in (one, other)]
    change = wrong[1] - wrong[0]
    if not change.any():
        return int(np.argmax(wrong[1]))
    return int(np.argmax(change if change.sum() >= 0 else -change))


def _with(counts: SliceCounts, indices: list[int], new: SliceCounts) -> SliceCounts:
    """Return `counts` with those of some slices replaced."""

    def together(before: NDArray[np.int64], some: NDArray[np.int64]) -> NDArray[np.int64]:
        whole = before.copy()
        whole[indices] = some
        return whole

    return SliceCounts(
        together(counts.true_positive, new.true_positive),
        together(counts.false_positive, new.false_positive),
        together(counts.false_negative, new.false_negative),
        counts.area,
    )

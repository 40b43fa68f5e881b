"""How often truth and prediction give each pair of labels, from which all regions are scored."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.label_set import HIGHEST, LabelMap, LabelSet, Region
from core.domain.metrics import Overlap


@dataclass(frozen=True, eq=False)
class LabelCounts:
    """`pairs` (Z, K, K) counts voxels of a slice by true and predicted label.

    The places of both are the background, then the labels of `labels` by ascending value, then all
    other values together.
    """

    labels: LabelSet
    pairs: NDArray[np.int64]
    has_truth: bool
    has_prediction: bool

    def overlap(self, region: Region, index: int | None = None) -> Overlap:
        """Return the counts of a region, in the slice at `index` or in all of them."""
        pairs = self.pairs.sum(axis=0) if index is None else self.pairs[index]
        inside = np.zeros(pairs.shape[0], bool)
        inside[[self._place(value) for value in region.values]] = True
        both = int(pairs[inside][:, inside].sum())
        return Overlap(
            both,
            int(pairs[~inside][:, inside].sum()),
            int(pairs[inside][:, ~inside].sum()),
            int(pairs[~inside][:, ~inside].sum()),
        )

    def voxels(self, value: int) -> tuple[int, int]:
        """Return how many voxels of a label the truth has, and the prediction."""
        place, pairs = self._place(value), self.pairs.sum(axis=0)
        return int(pairs[place].sum()), int(pairs[:, place].sum())

    @property
    def wrong(self) -> int:
        """Voxels to which truth and prediction give labels that are not the same."""
        named = self.pairs.sum(axis=0)[1:, 1:]
        return int(named.sum() - np.trace(named))

    def _place(self, value: int) -> int:
        return 1 + self.labels.values.index(value)


def count_labels(
    truth: LabelMap | None, predicted: LabelMap | None, labels: LabelSet
) -> LabelCounts:
    """Count the pairs of labels of two maps (Z, Y, X), of which one may be missing.

    Raises `ValueError` without both, and when their shapes differ.
    """
    known = truth if truth is not None else predicted
    if known is None:
        raise ValueError("expected a truth or a prediction, found neither")
    if truth is not None and predicted is not None and truth.shape != predicted.shape:
        raise ValueError(f"truth is {truth.shape}, prediction is {predicted.shape}")
    count = len(labels.values) + 2
    places = np.full(HIGHEST + 1, count - 1, np.uint16)
    places[0] = 0
    for place, value in enumerate(labels.values, start=1):
        places[value] = place
    nothing = np.zeros(known.shape[1:], np.uint8)
    pairs = np.zeros((len(known), count, count), np.int64)
    # One slice at a time stays in the cache.
    for z in range(len(known)):
        one = nothing if truth is None else truth[z]
        other = nothing if predicted is None else predicted[z]
        together = np.take(places * np.uint16(count), one) + np.take(places, other)
        found = np.bincount(together.ravel(), minlength=count * count)
        pairs[z] = found.reshape(count, count)
    return LabelCounts(labels, pairs, truth is not None, predicted is not None)


def wrong_label(
    truth: NDArray[np.uint8], predicted: NDArray[np.uint8], region: Region
) -> NDArray[np.uint8]:
    """Return where both maps have a label of `region`, but not the same: 0/1, in their shape."""
    apart = (truth != predicted).view(np.uint8)
    inside = np.zeros(HIGHEST + 1, np.uint8)
    inside[list(region.values)] = 1
    both = np.take(inside, truth) & np.take(inside, predicted)
    return np.asarray(apart & both, np.uint8)

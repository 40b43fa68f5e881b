"""How often truth and prediction give each pair of labels, from which all regions are scored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.domain.label_set import HIGHEST, LabelMap, LabelSet, Region
from core.domain.metrics import Overlap
from core.domain.plane import Cut


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
        """Return how many voxels of a label the truth has, and the prediction.

        A segment that others overlap has what it shares with them.
        """
        found = self.overlap(self.labels.spread(self.labels.label(value)))
        return found.truth_voxels, found.predicted_voxels

    def knows(self, region: Region) -> bool:
        """Tell whether all labels of a region were counted apart."""
        return set(region.values) <= set(self.labels.values)

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
    places = _places(labels)
    nothing = np.zeros(known.shape[1:], np.uint8)
    # One slice at a time stays in the cache.
    pairs = [
        _pairs(
            nothing if truth is None else truth[z],
            nothing if predicted is None else predicted[z],
            places,
        )
        for z in range(len(known))
    ]
    return LabelCounts(labels, np.stack(pairs), truth is not None, predicted is not None)


def count_cut(
    maps: tuple[LabelMap | None, LabelMap | None], labels: LabelSet, cut: Cut
) -> LabelCounts:
    """Count one slice of whatever plane, the only one of the counts, of true and predicted maps."""
    truth, predicted = (None if each is None else cut.of(each)[np.newaxis] for each in maps)
    return count_labels(truth, predicted, labels)


def counted_anew(
    counts: LabelCounts, truth: LabelMap | None, planes: Mapping[int, NDArray[np.uint8]]
) -> LabelCounts:
    """Return counts in which some slices of the prediction are others: planes (Y, X) by index."""
    places, pairs = _places(counts.labels), counts.pairs.copy()
    for index, plane in planes.items():
        one = np.zeros_like(plane) if truth is None else truth[index]
        pairs[index] = _pairs(one, plane, places)
    return replace(counts, pairs=pairs)


def _places(labels: LabelSet) -> NDArray[np.uint32]:
    """Return the place of each value of a map among the pairs."""
    places = np.full(HIGHEST + 1, len(labels.values) + 1, np.uint32)
    places[0] = 0
    for place, value in enumerate(labels.values, start=1):
        places[value] = place
    return places


def _pairs(
    one: NDArray[np.uint8], other: NDArray[np.uint8], places: NDArray[np.uint32]
) -> NDArray[np.int64]:
    """Return how often two planes (Y, X) give each pair of places (K, K)."""
    count = int(places.max()) + 1
    # Of 255 labels the pairs are more than 16 bits tell apart.
    kind: type[np.uint16] | type[np.uint32] = np.uint16 if count < 256 else np.uint32
    rows, columns = (places * count).astype(kind), places.astype(kind)
    together = np.take(rows, one) + np.take(columns, other)
    found = np.bincount(together.ravel(), minlength=count * count)
    return np.asarray(found.reshape(count, count), np.int64)


def wrong_label(
    truth: NDArray[np.uint8], predicted: NDArray[np.uint8], region: Region
) -> NDArray[np.uint8]:
    """Return where both maps have a label of `region`, but not the same: 0/1, in their shape."""
    apart = (truth != predicted).view(np.uint8)
    inside = np.zeros(HIGHEST + 1, np.uint8)
    inside[list(region.values)] = 1
    both = np.take(inside, truth) & np.take(inside, predicted)
    return np.asarray(apart & both, np.uint8)

"""What a network says of its slices, as slices of the case as soon as each is complete."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.domain.prediction import quantise
from core.domain.volume import FloatArray
from core.inference.preprocess import Prepared, from_grid


class NativeSlices:
    """The way back from a network's slices to those of the case.

    `only` are the indices of the slices of the case that are wanted, None for all.
    """

    def __init__(self, prepared: Prepared, only: Sequence[int] | None = None) -> None:
        self._prepared, self._change = prepared, prepared.change
        depth = prepared.values.shape[1] if self._change is None else self._change.native[0]
        self._wanted = np.ones(depth, bool)
        if only is not None:
            self._wanted[:] = False
            self._wanted[list(only)] = True
        self._given = np.zeros(depth, bool)
        if self._change is not None:
            self._found = np.zeros(self._change.there, np.float32)
            self._done = np.zeros(self._change.there[0], bool)

    def queue(self, first: int) -> list[int]:
        """Return the network's slices to look at, those around slice `first` of the case first."""
        if self._change is None:
            return [
                index for index in nearest_first(len(self._wanted), first) if self._wanted[index]
            ]
        native, there = self._change.native[0], self._change.there[0]
        middle = round((first + 0.5) * there / native - 0.5)
        sources = set(self._change.sources(np.flatnonzero(self._wanted)))
        return [index for index in nearest_first(there, middle) if index in sources]

    def take(
        self, indices: Sequence[int], probability: FloatArray
    ) -> tuple[list[int], NDArray[np.uint8]]:
        """Take what the network says (B, h, w) of its slices; return the slices that completes.

        Those of the case: indices, and quantised probabilities (N, Y, X).
        """
        planes = from_grid(probability, self._prepared.grid)
        if self._change is None:
            return list(indices), quantise(planes)
        self._found[indices], self._done[indices] = planes, True
        complete = self._change.complete(self._done) & self._wanted & ~self._given
        ready = [int(index) for index in np.flatnonzero(complete)]
        self._given[ready] = True
        return ready, quantise(self._change.back_slices(self._found, ready))


def nearest_first(count: int, first: int) -> list[int]:
    """Return the indices 0 to `count` - 1 in order of distance from `first`."""
    return sorted(range(count), key=lambda index: (abs(index - first), index))

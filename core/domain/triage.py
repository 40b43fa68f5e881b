"""What a classifier says of the slices of a case, and where that contradicts a mask."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.domain.mask import Mask

LIKELY = 0.5
SURE = 0.9
"""Probability from which a slice without a mask is a contradiction; below 1 - SURE a mask is."""

ContradictionKind: TypeAlias = Literal["missing", "unexpected"]


@dataclass(frozen=True, eq=False)
class Triage:
    """`probability` (Z,) that a slice holds a lesion, in the order of the volume's slices."""

    probability: NDArray[np.float64]
    slice_numbers: tuple[int, ...]
    model_id: str
    device: str
    seconds: float

    @property
    def highest(self) -> float:
        """The case's own figure: the probability of its likeliest slice."""
        return float(self.probability.max())


@dataclass(frozen=True)
class Contradiction:
    """A slice, by index, on which triage and mask disagree."""

    index: int
    kind: ContradictionKind
    probability: float


def next_likely(
    probability: NDArray[np.float64], index: int, *, step: int = 1, threshold: float = LIKELY
) -> int | None:
    """Return the next index after `index` in the direction of `step` whose slice is likely.

    None when there is none; it does not start again at the other end.
    """
    places = range(index + step, len(probability) if step > 0 else -1, step)
    return next((z for z in places if probability[z] > threshold), None)


def likely_slices(probability: NDArray[np.float64], *, threshold: float) -> list[int]:
    """Return the indices a segmentation has to look at when it skips slices below `threshold`."""
    return [int(z) for z in np.flatnonzero(probability >= threshold)]


def contradictions(
    probability: NDArray[np.float64], mask: Mask, *, sure: float = SURE
) -> list[Contradiction]:
    """Return the slices said to hold a lesion with no mask (Z, Y, X) on them, and the reverse.

    Ordered by how sure triage is, the surest first.
    """
    there = [bool(plane.any()) for plane in mask]
    found = [
        Contradiction(z, "unexpected" if there[z] else "missing", float(chance))
        for z, chance in enumerate(probability)
        if (chance <= 1 - sure if there[z] else chance >= sure)
    ]
    return sorted(found, key=lambda c: (-abs(c.probability - 0.5), c.index))

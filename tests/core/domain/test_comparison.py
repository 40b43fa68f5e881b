"""Where two predictions of a case differ most."""

import numpy as np
import pytest
from core.domain.comparison import Comparison, furthest_apart

from core.domain.metrics import slice_counts


def wrong(*voxels: int) -> Comparison:
    """Return a comparison with so many wrong voxels on each slice."""
    mask = np.zeros((len(voxels), 1, 9), np.uint8)
    for plane, count in zip(mask, voxels, strict=True):
        plane[0, :count] = 1
    return Comparison(mask, slice_counts(np.zeros_like(mask), mask), has_truth=True)


@pytest.mark.parametrize(
    ("one", "other", "index"),
    [
        ((0, 2, 4, 1), (1, 7, 5, 0), 1),  # worse: where it is most so
        ((1, 7, 5, 0), (0, 2, 4, 3), 1),  # better: where it is most so, not where it is worse
        ((3, 1, 6), (3, 1, 6), 2),  # the same: where most is wrong
    ],
)
def test_the_slice_that_tells_most(
    one: tuple[int, ...], other: tuple[int, ...], index: int
) -> None:
    assert furthest_apart(wrong(*one), wrong(*other)) == index

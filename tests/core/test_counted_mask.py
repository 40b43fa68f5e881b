"""A prediction that arrives slice by slice: counted where it is new, and in the end as a whole."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.domain.counted_mask import GrowingMask, count_mask
from core.domain.mask import Mask
from core.domain.prediction import Postprocessing

SHAPE = (7, 5, 6)


def probability(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, SHAPE, np.uint8)


def truth(seed: int = 1) -> Mask:
    return np.random.default_rng(seed).integers(0, 2, SHAPE, np.uint8)


@given(
    order=st.permutations(range(SHAPE[0])),
    cuts=st.sets(st.integers(1, SHAPE[0] - 1)),
    threshold=st.sampled_from((0.0, 0.3, 0.5, 1.0)),
    known=st.booleans(),
)
@settings(max_examples=30)
def test_parts_in_any_order_end_as_the_whole(
    order: list[int], cuts: set[int], threshold: float, known: bool
) -> None:
    soft, there = probability(), truth() if known else None
    growing = GrowingMask(SHAPE, there, threshold)
    for start, stop in pairwise((0, *sorted(cuts), SHAPE[0])):
        growing.add(order[start:stop], soft[order[start:stop]])
    whole = count_mask(soft, there, Postprocessing(threshold=threshold))
    assert growing.ready == frozenset(range(SHAPE[0]))
    np.testing.assert_array_equal(growing.probability, soft)
    np.testing.assert_array_equal(growing.counted.mask, whole.mask)
    assert growing.counted.counts.pooled() == whole.counts.pooled()
    np.testing.assert_array_equal(growing.counted.counts.dsc(), whole.counts.dsc())
    assert growing.counted.has_truth is known


def test_what_is_there_is_not_looked_at_again() -> None:
    soft = probability()
    growing = GrowingMask(SHAPE, truth(), 0.5)
    growing.add([0, 1], soft[:2])
    before = growing.counted.counts
    growing.counted.mask[:2] = 1 - growing.counted.mask[:2]
    growing.add([2], soft[2:3])
    after = growing.counted.counts
    for index in (0, 1):
        assert after.of_slice(index) == before.of_slice(index)
    assert before.true_positive[2] == 0


def test_a_slice_may_come_again_as_the_mean_so_far() -> None:
    first, second = probability(0), probability(2)
    growing = GrowingMask(SHAPE, truth(), 0.5)
    for soft in (first, second):
        growing.add(range(SHAPE[0]), soft)
    whole = count_mask(second, truth(), Postprocessing())
    assert growing.counted.counts.pooled() == whole.counts.pooled()


def test_another_threshold_follows_what_arrives_meanwhile() -> None:
    first, second = probability(0), probability(2)
    growing = GrowingMask(SHAPE, truth(), 0.5)
    growing.add([0, 1, 2], first[:3])
    other = growing.at(0.2)
    growing.add([2, 3], second[2:4])
    other.follow(growing)
    assert other.ready == frozenset(range(4))
    soft = np.concatenate((first[:2], second[2:4]))
    whole = count_mask(soft, truth()[:4], Postprocessing(threshold=0.2))
    np.testing.assert_array_equal(other.counted.mask[:4], whole.mask)
    assert other.counted.counts.of_slice(3) == whole.counts.of_slice(3)

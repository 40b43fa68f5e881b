"""Counts of pairs of labels against what each region's masks say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.label_counts import count_labels, counted_anew, wrong_label
from core.domain.label_set import Label, LabelSet, Region, from_values
from core.domain.metrics import Overlap, overlap

LABELS = LabelSet(
    tuple(Label(value, f"L{value}", (0, 0, value)) for value in (1, 2, 4)),
    (Region("Core", (1, 4)),),
)
MAPS = arrays(np.uint8, (3, 4, 5), elements=st.sampled_from([0, 1, 2, 4, 9]))


@given(truth=MAPS, predicted=MAPS)
def test_every_region_is_counted_as_its_masks_are(truth: np.ndarray, predicted: np.ndarray) -> None:
    counts = count_labels(truth, predicted, LABELS)
    for region in LABELS.scored:
        one, other = LABELS.mask(truth, region), LABELS.mask(predicted, region)
        assert counts.overlap(region) == overlap(one, other)
        assert counts.overlap(region, 1) == overlap(one[1:2], other[1:2])
    for value in LABELS.values:
        assert counts.voxels(value) == ((truth == value).sum(), (predicted == value).sum())
    known = (truth > 0) & (predicted > 0)
    assert counts.wrong == np.count_nonzero(known & (truth != predicted))


@given(truth=MAPS, predicted=MAPS, other=MAPS, painted=st.sets(st.integers(0, 2)))
def test_slices_counted_anew_are_as_if_all_were(
    truth: np.ndarray, predicted: np.ndarray, other: np.ndarray, painted: set[int]
) -> None:
    now = predicted.copy()
    for index in painted:
        now[index] = other[index]
    before = count_labels(truth, predicted, LABELS)
    found = counted_anew(before, truth, {index: now[index] for index in painted})
    assert np.array_equal(found.pairs, count_labels(truth, now, LABELS).pairs)
    assert np.array_equal(before.pairs, count_labels(truth, predicted, LABELS).pairs)
    without = counted_anew(count_labels(None, predicted, LABELS), None, {1: now[1]})
    assert without.voxels(4)[1] == (predicted[[0, 2]] == 4).sum() + (now[1] == 4).sum()


def test_as_many_labels_as_there_can_be_are_counted() -> None:
    labels = from_values(range(1, 256))
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    counts = count_labels(values, values[:, ::-1, ::-1], labels)
    assert counts.voxels(255) == (1, 1)
    assert counts.overlap(labels.region(labels.label(255).name)) == Overlap(0, 1, 1, 254)
    assert count_labels(values, values, labels).wrong == 0


@given(truth=MAPS, predicted=MAPS)
def test_a_segment_has_the_voxels_that_it_shares(truth: np.ndarray, predicted: np.ndarray) -> None:
    shared = replace(LABELS.label(4), parts=(1, 2))
    counts = count_labels(truth, predicted, LABELS.with_label(shared))
    for value, spread in ((1, (1, 4)), (2, (2, 4)), (4, (4,))):
        both = np.isin(truth, spread).sum(), np.isin(predicted, spread).sum()
        assert counts.voxels(value) == both


@given(truth=MAPS, predicted=MAPS)
def test_a_wrong_label_lies_inside_the_region_in_both(
    truth: np.ndarray, predicted: np.ndarray
) -> None:
    region = LABELS.region("Core")
    found = wrong_label(truth, predicted, region)
    inside = np.isin(truth, region.values) & np.isin(predicted, region.values)
    assert np.array_equal(found > 0, inside & (truth != predicted))
    assert not wrong_label(truth, predicted, Region("L2", (2,))).any()


def test_one_map_alone_is_counted_and_none_or_another_shape_is_refused() -> None:
    truth = np.full((2, 2, 2), 4, np.uint8)
    counts = count_labels(truth, None, LABELS)
    assert (counts.voxels(4), counts.has_prediction) == ((8, 0), False)
    assert count_labels(None, truth, LABELS).voxels(4) == (0, 8)
    with pytest.raises(ValueError, match="neither"):
        count_labels(None, None, LABELS)
    with pytest.raises(ValueError, match="prediction is"):
        count_labels(truth, truth[1:], LABELS)

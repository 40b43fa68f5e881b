"""Segments that overlap are kept in one label map, and come out of it as they went in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.label_set import Label, LabelSet, Region, from_values
from core.domain.overlaps import SegmentPile, combination, merging, renumbered

SHAPE = (2, 3, 4)
RED = (255, 0, 0)


def named(count, first=1):
    return [Label(n, f"S{n}", RED) for n in range(first, first + count)]


def piled(masks, labels):
    pile = SegmentPile(labels, masks.shape[1:])
    for label, mask in zip(labels, masks, strict=True):
        pile.lay(label.value, mask)
    return pile.together()


@st.composite
def segments(draw):
    count = draw(st.integers(1, 6))
    return draw(arrays(bool, (count, *SHAPE))), named(count, draw(st.sampled_from((1, 7, 200))))


@given(segments())
def test_every_segment_comes_out_as_it_went_in(made):
    masks, labels = made
    values, found, shared = piled(masks, labels)
    assert shared == np.count_nonzero(masks.sum(axis=0) > 1)
    assert found.segments == tuple(labels)
    assert set(np.unique(values)) <= {0, *found.values}
    for label, mask in zip(labels, masks, strict=True):
        assert np.array_equal(found.mask(values, found.region(label.name)) > 0, mask)


@given(segments(), st.data())
def test_slices_and_the_order_of_segments_make_no_difference(made, data):
    masks, labels = made
    whole = piled(masks, labels)
    pile = SegmentPile(labels, SHAPE)
    for n in data.draw(st.permutations(range(len(labels)))):
        for z in range(SHAPE[0]):
            pile.lay(labels[n].value, masks[n][z], z=z)
    values, found, shared = pile.together()
    assert np.array_equal(values, whole[0])
    assert (found, shared) == whole[1:]


def test_eight_segments_have_a_value_for_every_combination_the_same_in_every_case():
    codes = np.arange(256)
    masks = np.array([(codes >> n) & 1 for n in range(8)], bool).reshape(8, 1, 16, 16)
    values, found, _ = piled(masks, named(8))
    assert len(np.unique(values)) == 256
    few = piled(masks[:3], named(3))
    for label in few[1].labels:
        assert found.label(value=label.value).parts == label.parts


def test_more_combinations_than_values_are_refused():
    codes = np.arange(512)
    masks = np.array([(codes >> n) & 1 for n in range(9)], bool).reshape(9, 1, 16, 32)
    with pytest.raises(ValueError, match="511"):
        piled(masks, named(9))


@settings(max_examples=50)
@given(segments(), st.data())
def test_merging_and_deleting_a_segment_leave_the_others_as_they_are(made, data):
    masks, labels = made
    values, found, _ = piled(masks, labels)
    gone = data.draw(st.integers(0, len(labels) - 1))
    into = data.draw(st.sampled_from([None, *(n for n in range(len(labels)) if n != gone)]))
    left, become = merging(found, labels[gone].value, 0 if into is None else labels[into].value)
    if len(labels) == 1:
        assert left == found
        return
    after = np.vectorize(lambda v: become.get(v, v))(values).astype(np.uint8)
    wanted = masks.copy()
    if into is not None:
        wanted[into] |= wanted[gone]
    for n, label in enumerate(labels):
        if n != gone:
            assert np.array_equal(left.mask(after, left.region(label.name)) > 0, wanted[n])
    assert labels[gone].value not in left.values


def test_a_combination_is_called_as_its_parts_and_is_no_row_of_figures():
    masks = np.ones((2, 1, 1, 1), bool)
    _, found, _ = piled(masks, named(2))
    renamed = found.with_label(Label(2, "Rim", RED))
    assert [label.name for label in renamed.labels] == ["S1", "Rim", "S1 + Rim"]
    assert [region.name for region in found.scored] == ["Whole", "S1", "S2"]
    assert found.region("S1") == Region("S1", (1, 255))
    assert found.region("S1 + S2") == Region("S1 + S2", (255,))


def test_a_segment_drawn_anew_leaves_the_other_where_they_overlapped():
    masks = np.array([[[[1, 1, 0]]], [[[0, 1, 1]]]], bool)
    values, found, _ = piled(masks, named(2))
    nothing = np.zeros_like(values)
    left = found.restored(nothing, values, found.region("S1"))
    assert left.tolist() == [[[0, 2, 2]]]


def test_combinations_of_another_set_are_renumbered():
    ours = LabelSet((*named(2), Label(9, "both", RED, None, (1, 2))))
    theirs = LabelSet((*named(2), Label(255, "both", RED, None, (1, 2))))
    assert renumbered(np.array([[[1, 255]]], np.uint8), theirs, ours).tolist() == [[[1, 9]]]
    assert combination(ours, (2, 1)) == 9
    with pytest.raises(KeyError):
        combination(ours, (1, 3))


def test_a_set_of_the_dataset_takes_combinations_from_the_file():
    told = LabelSet((*named(2), Label(255, "S1 + S2", RED, None, (1, 2))))
    assert from_values((1, 2)).with_found((1, 2, 255), told).label(255).parts == (1, 2)
    assert from_values((1, 3)).with_found((255,), told).label(255).parts == ()

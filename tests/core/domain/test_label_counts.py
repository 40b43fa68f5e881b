"""Counts of pairs of labels against what each region's masks say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.label_counts import count_labels, wrong_label
from core.domain.label_set import Label, LabelSet, Region
from core.domain.metrics import overlap

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

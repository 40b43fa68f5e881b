"""Lesion-wise figures, against their definition in scikit-image and lesions counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from numpy.typing import NDArray
from skimage.measure import label

from core.domain.components import disagreements
from core.domain.lesions import LesionScore, lesion_score

Bool = NDArray[np.bool_]


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[Bool, Bool]:
    """Draw two sparse random masks of one shape."""
    shape = draw(array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=8))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.0, 0.04, 0.1, 0.3]))
    return random.random(shape) < density, random.random(shape) < density


def by_definition(truth: Bool, prediction: Bool, minimum_iou: float | None) -> LesionScore:
    """Match every lesion with every other, one pair of masks at a time."""
    expected, predicted = (label(mask, connectivity=3) for mask in (truth, prediction))
    found, right = set(), set()
    for one in range(1, expected.max() + 1):
        for other in range(1, predicted.max() + 1):
            first, second = expected == one, predicted == other
            iou = (first & second).sum() / (first | second).sum()
            if iou > (minimum_iou or 0.0):
                found.add(one)
                right.add(other)
    return LesionScore(int(expected.max()), len(found), int(predicted.max()), len(right))


@given(mask_pairs(), st.sampled_from([None, 0.5, 0.7]))
def test_score_equals_its_definition(pair: tuple[Bool, Bool], minimum_iou: float | None) -> None:
    assert lesion_score(*pair, minimum_iou=minimum_iou) == by_definition(*pair, minimum_iou)


@given(mask_pairs())
def test_lesions_not_matched_are_the_disagreements_that_stand_alone(
    pair: tuple[Bool, Bool],
) -> None:
    score = lesion_score(*pair)
    errors = [error.error for error in disagreements(*pair)]
    assert errors.count("false_negative_lesion") == score.truth_lesions - score.found_lesions
    assert errors.count("false_positive_lesion") == score.predicted_lesions - score.right_lesions


@given(mask_pairs())
def test_swapping_the_masks_swaps_sensitivity_and_precision(pair: tuple[Bool, Bool]) -> None:
    one, other = lesion_score(*pair), lesion_score(*pair[::-1])
    assert (one.sensitivity, one.precision) == (other.precision, other.sensitivity)
    assert one.f1 == pytest.approx(other.f1)


def test_one_lesion_found_by_two_and_one_missed() -> None:
    truth, prediction = np.zeros((2, 3, 10, 10), np.uint8)
    truth[0, 0, :5] = 1
    truth[2, 9, 9] = 1
    prediction[0, 0, [0, 4]] = 255
    prediction[1, 5, 5] = 255
    score = lesion_score(truth, prediction)
    assert score == LesionScore(2, 1, 3, 2)
    assert (score.sensitivity, score.precision) == (1 / 2, 2 / 3)
    assert score.f1 == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))
    assert lesion_score(truth, prediction, minimum_iou=0.5) == LesionScore(2, 0, 3, 0)


@pytest.mark.parametrize(
    ("truth_filled", "prediction_filled", "expected"),
    [
        (False, False, (None, None, 1.0)),
        (True, False, (0.0, None, 0.0)),
        (False, True, (None, 0.0, 0.0)),
        (True, True, (1.0, 1.0, 1.0)),
    ],
)
def test_empty_mask_rule(
    truth_filled: bool, prediction_filled: bool, expected: tuple[float | None, ...]
) -> None:
    score = lesion_score(np.full((2, 3, 3), truth_filled), np.full((2, 3, 3), prediction_filled))
    assert (score.sensitivity, score.precision, score.f1) == expected


def test_a_rule_that_would_match_a_lesion_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.5 or more"):
        lesion_score(np.ones((1, 2, 2), np.uint8), np.ones((1, 2, 2), np.uint8), minimum_iou=0.2)


def test_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="truth is"):
        lesion_score(np.zeros((1, 2, 2), np.uint8), np.zeros((2, 2, 2), np.uint8))

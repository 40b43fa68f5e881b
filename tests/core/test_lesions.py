"""Lesion-wise figures, against their definition in scikit-image and lesions counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from numpy.typing import NDArray
from skimage.measure import label

from core.domain.components import disagreements
from core.domain.lesions import LesionScore, lesion_scores

Bool = NDArray[np.bool_]


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[Bool, Bool]:
    """Draw two sparse random masks of one shape."""
    shape = draw(array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=8))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.0, 0.04, 0.1, 0.3]))
    return random.random(shape) < density, random.random(shape) < density


def touching(truth: Bool, prediction: Bool) -> LesionScore:
    """Match every lesion with every other, one pair of masks at a time."""
    expected, predicted = (label(mask, connectivity=3) for mask in (truth, prediction))
    pairs = ious(truth, prediction)
    found, right = ({pair[side] for pair in pairs} for side in (0, 1))
    return LesionScore(int(expected.max()), len(found), int(predicted.max()), len(right))


def ious(truth: Bool, prediction: Bool) -> dict[tuple[int, int], float]:
    """Return the IoU of every two lesions that share a voxel."""
    expected, predicted = (label(mask, connectivity=3) for mask in (truth, prediction))
    found = {}
    for one in range(1, expected.max() + 1):
        for other in range(1, predicted.max() + 1):
            first, second = expected == one, predicted == other
            if (first & second).any():
                found[one, other] = (first & second).sum() / (first | second).sum()
    return found


@given(mask_pairs())
def test_touching_lesions_are_those_of_the_definition(pair: tuple[Bool, Bool]) -> None:
    assert lesion_scores(*pair).touched == touching(*pair)


@given(mask_pairs(), st.sampled_from([0.1, 0.25, 0.5]))
def test_no_lesion_is_in_two_pairs(pair: tuple[Bool, Bool], lesion_iou: float) -> None:
    score = lesion_scores(*pair, lesion_iou=lesion_iou).matched
    allowed = [each for each, iou in ious(*pair).items() if iou > lesion_iou]
    assert score.found_lesions == score.right_lesions
    assert score.found_lesions <= min(
        len({one for one, _ in allowed}), len({o for _, o in allowed})
    )
    assert (score.found_lesions > 0) == bool(allowed)
    if lesion_iou >= 0.5:
        assert score.found_lesions == len(allowed)


def test_flooding_has_every_lesion_by_touch_and_none_by_pairs() -> None:
    truth, flood = np.zeros((1, 40, 40), np.uint8), np.ones((1, 40, 40), np.uint8)
    truth[0, 2:8, 2:8] = truth[0, 20:30, 20:30] = 1
    found = lesion_scores(truth, flood)
    assert (found.touched.f1, found.matched.f1) == (1.0, 0.0)


def test_of_two_halves_one_counts() -> None:
    truth, halves = np.zeros((2, 1, 4, 9), np.uint8)
    truth[0] = 1
    halves[0, :, :4] = halves[0, :, 5:] = 1
    assert lesion_scores(truth, halves).matched == LesionScore(1, 1, 2, 1)
    assert lesion_scores(truth, halves, lesion_iou=0.5).matched == LesionScore(1, 0, 2, 0)


@given(mask_pairs())
def test_lesions_not_matched_are_the_disagreements_that_stand_alone(
    pair: tuple[Bool, Bool],
) -> None:
    score = lesion_scores(*pair).touched
    errors = [error.error for error in disagreements(*pair)]
    assert errors.count("false_negative_lesion") == score.truth_lesions - score.found_lesions
    assert errors.count("false_positive_lesion") == score.predicted_lesions - score.right_lesions


@given(mask_pairs())
def test_swapping_the_masks_swaps_sensitivity_and_precision(pair: tuple[Bool, Bool]) -> None:
    for rule in ("matched", "touched"):
        one, other = (getattr(lesion_scores(*each), rule) for each in (pair, pair[::-1]))
        assert (one.sensitivity, one.precision) == (other.precision, other.sensitivity)
        assert one.f1 == pytest.approx(other.f1)


def test_one_lesion_found_by_two_and_one_missed() -> None:
    truth, prediction = np.zeros((2, 3, 10, 10), np.uint8)
    truth[0, 0, :5] = 1
    truth[2, 9, 9] = 1
    prediction[0, 0, [0, 4]] = 255
    prediction[1, 5, 5] = 255
    score = lesion_scores(truth, prediction).touched
    assert score == LesionScore(2, 1, 3, 2)
    assert (score.sensitivity, score.precision) == (1 / 2, 2 / 3)
    assert score.f1 == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))
    assert lesion_scores(truth, prediction, lesion_iou=0.5).matched == LesionScore(2, 0, 3, 0)


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
    found = lesion_scores(np.full((2, 3, 3), truth_filled), np.full((2, 3, 3), prediction_filled))
    for score in (found.matched, found.touched):
        assert (score.sensitivity, score.precision, score.f1) == expected


def test_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="truth is"):
        lesion_scores(np.zeros((1, 2, 2), np.uint8), np.zeros((2, 2, 2), np.uint8))

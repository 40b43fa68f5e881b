"""What a prediction says of itself: entropy, soft DSC, members that disagree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from core.domain.metrics import overlap
from core.domain.prediction import Postprocessing, Prediction, to_mask
from core.domain.uncertainty import (
    doubt,
    entropy_map,
    mirrored,
    soft_dsc,
    unmirrored,
)
from tests.synthetic import head, volume_of

PROBABILITIES = arrays(np.uint8, (2, 4, 5))
POST = Postprocessing()


@given(PROBABILITIES)
def test_entropy_is_that_of_scipy_in_bits(probability: np.ndarray) -> None:
    from scipy.stats import entropy

    chance = probability / 255.0
    expected = entropy(np.stack([chance, 1 - chance]), base=2)
    found = entropy_map(probability)
    assert found.dtype == np.float32
    assert np.allclose(found, expected, atol=1e-6)


@given(PROBABILITIES)
def test_a_sure_prediction_expects_a_dsc_of_one(probability: np.ndarray) -> None:
    sure = np.where(probability > 127, 255, 0).astype(np.uint8)
    assert soft_dsc(sure, POST) == pytest.approx(1.0)
    assert 0 <= soft_dsc(probability, POST) <= 1


def test_soft_dsc_is_near_the_mean_dsc_of_truths_drawn_from_the_probabilities() -> None:
    random = np.random.default_rng(3)
    probability = random.integers(0, 256, (6, 20, 20), dtype=np.uint8)
    mask = to_mask(probability, POST)
    draws = [
        overlap((random.random(probability.shape) < probability / 255).astype(np.uint8), mask).dsc
        for _ in range(200)
    ]
    assert soft_dsc(probability, POST) == pytest.approx(np.mean(draws), abs=0.005)


def test_an_empty_mask_expects_the_chance_of_no_lesion() -> None:
    empty = np.zeros((2, 3, 3), np.uint8)
    assert soft_dsc(empty, POST) == 1.0
    doubtful = empty.copy()
    doubtful[0, 0, :2] = 51
    assert soft_dsc(doubtful, POST) == pytest.approx(0.8 * 0.8)
    doubtful[1] = 120
    assert soft_dsc(doubtful, POST) < 0.01


def test_what_postprocessing_takes_away_counts_as_background() -> None:
    probability = np.zeros((1, 6, 6), np.uint8)
    probability[0, 0, :4] = 204
    probability[0, 4, :2] = 255
    both = soft_dsc(probability, POST)
    largest = soft_dsc(probability, Postprocessing(largest_component=True))
    assert both == pytest.approx(2 * 5.2 / (6 + 5.2), abs=1e-6)
    assert largest == pytest.approx(2 * 3.2 / (4 + 3.2), abs=1e-6)


def predicted(probability: np.ndarray) -> Prediction:
    return Prediction(probability.astype(np.uint8), "m", "k", "cpu", 0.0)


def test_members_that_agree_leave_no_doubt_and_others_some() -> None:
    one = np.zeros((2, 4, 4), np.uint8)
    one[0, :2] = 255
    other = np.zeros_like(one)
    other[0, 1:3] = 255
    alone = doubt([predicted(one)], POST)
    assert (alone.soft_dsc, alone.disagreement, alone.contradictions) == (1.0, None, None)
    assert doubt([predicted(one), predicted(one)], POST).disagreement == 0
    found = doubt([predicted(one), predicted(other)], POST, triage=np.array([0.99, 0.99]))
    assert found.disagreement == pytest.approx(1 - overlap(one > 0, other > 0).dsc)
    assert found.soft_dsc < 1
    assert found.contradictions == 1


def test_mirrored_members_come_back_to_the_same_grid() -> None:
    volume = volume_of(head())
    mirror = mirrored(volume)
    assert np.array_equal(mirror.pixels[..., ::-1], volume.pixels)
    assert not np.array_equal(mirror.pixels, volume.pixels)
    back = unmirrored(predicted(mirror.pixels[1]))
    assert np.array_equal(back.probability, volume.pixels[1])

"""Several models on one case: their mean, where they agree, how sure they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy.stats import entropy

from core.domain.agreement import (
    agreement_map,
    ensemble_postprocessing,
    mean_prediction,
    mean_uncertainty,
    models_disagreement,
)
from core.domain.prediction import Postprocessing, Prediction

shapes = array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=5)


def prediction(probability: NDArray[np.uint8], key: str = "k") -> Prediction:
    return Prediction(probability, "m", key, "cpu", 1.5)


@given(st.data(), shapes, st.integers(1, 6))
def test_mean_is_the_quantised_mean_of_probabilities(
    data: st.DataObject, shape: tuple[int, ...], count: int
) -> None:
    found = [data.draw(arrays(np.uint8, shape)) for _ in range(count)]
    mean = mean_prediction([prediction(each) for each in found])
    # A mean half way between two steps goes down, as `quantise` rounds.
    exact = np.ceil(np.mean(np.stack(found), axis=0, dtype=np.float64) - 0.5 - 1e-9)
    np.testing.assert_array_equal(mean.probability, exact)
    assert mean.seconds == 1.5 * count


def test_mean_is_named_by_what_it_is_made_of_in_any_order() -> None:
    one, other = (np.full((1, 2, 2), value, np.uint8) for value in (10, 20))
    first = mean_prediction([prediction(one, "a"), prediction(other, "b")])
    second = mean_prediction([prediction(other, "b"), prediction(one, "a")])
    third = mean_prediction([prediction(one, "a"), prediction(other, "c")])
    assert first.model_id == "ensemble"
    assert first.key == second.key != third.key


def test_mean_refuses_nothing_and_different_shapes() -> None:
    with pytest.raises(ValueError, match="at least one"):
        mean_prediction([])
    shapes = ((1, 2, 2), (1, 2, 3))
    with pytest.raises(ValueError, match="predictions are"):
        mean_prediction([prediction(np.zeros(shape, np.uint8)) for shape in shapes])


def test_an_ensemble_does_what_all_its_models_do() -> None:
    both = Postprocessing(0.3, largest_component=True, fill_holes=True, smallest_share=0.5)
    one = Postprocessing(0.7, largest_component=True)
    assert ensemble_postprocessing([both, one]) == Postprocessing(0.5, largest_component=True)
    assert ensemble_postprocessing([both, Postprocessing()]) == Postprocessing()
    small = [Postprocessing(smallest_share=0.2), Postprocessing(smallest_share=0.3)]
    assert ensemble_postprocessing(small) == Postprocessing(smallest_share=0.2)


@given(st.data(), shapes, st.integers(1, 4))
def test_agreement_map_counts_the_models(
    data: st.DataObject, shape: tuple[int, ...], count: int
) -> None:
    masks = [data.draw(arrays(np.bool_, shape)) for _ in range(count)]
    found = agreement_map([mask.astype(np.uint8) * np.uint8(255) for mask in masks])
    np.testing.assert_array_equal(found, np.sum(masks, axis=0))


def test_disagreement_is_one_less_the_mean_dsc_over_pairs() -> None:
    masks = [np.zeros((1, 1, 4), np.uint8) for _ in range(3)]
    masks[0][..., :2] = 1
    masks[1][..., :2] = 1
    masks[2][..., 1:3] = 1
    assert models_disagreement(masks) == pytest.approx(1 - (1 + 0.5 + 0.5) / 3)
    assert models_disagreement(masks[:1]) is None


@given(arrays(np.uint8, shapes))
def test_uncertainty_is_the_mean_entropy_where_anything_is_seen(
    probability: NDArray[np.uint8],
) -> None:
    seen = probability[probability >= 0.05 * 255] / 255
    expected = entropy(np.stack([seen, 1 - seen]), base=2).mean() if seen.size else 0.0
    assert mean_uncertainty(probability) == pytest.approx(expected)


def test_a_model_sure_of_everything_has_no_uncertainty() -> None:
    assert mean_uncertainty(np.array([[[0, 255]]], np.uint8)) == 0.0
    assert mean_uncertainty(np.full((1, 2, 2), 127, np.uint8)) > 0.99

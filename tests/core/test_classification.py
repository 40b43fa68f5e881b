"""Figures of a classifier, against MONAI, against their definitions and by their properties."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.classification import (
    auprc,
    auroc,
    class_figures,
    class_report,
    confusion,
    fit_temperature,
    log_loss,
    operating_point,
    reliability,
    softmax,
)

SCORES = arrays(np.float64, 30, elements=st.integers(0, 8).map(lambda n: n / 8))
TRUTHS = arrays(np.bool_, 30).filter(lambda truth: truth.any() and not truth.all())


@given(SCORES, TRUTHS)
def test_auroc_is_the_share_of_pairs_in_order(scores: np.ndarray, truth: np.ndarray) -> None:
    differences = scores[truth][:, None] - scores[~truth][None]
    expected = np.mean((differences > 0) + 0.5 * (differences == 0))
    assert auroc(scores, truth) == pytest.approx(expected)


@given(SCORES, TRUTHS)
def test_auroc_turns_with_the_scores_and_keeps_its_value_under_rising_maps(
    scores: np.ndarray, truth: np.ndarray
) -> None:
    value = auroc(scores, truth)
    assert value is not None
    assert auroc(-scores, truth) == pytest.approx(1 - value)
    assert auroc(np.exp(3 * scores), truth) == pytest.approx(value)


def test_areas_are_those_of_monai() -> None:
    from monai.metrics.average_precision import compute_average_precision
    from monai.metrics.rocauc import compute_roc_auc

    random = np.random.default_rng(5)
    truth = random.random(200) < 0.3
    scores = random.normal(size=200) + truth
    given_scores, given_truth = torch.from_numpy(scores), torch.from_numpy(truth.astype(int))
    assert auroc(scores, truth) == pytest.approx(compute_roc_auc(given_scores, given_truth))
    expected = compute_average_precision(given_scores, given_truth)
    assert auprc(scores, truth) == pytest.approx(expected)


@given(SCORES, TRUTHS)
def test_average_precision_sums_precision_over_recall(
    scores: np.ndarray, truth: np.ndarray
) -> None:
    expected, before = 0.0, 0.0
    for cut in sorted(set(scores), reverse=True):
        taken = scores >= cut
        recall = (taken & truth).sum() / truth.sum()
        expected += (recall - before) * (taken & truth).sum() / taken.sum()
        before = recall
    assert auprc(scores, truth) == pytest.approx(expected)


def test_areas_are_none_where_a_class_is_missing() -> None:
    assert auroc([0.1, 0.9], [True, True]) is None
    assert auprc([0.1, 0.9], [False, False]) is None
    assert operating_point([0.1, 0.9], [True, True]) is None


@given(SCORES, TRUTHS, st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_operating_point_is_the_lowest_cut_that_keeps_the_specificity(
    scores: np.ndarray, truth: np.ndarray, wanted: float
) -> None:
    point = operating_point(scores, truth, specificity=wanted)
    assert point is not None
    assert point.specificity >= wanted - 1e-9
    assert point.sensitivity == np.mean(scores[truth] > point.threshold)
    lower = [cut for cut in set(scores) if cut < point.threshold]
    assert all(np.mean(scores[~truth] <= cut) < wanted for cut in lower)


def test_confusion_counts_true_rows_and_predicted_columns() -> None:
    found = confusion(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 0]), 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]


@given(arrays(np.float64, (12, 3), elements=st.floats(-300, 300)), st.floats(0.1, 10))
def test_softmax_is_a_distribution_and_log_loss_its_logarithm(
    logits: np.ndarray, temperature: float
) -> None:
    probability = softmax(logits, temperature)
    assert np.allclose(probability.sum(axis=1), 1)
    labels = np.arange(12) % 3
    expected = torch.nn.functional.cross_entropy(
        torch.from_numpy(logits / temperature), torch.from_numpy(labels)
    )
    assert log_loss(logits, labels, temperature) == pytest.approx(float(expected), abs=1e-9)


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_temperature_recovers_how_overconfident_logits_are(true: float) -> None:
    random = np.random.default_rng(2)
    calm = random.normal(scale=2, size=(4000, 2))
    chance = softmax(calm)[:, 1]
    labels = (random.random(4000) < chance).astype(np.int64)
    found = fit_temperature(calm * true, labels)
    assert found == pytest.approx(true, rel=0.15)
    assert log_loss(calm * true, labels, found) <= log_loss(calm * true, labels) + 1e-9


def test_reliability_of_honest_probabilities_lies_on_the_diagonal() -> None:
    random = np.random.default_rng(4)
    probability = random.random(50_000)
    found = reliability(probability, random.random(50_000) < probability)
    assert found.count.sum() == 50_000
    assert np.abs(found.probability - found.frequency).max() < 0.03
    assert found.ece < 0.01
    sure = reliability(np.ones(10), np.arange(10) < 6)
    assert sure.count.tolist() == [10]
    assert sure.ece == pytest.approx(0.4)


def test_report_names_the_figures_of_two_classes() -> None:
    logits = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 0.5], [0.0, 3.0]])
    found = class_report(logits, np.array([0, 0, 1, 1]))
    assert found.accuracy == 0.5
    assert found.auroc == 0.75
    assert found.confusion == ((1, 1), (1, 1))
    named = class_figures(found)
    assert named["auroc"] == 0.75
    assert "n" not in named
    assert "confusion" not in named


def test_report_of_more_classes_averages_one_against_the_rest() -> None:
    logits, labels = np.eye(3)[[0, 1, 2, 0]] * 4, np.array([0, 1, 2, 1])
    found = class_report(logits, labels)
    probability = softmax(logits)
    areas = [auroc(probability[:, k], labels == k) for k in range(3)]
    assert found.auroc == pytest.approx(np.mean([a for a in areas if a is not None]))
    assert found.sensitivity_at_95_specificity is None
    assert "sensitivity_at_95_specificity" not in class_figures(found)
    with pytest.raises(ValueError, match="at least one label"):
        class_report(np.zeros((0, 2)), np.zeros(0, np.int64))

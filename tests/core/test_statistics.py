"""Statistics over cases, against their definitions, SciPy and figures worked out by hand."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.domain.statistics import (
    MeanTest,
    bland_altman,
    compare_pairs,
    describe,
    holm,
    mean_test,
    sign_test,
    wilcoxon,
)

Table = dict[str, dict[str, float | None]]

values = st.lists(st.floats(0, 1), min_size=1, max_size=30)
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(values)
def test_description_equals_numpy(found: list[float]) -> None:
    said = describe([*found, None])
    assert said.n == len(found)
    assert said.mean == pytest.approx(np.mean(found))
    assert said.median == pytest.approx(np.median(found))
    if len(found) > 1:
        assert said.standard_deviation == pytest.approx(np.std(found, ddof=1), abs=1e-12)
    else:
        assert said.standard_deviation is None


def test_nothing_defined_describes_nothing() -> None:
    said = describe([None, None])
    assert (said.n, said.mean, said.median, said.standard_deviation) == (0, None, None, None)


def test_holm_of_an_example_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(p_values)
def test_holm_keeps_the_order_and_lies_between_raw_and_bonferroni(given_p: list[float]) -> None:
    found = holm(given_p)
    for raw, corrected in zip(given_p, found, strict=True):
        assert raw <= corrected <= min(1.0, raw * len(given_p)) + 1e-12
    ranked = [found[index] for index in np.argsort(given_p, kind="stable")]
    assert all(one <= other for one, other in pairwise(ranked))


@given(st.lists(st.floats(-1, 1).filter(lambda d: abs(d) > 1e-6), min_size=1, max_size=9))
@settings(max_examples=40)
def test_wilcoxon_is_the_share_of_sign_flips_at_least_as_extreme(found: list[float]) -> None:
    sizes = np.abs(np.array(found))
    if len(np.unique(sizes)) < len(sizes):
        return
    ranks = np.argsort(np.argsort(sizes)) + 1.0
    observed = abs(ranks @ np.sign(found))
    flips = [abs(ranks @ np.array(signs)) for signs in product((-1, 1), repeat=len(found))]
    share = np.mean(np.array(flips) >= observed - 1e-9)
    assert wilcoxon(np.array(found)) == pytest.approx(share)


def test_wilcoxon_leaves_ties_out() -> None:
    assert wilcoxon(np.array([0.1, 0.0, 0.3, 0.0, 0.2])) == wilcoxon(np.array([0.1, 0.3, 0.2]))
    assert wilcoxon(np.zeros(4)) == 1.0
    assert wilcoxon(np.zeros(0)) is None


def test_sign_test_by_hand() -> None:
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(3, 3) == 1.0
    assert sign_test(0, 0) == 1.0
    assert sign_test(7, 1) == pytest.approx(2 * (8 + 1) / 256)


def test_interval_comes_again_and_holds_the_mean() -> None:
    differences = np.random.default_rng(3).normal(0.05, 0.02, 40)
    one, other = (mean_test(differences, seed=7) for _ in range(2))
    assert one == other
    assert one is not None
    assert one.low is not None
    assert one.high is not None
    assert one.low < differences.mean() < one.high
    half = stats.t.ppf(0.975, 39) * differences.std(ddof=1) / np.sqrt(40)
    assert (one.high - one.low) / 2 == pytest.approx(half, rel=0.1)
    assert mean_test(differences[:0]) is None


def test_interval_of_equal_differences_is_a_point() -> None:
    found = mean_test(np.full(6, 0.25))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.25, 0.25))


def test_five_cases_have_no_interval_and_six_that_agree_have_one() -> None:
    few, enough = mean_test(np.linspace(0.1, 0.2, 5)), mean_test(np.linspace(0.1, 0.2, 6))
    assert few is not None
    assert (few.low, few.high, few.p) == (None, None, pytest.approx(2 / 32))
    assert enough is not None
    assert (enough.low, enough.high) == pytest.approx((0.1, 0.2))


@given(st.lists(st.floats(-1, 1).filter(lambda d: abs(d) > 1e-3), min_size=1, max_size=8))
@settings(max_examples=40)
def test_p_is_the_share_of_sign_flips_whose_mean_is_at_least_as_far(found: list[float]) -> None:
    signs = np.array(list(product((-1, 1), repeat=len(found))))
    flipped = signs @ np.abs(found)
    apart = np.diff(np.sort(flipped))
    if np.any(apart < 1e-6):
        return
    tested = mean_test(np.array(found))
    assert tested is not None
    share = np.mean(np.abs(flipped) >= abs(sum(found)) - 1e-9)
    assert tested.p == pytest.approx(share)


@pytest.mark.parametrize("cases", [6, 8, 11])
@pytest.mark.parametrize("shape", ["normal", "heavy", "spiked"])
def test_without_a_difference_one_in_twenty_is_told_one_at_most(cases: int, shape: str) -> None:
    generator = np.random.default_rng(cases)
    drawn = {
        "normal": generator.normal(size=(600, cases)),
        "heavy": generator.standard_t(2, size=(600, cases)),
        # Most cases alike, one in ten lost by one of the two models or the other.
        "spiked": generator.normal(size=(600, cases))
        * np.where(generator.random((600, cases)) < 0.1, 20, 1),
    }[shape]
    wrong = sum(_beside(mean_test(row)) for row in drawn)
    # 0.05 and 3 standard errors of so many runs.
    assert wrong / 600 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)


def test_subsets_drawn_by_lot_keep_the_level_too() -> None:
    drawn = np.random.default_rng(1).laplace(size=(120, 30))
    assert sum(_beside(mean_test(row)) for row in drawn) <= 12


def _beside(found: MeanTest | None) -> bool:
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return not found.low <= 0 <= found.high


def test_pairs_of_three_models() -> None:
    scores: Table = {
        "a": {"1": 0.9, "2": 0.8, "3": None, "4": 0.7},
        "b": {"1": 0.8, "2": 0.8, "3": 0.5, "4": 0.9},
        "c": {"1": 0.1, "2": 0.2, "3": 0.3, "4": 0.4, "5": 0.5},
    }
    first, second, third = compare_pairs(scores)
    assert [(p.first, p.second, p.n) for p in (first, second, third)] == [
        ("a", "b", 3),
        ("a", "c", 3),
        ("b", "c", 4),
    ]
    assert first.mean_difference == pytest.approx(-0.1 / 3)
    assert (first.wins, first.ties, first.losses) == (1, 1, 1)
    assert (third.wins, third.ties, third.losses) == (4, 0, 0)
    assert third.wilcoxon_p == pytest.approx(2 / 16)
    assert third.holm_p == pytest.approx(3 / 8)
    lower = compare_pairs(scores, lower_is_better=True)[2]
    assert (lower.wins, lower.losses) == (0, 4)
    assert lower.mean_difference == third.mean_difference


def test_pair_without_a_common_case_has_no_figures() -> None:
    apart: Table = {"a": {"1": 0.5}, "b": {"2": 0.5}}
    (pair,) = compare_pairs(apart)
    assert (pair.n, pair.mean_difference, pair.low, pair.wilcoxon_p) == (0, None, None, None)


def test_bland_altman_by_hand() -> None:
    found = bland_altman({"1": 10.0, "2": 20.0, "3": None}, {"2": 16.0, "1": 8.0, "3": 1.0})
    assert found.cases == ("1", "2")
    assert found.means.tolist() == [9.0, 18.0]
    assert found.differences.tolist() == [2.0, 4.0]
    assert found.bias == 3.0
    assert found.low == pytest.approx(3.0 - 1.96 * np.sqrt(2))
    assert found.high == pytest.approx(3.0 + 1.96 * np.sqrt(2))
    with pytest.raises(ValueError, match="needs a case"):
        bland_altman({"1": 1.0}, {"2": 1.0})

"""What the gate says of two models' scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import DataError
from core.models.gate import REGRESSION, GateReport, judge_candidate

CASES = tuple(f"CASE_{n}" for n in range(12))


def _judge(differences: tuple[float, ...], base: float = 0.8) -> GateReport:
    champion = dict.fromkeys(CASES[: len(differences)], base)
    candidate = {c: base + d for c, d in zip(champion, differences, strict=True)}
    return judge_candidate(("old", champion), ("new", candidate))


def test_a_candidate_that_gains_everywhere_is_to_be_promoted() -> None:
    report = _judge(tuple(0.01 + 0.001 * n for n in range(12)))
    assert report.verdict == "promote"
    assert report.low is not None
    assert 0 < report.low < report.mean_difference
    assert report.p == pytest.approx(2 / 2**12)
    assert report.regressions == ()
    assert "better" in report.reason


def test_a_candidate_that_loses_everywhere_is_to_be_rejected_and_its_losses_are_named() -> None:
    report = _judge(tuple(-0.015 - 0.001 * n for n in range(12)))
    assert report.verdict == "reject"
    assert report.reason.startswith("Mean DSC \u22120.02")
    assert report.regressions == tuple(f"CASE_{n}" for n in range(11, 5, -1))
    assert [c.difference for c in report.cases] == sorted(c.difference for c in report.cases)


def test_a_gain_that_could_be_chance_leaves_the_choice_to_the_reader() -> None:
    report = _judge((0.05, -0.04, 0.01, -0.01, 0.03, -0.02))
    assert report.verdict == "keep"
    assert report.low is not None
    assert report.high is not None
    assert report.low < 0 < report.high
    assert report.regressions == ("CASE_1",)


@pytest.mark.parametrize("gains", [(0.3,), (-0.935,), (0.01,) * 5])
def test_too_few_cases_tell_nothing_and_promotion_is_asked_about(gains: tuple[float, ...]) -> None:
    report = _judge(gains, base=0.95)
    assert (report.low, report.high, report.verdict) == (None, None, "few")
    assert "Too few to tell" in report.reason
    assert "1 cases" not in report.reason
    assert report.doubt


def test_a_worse_mean_is_doubted_even_where_the_cases_do_not_tell() -> None:
    worse = _judge((0.05, -0.06, 0.01, -0.02, 0.03, -0.05))
    assert (worse.verdict, worse.mean_difference < 0) == ("keep", True)
    assert "lower" in worse.doubt
    better = _judge((0.05, -0.04, 0.01, -0.01, 0.03, -0.02))
    assert (better.verdict, better.doubt) == ("keep", "")
    assert _judge((0.01,) * 12).doubt == ""


@pytest.mark.parametrize("cases", [2, 3, 4, 7, 10])
def test_models_that_are_alike_are_seldom_called_better_or_worse(cases: int) -> None:
    generator = np.random.default_rng(cases)
    told = 0
    for _ in range(200):
        one, other = generator.beta(8, 2, (2, cases)) + generator.normal(0, 0.02, (2, cases))
        report = judge_candidate(
            ("old", dict(zip(CASES, one, strict=False))),
            ("new", dict(zip(CASES, other, strict=False))),
        )
        told += report.verdict in ("promote", "reject")
    # 5 % are promised; of 200 runs 9 % would be beyond chance.
    assert told <= (0 if cases < 6 else 18)


def test_only_cases_scored_on_both_sides_count_and_none_is_an_error() -> None:
    report = judge_candidate(("old", {"A": 0.5, "B": 0.5}), ("new", {"B": 0.6, "C": 0.9}))
    assert [c.case for c in report.cases] == ["B"]
    with pytest.raises(DataError, match="both scored on"):
        judge_candidate(("old", {"A": 0.5}), ("new", {"C": 0.9}))


def test_the_worst_tenth_is_each_models_own() -> None:
    old = {c: 0.5 + 0.003 * n**2 for n, c in enumerate(CASES)}
    new = {**old, CASES[0]: 0.9}
    report = judge_candidate(("old", old), ("new", new))
    worst = (sorted(old.values())[:2], sorted(new.values())[:2])
    assert report.worst_tenth == pytest.approx(np.mean(worst[1]) - np.mean(worst[0]))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=len(CASES)))
@settings(max_examples=30)
def test_figures_are_those_of_the_cases(pairs: list[tuple[float, float]]) -> None:
    old = {c: one for c, (one, _) in zip(CASES, pairs, strict=False)}
    new = {c: two for c, (_, two) in zip(CASES, pairs, strict=False)}
    report = judge_candidate(("old", old), ("new", new))
    differences = np.array([two - one for one, two in pairs])
    assert report.mean_difference == pytest.approx(differences.mean())
    assert report.candidate_mean - report.champion_mean == pytest.approx(differences.mean())
    assert len(report.regressions) == np.count_nonzero(differences < -REGRESSION - 1e-9)
    assert (report.low is None) == (report.high is None) == (len(pairs) < 6)
    if report.low is not None and report.high is not None:
        assert report.low <= report.high
        beside = report.low > 1e-9 or report.high < -1e-9
        assert beside == (report.p is not None and report.p < 0.05)

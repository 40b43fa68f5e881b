"""Figures of several models over the same cases: what is typical, and who is better by how much.

Two models are compared on the cases both were scored on, case by case. The interval of a mean
difference is exact: 95 % of such intervals hold the true one, however few or odd the differences
are, as long as they lie as likely above it as below (Hartigan 1969). Below six cases no interval
can do so, and there is none. The p value over pairs is Wilcoxon's signed-rank test (1945), exact
for few cases, corrected by Holm's procedure (1979). Scores closer than 1e-9 are a tie.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import msgspec
import numpy as np
from numpy.typing import NDArray

FigureByCase = Mapping[str, float | None]
"""A figure by case id; None where it is undefined."""

CONFIDENCE = 0.95
FEWEST_CASES = 6
"""Fewer cases cannot tell at 95 %: all of five that agree have a p of 1/16."""

INTERVAL_RULE = (
    "95 %, exact for differences as likely above their mean as below it (means of all subsets of "
    "the cases, Hartigan 1969; of 9,999 drawn by lot above 13 cases); none below 6 cases"
)
_MOST_LISTED = 13  # cases of which every subset is taken
_DRAWS = 9999
_CHUNK = 500
_TIE = 1e-9
_LIMITS = 1.96  # standard deviations of the limits of agreement


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What is typical of a figure over `n` cases; None where `n` says too little."""

    n: int
    mean: float | None
    median: float | None
    standard_deviation: float | None


class PairedComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two models on the `n` cases both were scored on.

    `mean_difference` is first less second, `low` and `high` its 95 % interval, None where the cases
    are too few for one; `wins` are cases in
    which the first is better. `holm_p` is `wilcoxon_p` corrected over all pairs.
    """

    first: str
    second: str
    n: int
    mean_difference: float | None
    low: float | None
    high: float | None
    wilcoxon_p: float | None
    holm_p: float | None
    wins: int
    ties: int
    losses: int
    sign_p: float


@dataclass(frozen=True, eq=False)
class BlandAltman:
    """Agreement of two measurements (Bland and Altman 1986), each array (N,) as `cases`.

    `differences` are first less second, `bias` their mean; `low` and `high` are the limits of
    agreement, 1.96 standard deviations away, None for a single case.
    """

    cases: tuple[str, ...]
    means: NDArray[np.float64]
    differences: NDArray[np.float64]
    bias: float
    low: float | None
    high: float | None


def describe(values: Sequence[float | None]) -> Description:
    """Return mean, median and sample standard deviation of the values that are defined."""
    defined = [value for value in values if value is not None]
    return Description(
        n=len(defined),
        mean=statistics.fmean(defined) if defined else None,
        median=statistics.median(defined) if defined else None,
        standard_deviation=statistics.stdev(defined) if len(defined) > 1 else None,
    )


def compare_pairs(
    scores: Mapping[str, FigureByCase],
    *,
    lower_is_better: bool = False,
    seed: int = 0,
) -> list[PairedComparison]:
    """Compare every two models of `scores` (model id to figure by case), in the order given."""
    pairs = [
        _compare(one, other, scores, -1 if lower_is_better else 1, seed)
        for one, other in combinations(scores, 2)
    ]
    tested = [pair.wilcoxon_p for pair in pairs if pair.wilcoxon_p is not None]
    corrected = iter(holm(tested))
    return [
        pair if pair.wilcoxon_p is None else msgspec.structs.replace(pair, holm_p=next(corrected))
        for pair in pairs
    ]


def paired(first: FigureByCase, second: FigureByCase) -> tuple[list[str], NDArray[np.float64]]:
    """Return the cases scored in both and their scores (N, 2), in the order of `first`."""
    both = [
        (case, value, second[case])
        for case, value in first.items()
        if value is not None and second.get(case) is not None
    ]
    values = np.array([(one, other) for _, one, other in both], np.float64).reshape(-1, 2)
    return [case for case, _, _ in both], values


class MeanTest(msgspec.Struct, frozen=True, kw_only=True):
    """The 95 % interval of a mean difference, None where cases are too few, and its p against zero.

    The interval lies on one side of zero just where `p` is below 0.05.
    """

    low: float | None
    high: float | None
    p: float


def mean_test(differences: NDArray[np.float64], *, seed: int = 0) -> MeanTest | None:
    """Return interval and two-sided p of the mean of (N,) differences, None without any.

    The means of all subsets of the differences part the line into intervals, each of which holds
    the true mean as likely (Hartigan 1969, "Using subsample values as typical values"), and of
    which a share below zero is the p of the sign-flip test (Fisher 1935). Of many cases some
    subsets are drawn by `seed`, which keeps the level.
    """
    if not len(differences):
        return None
    means = np.sort(_subset_means(differences, seed))
    parts = len(means) + 1
    sides = (np.count_nonzero(means <= _TIE), np.count_nonzero(means >= -_TIE))
    p = float(min(1.0, 2 * (min(sides) + 1) / parts))
    outside = int((1 - CONFIDENCE) / 2 * parts)
    if len(differences) < FEWEST_CASES or not outside:
        return MeanTest(low=None, high=None, p=p)
    return MeanTest(low=float(means[outside - 1]), high=float(means[-outside]), p=p)


class MeanInterval(msgspec.Struct, frozen=True, kw_only=True):
    """A mean and its 95 % interval, None where the values are too few for one."""

    mean: float
    low: float | None
    high: float | None


def mean_interval(values: Sequence[float]) -> MeanInterval:
    """Return the mean of one value or more with the t interval (Student 1908), from six values up.

    It takes the values for independent.
    """
    enough = len(values) >= FEWEST_CASES
    return _t_interval(values, 1 / len(values), enough=enough)


def fold_interval(means: Sequence[float], *, judged: int, learnt: int) -> MeanInterval:
    """Return the mean over folds with the corrected resampled t interval, from three folds up.

    Folds learn from the same cases, so their spread alone promises too much: its variance grows by
    `judged` over `learnt`, the cases that judge and that teach in a fold (Nadeau and Bengio 2003).
    """
    return _t_interval(means, 1 / len(means) + judged / learnt, enough=len(means) > 2)


def _t_interval(values: Sequence[float], share: float, *, enough: bool) -> MeanInterval:
    mean = statistics.fmean(values)
    if not enough:
        return MeanInterval(mean=mean, low=None, high=None)
    # What `scipy.stats.t.ppf` asks itself, without half a second of imports.
    from scipy.special import stdtrit

    at = stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)
    half = at * statistics.stdev(values) * share**0.5
    return MeanInterval(mean=mean, low=float(mean - half), high=float(mean + half))


def _subset_means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return the means of the subsets of (N,) values that are not empty, or of some by lot."""
    count = len(values)
    if count <= _MOST_LISTED:
        return _means(values, (np.arange(1, 2**count)[:, None] >> np.arange(count) & 1) > 0)
    generator = np.random.default_rng(seed)
    found = []
    for start in range(0, _DRAWS, _CHUNK):
        members = generator.random((min(_CHUNK, _DRAWS - start), count)) < 0.5
        members[:, 0] |= ~members.any(axis=1)
        found.append(_means(values, members))
    return np.concatenate(found)


def _means(values: NDArray[np.float64], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean of each subset, a row of (S, N) members."""
    means: NDArray[np.float64] = (members @ values) / members.sum(axis=1)
    return means


def wilcoxon(differences: NDArray[np.float64]) -> float | None:
    """Return the two-sided p of Wilcoxon's signed-rank test on (N,) differences, ties left out.

    1 when all are ties, None without differences.
    """
    if not len(differences):
        return None
    moved = differences[np.abs(differences) > _TIE]
    if not len(moved):
        return 1.0
    from scipy.stats import wilcoxon as signed_rank

    return float(signed_rank(moved).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for being several (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        corrected[index] = highest
    return corrected


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p of the sign test without ties, 1 when there is nothing else."""
    if not wins + losses:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue)


def bland_altman(first: FigureByCase, second: FigureByCase) -> BlandAltman:
    """Return how two measurements of the same cases agree; raises `ValueError` without a case."""
    cases, values = paired(first, second)
    if not cases:
        raise ValueError("a Bland–Altman plot needs a case measured by both")
    differences = values[:, 0] - values[:, 1]
    bias = float(differences.mean())
    spread = float(_LIMITS * differences.std(ddof=1)) if len(cases) > 1 else None
    return BlandAltman(
        tuple(cases),
        values.mean(axis=1),
        differences,
        bias,
        None if spread is None else bias - spread,
        None if spread is None else bias + spread,
    )


def _compare(
    one: str, other: str, scores: Mapping[str, FigureByCase], better: int, seed: int
) -> PairedComparison:
    cases, values = paired(scores[one], scores[other])
    differences = values[:, 0] - values[:, 1]
    wins = int(np.count_nonzero(better * differences > _TIE))
    losses = int(np.count_nonzero(better * differences < -_TIE))
    found = mean_test(differences, seed=seed)
    return PairedComparison(
        first=one,
        second=other,
        n=len(cases),
        mean_difference=float(differences.mean()) if cases else None,
        low=None if found is None else found.low,
        high=None if found is None else found.high,
        wilcoxon_p=wilcoxon(differences),
        holm_p=None,
        wins=wins,
        ties=len(cases) - wins - losses,
        losses=losses,
        sign_p=sign_test(wins, losses),
    )

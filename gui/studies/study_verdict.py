"""What the pairs of a comparison come to, in a sentence or two."""

from collections.abc import Sequence
from typing import Literal

from core.domain.statistics import PairedComparison
from core.studies.comparison.study_summary import PAIR_METRICS, StudySummary

VerdictStanding = Literal["better", "worse", "same"]

SURE = 0.05
"""The p value, corrected by Holm, below which a difference is more than chance."""


def standing(pair: PairedComparison, *, lower_is_better: bool) -> VerdictStanding:
    """Return how the first model of a pair stands to the second."""
    if pair.holm_p is None or pair.mean_difference is None or pair.holm_p >= SURE:
        return "same"
    return "better" if (pair.mean_difference > 0) != lower_is_better else "worse"


def told_pairs(summary: StudySummary, figure: str) -> list[PairedComparison]:
    """Return the pairs of which any case tells something: a model of one lesion has no regions."""
    return [pair for pair in summary.pairs[figure] if pair.n]


def verdict(summary: StudySummary, figure: str, champion: str) -> str:
    """Say which models are better or worse than the champion, or than the first without it."""
    titles = {model.id: model.title for model in summary.models}
    if len(titles) < 2:
        return ""
    base = champion if champion in titles else next(iter(titles))
    lower = PAIR_METRICS[figure]
    stand: dict[VerdictStanding, list[str]] = {"better": [], "worse": [], "same": []}
    for pair in told_pairs(summary, figure):
        if base not in (pair.first, pair.second):
            continue
        how = standing(pair, lower_is_better=lower)
        other = pair.second if pair.first == base else pair.first
        if other == pair.second and how != "same":
            how = "worse" if how == "better" else "better"
        stand[how].append(titles[other])
    than = "the champion" if base == champion else titles[base]
    said = [
        f"{_named(names)} {_verb(names)} {words} {than}."
        for names, words in (
            (stand["better"], "better than"),
            (stand["worse"], "worse than"),
            (stand["same"], "not distinguishable from"),
        )
        if names
    ]
    return " ".join(said)


def method(summary: StudySummary, figure: str) -> str:
    """Say how the intervals and p values were made."""
    tests = len(told_pairs(summary, figure))
    adjusted = f", Holm-adjusted for {tests} tests" if tests > 1 else ""
    return f"Interval: {summary.interval}. p: Wilcoxon signed-rank{adjusted}."


def _named(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _verb(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"

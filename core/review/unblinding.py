"""What a blinded reading showed: preferences, ratings, and the reader's agreement with themself."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import msgspec
import numpy as np

from core.domain.statistics import Description, describe, holm, sign_test
from core.review.blinded import close_study, presentations, read_plan
from core.review.blinded_plan import Answer, Presented
from core.workspace.store import Store

NO_DIFFERENCE = ""
_HIGHEST_RATING = 5


class PairPreference(msgspec.Struct, frozen=True, kw_only=True):
    """Two models over the cases: in how many the one was taken before the other.

    `sign_p` is the two-sided sign test without the ties, `holm_p` that corrected over all pairs.
    """

    first: str
    second: str
    first_wins: int
    ties: int
    second_wins: int
    sign_p: float
    holm_p: float


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Answers to cases shown twice: `n` pairs, how many the `same`, and Cohen's kappa (1960).

    Of ratings, kappa is weighted by the square of the difference (Cohen 1968) and `n` counts each
    rating. None where chance alone would agree always.
    """

    n: int
    same: int
    kappa: float | None


class Unblinded(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a study; `preferences` and `ratings` are by model id."""

    cases: int
    preferences: dict[str, int]
    undecided: int
    pairs: tuple[PairPreference, ...]
    ratings: dict[str, Description]
    agreement: Agreement | None
    seconds: float


def unblind(store: Store, study_id: int) -> Unblinded:
    """Close a study and say what it showed; the same again when it is closed already.

    Raises `DataError` while presentations wait for an answer.
    """
    close_study(store, study_id)
    plan, shown = read_plan(store, study_id), presentations(store, study_id)
    firsts = [each for each in shown if each.repeat_of is None]
    best = Counter(_preferred(each) for each in firsts)
    rate = plan.question == "rate"
    return Unblinded(
        cases=len(firsts),
        preferences={model: best[model] for model in plan.models},
        undecided=best[NO_DIFFERENCE],
        pairs=_pairs(plan.models, firsts),
        ratings={m: describe([_ratings(s)[m] for s in firsts]) for m in plan.models}
        if rate
        else {},
        agreement=_agreement(shown, rate=rate),
        seconds=sum(_given(each).seconds for each in shown),
    )


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Cohen's kappa of two lists of answers to the same questions."""
    names = sorted({*first, *second})
    codes = [[names.index(each) for each in side] for side in (first, second)]
    return _kappa(codes, 1.0 - np.eye(len(names)))


def weighted_kappa(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Return Cohen's kappa of two lists of ratings 1 to 5, weighted by squared difference."""
    steps = np.arange(_HIGHEST_RATING)
    codes = [[rating - 1 for rating in side] for side in (first, second)]
    return _kappa(codes, np.asarray((steps[:, None] - steps) ** 2, np.float64))


def _kappa(
    codes: list[list[int]], weights: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> float | None:
    counts = np.zeros(weights.shape)
    np.add.at(counts, tuple(np.array(side, np.intp) for side in codes), 1.0)
    total = counts.sum()
    if not total:
        return None
    chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    expected = float((weights * chance).sum())
    return 1.0 - float((weights * counts).sum()) / expected if expected else None


def _pairs(models: Sequence[str], firsts: Sequence[Presented]) -> tuple[PairPreference, ...]:
    counted = []
    for one, other in combinations(models, 2):
        signs = [_sign(each, one, other) for each in firsts]
        counted.append((one, other, signs.count(1), signs.count(0), signs.count(-1)))
    raw = [sign_test(wins, losses) for _, _, wins, _, losses in counted]
    return tuple(
        PairPreference(
            first=one,
            second=other,
            first_wins=wins,
            ties=ties,
            second_wins=losses,
            sign_p=p,
            holm_p=corrected,
        )
        for (one, other, wins, ties, losses), p, corrected in zip(
            counted, raw, holm(raw), strict=True
        )
    )


def _sign(shown: Presented, one: str, other: str) -> int:
    """Return 1 when `one` was taken before `other`, -1 the other way round, 0 for neither."""
    ratings = _ratings(shown)
    if ratings:
        return (ratings[one] > ratings[other]) - (ratings[one] < ratings[other])
    best = _preferred(shown)
    return (best == one) - (best == other)


def _preferred(shown: Presented) -> str:
    """Return the model preferred, or the only one rated highest; empty for no difference."""
    ratings = _ratings(shown)
    if ratings:
        highest = [m for m, rating in ratings.items() if rating == max(ratings.values())]
        return highest[0] if len(highest) == 1 else NO_DIFFERENCE
    letter = _given(shown).preferred
    return NO_DIFFERENCE if letter is None else shown.models[_index(letter)]


def _agreement(shown: Sequence[Presented], *, rate: bool) -> Agreement | None:
    by_number = {each.number: each for each in shown}
    pairs = [(by_number[s.repeat_of], s) for s in shown if s.repeat_of is not None]
    if not pairs:
        return None
    if rate:
        rated = [
            (_ratings(one)[model], _ratings(again)[model])
            for one, again in pairs
            for model in one.models
        ]
        first, second = ([pair[side] for pair in rated] for side in (0, 1))
        same = sum(one == again for one, again in rated)
        return Agreement(n=len(rated), same=same, kappa=weighted_kappa(first, second))
    said = [(_preferred(one), _preferred(again)) for one, again in pairs]
    kappa = cohen_kappa([one for one, _ in said], [again for _, again in said])
    return Agreement(n=len(said), same=sum(one == again for one, again in said), kappa=kappa)


def _ratings(shown: Presented) -> dict[str, int]:
    given = _given(shown).ratings
    return {shown.models[_index(letter)]: rating for letter, rating in given.items()}


def _given(shown: Presented) -> Answer:
    return shown.answer or Answer()


def _index(letter: str) -> int:
    return ord(letter) - ord("A")

"""Blinded reading: drawn by seed, names hidden until the end, counts and agreement by hand."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import DataError
from core.review.blinded import (
    answer,
    blinded_studies,
    create_blinded,
    next_presentation,
    presentations,
    presented,
    undo_answer,
)
from core.review.blinded_plan import Answer, StudyPlan
from core.review.unblinding import cohen_kappa, unblind, weighted_kappa
from core.workspace.store import Store

MODELS = ("unet16", "attention", "residual")
CASES = tuple(f"case{n}" for n in range(12))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "workspace.sqlite")
    yield opened
    opened.close()


def favour(store: Store, study: int, model: str) -> None:
    """Answer all presentations for `model`, whatever its letter is."""
    while (shown := next_presentation(store, study)) is not None:
        masks = presented(store, study, shown.number, lambda name: name)
        letter = next(letter for letter, name in masks.items() if name == model)
        answer(store, study, shown.number, Answer(preferred=letter, seconds=2.0))


def test_every_case_once_and_the_repeats_later_under_other_letters(store: Store) -> None:
    plan = StudyPlan(models=MODELS, cases=CASES, repeats=5, seed=4)
    shown = presentations(store, create_blinded(store, plan))
    assert len(shown) == 17
    firsts = [each for each in shown if each.repeat_of is None]
    assert sorted(each.case_id for each in firsts) == sorted(CASES)
    assert [each.case_id for each in firsts] != list(CASES)
    by_number = {each.number: each for each in shown}
    for again in shown:
        if again.repeat_of is not None:
            assert by_number[again.repeat_of].case_id == again.case_id
            assert again.number > again.repeat_of + 1
    assert all(sorted(each.models) == sorted(MODELS) for each in shown)
    assert len({each.models for each in shown}) > 1


def test_the_seed_gives_the_same_study_again(store: Store) -> None:
    plans = [StudyPlan(models=MODELS, cases=CASES, repeats=3, seed=seed) for seed in (1, 1, 2)]
    one, same, other = (presentations(store, create_blinded(store, plan)) for plan in plans)
    assert one == same
    assert one != other


def test_letters_are_drawn_evenly(store: Store) -> None:
    many = tuple(f"c{n}" for n in range(600))
    shown = presentations(
        store, create_blinded(store, StudyPlan(models=MODELS, cases=many, seed=9))
    )
    under_a = Counter(each.models[0] for each in shown)
    assert all(150 < under_a[model] < 250 for model in MODELS)


def test_nothing_the_window_gets_names_a_model(store: Store) -> None:
    study = create_blinded(store, StudyPlan(models=MODELS, cases=CASES, reader="Ann"))
    shown = next_presentation(store, study)
    assert shown is not None
    assert shown.letters == ("A", "B", "C")
    masks = presented(store, study, shown.number, lambda name: np.full(2, MODELS.index(name)))
    said = msgspec.json.encode([shown, *blinded_studies(store)]).decode() + repr(masks)
    assert not any(model in said for model in MODELS)
    assert sorted(int(mask[0]) for mask in masks.values()) == [0, 1, 2]


def test_models_are_loaded_in_one_order_whatever_their_letters(store: Store) -> None:
    study = create_blinded(store, StudyPlan(models=MODELS, cases=CASES))
    calls: list[list[str]] = []
    for number in range(1, 6):
        calls.append([])
        presented(store, study, number, calls[-1].append)
    assert calls == [sorted(MODELS)] * 5


def test_names_stay_hidden_until_all_is_answered_and_then_it_is_closed(store: Store) -> None:
    study = create_blinded(store, StudyPlan(models=MODELS[:2], cases=CASES[:2]))
    with pytest.raises(DataError, match="found 2 without one"):
        unblind(store, study)
    favour(store, study, "unet16")
    assert not blinded_studies(store)[0].unblinded
    result = unblind(store, study)
    assert result == unblind(store, study)
    assert blinded_studies(store)[0].unblinded
    with pytest.raises(DataError, match="unblinded"):
        answer(store, study, 1, Answer(preferred="A"))
    with pytest.raises(DataError, match="unblinded"):
        undo_answer(store, study)


def test_preferences_sign_test_and_full_agreement(store: Store) -> None:
    plan = StudyPlan(models=MODELS, cases=CASES, repeats=4, seed=2)
    study = create_blinded(store, plan)
    favour(store, study, "attention")
    result = unblind(store, study)
    assert result.preferences == {"unet16": 0, "attention": 12, "residual": 0}
    assert (result.cases, result.undecided, result.seconds) == (12, 0, 32.0)
    first = result.pairs[0]
    assert (first.first, first.second, first.first_wins, first.second_wins) == (
        "unet16",
        "attention",
        0,
        12,
    )
    assert first.sign_p == pytest.approx(2 / 2**12)
    assert first.holm_p == pytest.approx(3 * 2 / 2**12)
    assert (result.pairs[1].ties, result.pairs[1].sign_p) == (12, 1.0)
    assert result.agreement is not None
    assert (result.agreement.n, result.agreement.same, result.agreement.kappa) == (4, 4, None)


def test_repeats_do_not_count_twice_and_show_disagreement(store: Store) -> None:
    study = create_blinded(store, StudyPlan(models=("a", "b"), cases=("x", "y"), repeats=2))
    for shown in presentations(store, study):
        wanted = "a" if shown.repeat_of is None else "b"
        letter = "AB"[shown.models.index(wanted)]
        answer(store, study, shown.number, Answer(preferred=letter))
    result = unblind(store, study)
    assert result.preferences == {"a": 2, "b": 0}
    assert result.agreement is not None
    assert (result.agreement.n, result.agreement.same) == (2, 0)
    assert result.agreement.kappa == pytest.approx(0.0)


def test_ratings_and_a_tie(store: Store) -> None:
    plan = StudyPlan(models=("a", "b"), cases=("x", "y", "z"), question="rate", repeats=1)
    study = create_blinded(store, plan)
    rates = {"x": {"a": 5, "b": 3}, "y": {"a": 2, "b": 2}, "z": {"a": 4, "b": 5}}
    for shown in presentations(store, study):
        given_rates = dict(zip("AB", (rates[shown.case_id][m] for m in shown.models), strict=True))
        answer(store, study, shown.number, Answer(ratings=given_rates))
    result = unblind(store, study)
    assert (result.preferences, result.undecided) == ({"a": 1, "b": 1}, 1)
    assert result.ratings["a"].mean == pytest.approx(11 / 3)
    assert (result.pairs[0].first_wins, result.pairs[0].ties, result.pairs[0].second_wins) == (
        1,
        1,
        1,
    )
    assert result.agreement is not None
    assert (result.agreement.n, result.agreement.same) == (2, 2)


def test_the_latest_answer_can_be_taken_back(store: Store) -> None:
    study = create_blinded(store, StudyPlan(models=MODELS, cases=CASES))
    assert undo_answer(store, study) is None
    answer(store, study, 1, Answer(preferred="B"))
    answer(store, study, 2, Answer())
    assert undo_answer(store, study) == 2
    waiting = next_presentation(store, study)
    assert waiting is not None
    assert (waiting.number, blinded_studies(store)[0].done) == (2, 1)


@pytest.mark.parametrize(
    "plan",
    [
        StudyPlan(models=("a",), cases=("x",)),
        StudyPlan(models=("a", "a"), cases=("x",)),
        StudyPlan(models=tuple("abcde"), cases=("x",)),
        StudyPlan(models=("a", "b"), cases=()),
        StudyPlan(models=("a", "b"), cases=("x", "x")),
        StudyPlan(models=("a", "b"), cases=("x",), repeats=2),
    ],
)
def test_plans_that_cannot_be_read_are_refused(store: Store, plan: StudyPlan) -> None:
    with pytest.raises(DataError, match="expected"):
        create_blinded(store, plan)
    assert blinded_studies(store) == []


@pytest.mark.parametrize(
    ("question", "given_answer"),
    [
        ("prefer", Answer(preferred="C")),
        ("prefer", Answer(ratings={"A": 1, "B": 2})),
        ("rate", Answer(preferred="A")),
        ("rate", Answer(ratings={"A": 1})),
        ("rate", Answer(ratings={"A": 1, "B": 6})),
    ],
)
def test_answers_that_do_not_fit_are_refused(
    store: Store, question: str, given_answer: Answer
) -> None:
    plan = StudyPlan(models=("a", "b"), cases=("x",), question=question)  # type: ignore[arg-type]
    study = create_blinded(store, plan)
    with pytest.raises(DataError, match="Answer again"):
        answer(store, study, 1, given_answer)


def test_kappa_of_a_published_table() -> None:
    # Two raters, 50 grants: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no; kappa is 0.4.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(first, second) == pytest.approx(0.4)
    assert cohen_kappa([], []) is None


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=20))
def test_weighted_kappa_is_one_less_the_ratio_of_squared_differences(
    rated: list[tuple[int, int]],
) -> None:
    first, second = np.array(rated).T
    chance = np.mean((first[:, None] - second) ** 2)
    found = weighted_kappa(first.tolist(), second.tolist())
    if chance == 0:
        assert found is None
    else:
        assert found == pytest.approx(1 - np.mean((first - second) ** 2) / chance)

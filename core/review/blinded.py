"""Blinded reading: two to four models under letters, in an order nobody can foresee.

A study is read by one reader. Every case is presented once, some a second time without a word about
it; which model stands under which letter is drawn anew for every presentation. What a window is
given names no model until the study is unblinded, which is possible only when all is answered and
after which nothing can be answered any more.

The unit of the counts is the case: of a case presented twice only the first answer counts, the
second tells how far the reader agrees with themself.
"""

from collections.abc import Callable
from string import ascii_uppercase
from typing import TypeVar

import msgspec

from core.domain.clock import utc_now
from core.domain.errors import DataError
from core.review.blinded_plan import (
    Answer,
    BlindedQuestion,
    Presented,
    StudyPlan,
    check_plan,
    draw_presentations,
)
from core.workspace.store import Store

Loaded = TypeVar("Loaded")


class Presentation(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader is shown: a case and its masks under letters, nothing of whose they are."""

    number: int
    total: int
    case_id: str
    letters: tuple[str, ...]
    question: BlindedQuestion


class StudyState(msgspec.Struct, frozen=True, kw_only=True):
    """A study in the list: how far it is, and of which reader."""

    id: int
    question: BlindedQuestion
    models: int
    done: int
    total: int
    unblinded: bool
    reader: str


def create_blinded(store: Store, plan: StudyPlan) -> int:
    """Draw the order and the letters of a study and keep it; returns its id.

    Raises `DataError` for a plan that cannot be read.
    """
    check_plan(plan)
    shown = draw_presentations(plan)
    with store.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO blinded_studies (plan) VALUES (?)", (msgspec.json.encode(plan).decode(),)
        )
        study_id = int(cursor.lastrowid or 0)
        connection.executemany(
            "INSERT INTO blinded_presentations VALUES (?, ?, ?, ?, ?, NULL)",
            [
                (study_id, each.number, each.case_id, _json(each.models), each.repeat_of)
                for each in shown
            ],
        )
    return study_id


def blinded_studies(store: Store) -> list[StudyState]:
    """Return the studies of a workspace, the newest first."""
    found = store.read_as(
        tuple[int, str, str | None, int, int],
        "SELECT id, plan, unblinded, COUNT(answer), COUNT(*) FROM blinded_studies "
        "JOIN blinded_presentations ON study_id = id GROUP BY id ORDER BY id DESC",
    )
    plans = [store.decoded(plan, StudyPlan) for _, plan, *_ in found]
    return [
        StudyState(
            id=number,
            question=plan.question,
            models=len(plan.models),
            done=done,
            total=total,
            unblinded=unblinded is not None,
            reader=plan.reader,
        )
        for (number, _, unblinded, done, total), plan in zip(found, plans, strict=True)
    ]


def next_presentation(store: Store, study_id: int) -> Presentation | None:
    """Return the first presentation without an answer, None when all are answered."""
    plan, shown = read_plan(store, study_id), presentations(store, study_id)
    waiting = next((each for each in shown if each.answer is None), None)
    if waiting is None:
        return None
    return Presentation(
        number=waiting.number,
        total=len(shown),
        case_id=waiting.case_id,
        letters=_letters(plan),
        question=plan.question,
    )


def presented(
    store: Store, study_id: int, number: int, load: Callable[[str], Loaded]
) -> dict[str, Loaded]:
    """Return by letter what `load` makes of the model under it.

    `load` is called in the order of the ids, so that not even its timing tells the letters.
    """
    models = _presentation(store, study_id, number).models
    loaded = {model: load(model) for model in sorted(models)}
    return {letter: loaded[model] for letter, model in zip(ascii_uppercase, models, strict=False)}


def answer(store: Store, study_id: int, number: int, given: Answer) -> None:
    """Keep the reader's answer, in place of an earlier one.

    Raises `DataError` when the study is unblinded or the answer does not fit the question.
    """
    _require_blinded(store, study_id)
    _presentation(store, study_id, number)
    _check_answer(read_plan(store, study_id), given)
    _put_answer(store, study_id, number, given)


def undo_answer(store: Store, study_id: int) -> int | None:
    """Take the latest answer back; returns the number it was given to, None without answers.

    Raises `DataError` when the study is unblinded.
    """
    _require_blinded(store, study_id)
    answered = [s.number for s in presentations(store, study_id) if s.answer is not None]
    if not answered:
        return None
    _put_answer(store, study_id, answered[-1], None)
    return answered[-1]


def close_study(store: Store, study_id: int) -> None:
    """Mark a study as unblinded; raises `DataError` while presentations wait for an answer."""
    waiting = sum(each.answer is None for each in presentations(store, study_id))
    if waiting:
        raise DataError(
            f"Blinded reading: expected an answer to every case, found {waiting} without one. "
            "Answer them first: names shown early would unblind the rest."
        )
    unblinded_at = utc_now()
    with store.transaction() as connection:
        connection.execute(
            "UPDATE blinded_studies SET unblinded = ? WHERE id = ? AND unblinded IS NULL",
            (unblinded_at, study_id),
        )


def read_plan(store: Store, study_id: int) -> StudyPlan:
    """Return the plan of a study, with its names; raises `DataError` when there is none."""
    rows = store.read("SELECT plan FROM blinded_studies WHERE id = ?", study_id)
    if not rows:
        raise DataError(
            f"Expected a blinded study of number {study_id}, found none. Choose another."
        )
    return store.decoded(rows[0][0], StudyPlan)


def presentations(store: Store, study_id: int) -> list[Presented]:
    """Return all presentations of a study in their order, with the models behind the letters."""
    found = store.read_as(
        tuple[int, str, str, int | None, str | None],
        "SELECT number, case_id, models, repeat_of, answer FROM blinded_presentations "
        "WHERE study_id = ? ORDER BY number",
        study_id,
    )
    return [
        Presented(
            number=number,
            case_id=case_id,
            models=store.decoded(models, tuple[str, ...]),
            repeat_of=repeat_of,
            answer=None if said is None else store.decoded(said, Answer),
        )
        for number, case_id, models, repeat_of, said in found
    ]


def _check_answer(plan: StudyPlan, given: Answer) -> None:
    letters = _letters(plan)
    if plan.question == "prefer":
        fits = (given.preferred is None or given.preferred in letters) and not given.ratings
        wanted = f"one of {', '.join(letters)} or no difference"
    else:
        fits = set(given.ratings) == set(letters) and given.preferred is None
        fits = fits and all(1 <= rating <= 5 for rating in given.ratings.values())
        wanted = f"a rating of 1 to 5 for each of {', '.join(letters)}"
    if not fits:
        raise DataError(f"Blinded reading: expected {wanted}, found another answer. Answer again.")


def _require_blinded(store: Store, study_id: int) -> None:
    rows = store.read("SELECT unblinded FROM blinded_studies WHERE id = ?", study_id)
    if rows and rows[0][0] is not None:
        raise DataError(
            "Blinded reading: expected a study whose names are hidden, found one unblinded. "
            "Its answers stay as they are; start another study."
        )


def _presentation(store: Store, study_id: int, number: int) -> Presented:
    for each in presentations(store, study_id):
        if each.number == number:
            return each
    raise DataError(f"Expected a case of number {number} in this study, found none. Start again.")


def _put_answer(store: Store, study_id: int, number: int, given: Answer | None) -> None:
    with store.transaction() as connection:
        connection.execute(
            "UPDATE blinded_presentations SET answer = ? WHERE study_id = ? AND number = ?",
            (None if given is None else _json(given), study_id, number),
        )


def _letters(plan: StudyPlan) -> tuple[str, ...]:
    return tuple(ascii_uppercase[: len(plan.models)])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()

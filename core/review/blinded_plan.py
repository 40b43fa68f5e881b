"""The plan of a blinded reading, and the order and letters drawn from it."""

import random
from typing import Annotated, Literal

import msgspec

from core.domain.errors import DataError

BlindedQuestion = Literal["prefer", "rate"]

FEWEST, MOST = 2, 4


class StudyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is read: model ids, case ids, what is asked, and how many cases are shown twice."""

    models: tuple[str, ...]
    cases: tuple[str, ...]
    question: BlindedQuestion = "prefer"
    repeats: int = 0
    seed: int = 0
    reader: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The reader's answer: the letter preferred (None for no difference), or 1 to 5 a letter."""

    preferred: str | None = None
    ratings: dict[str, Annotated[int, msgspec.Meta(ge=1, le=5)]] = {}
    seconds: float = 0.0


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """A presentation with what stands behind its letters: for the analysis, not for the window."""

    number: int
    case_id: str
    models: tuple[str, ...]
    repeat_of: int | None
    answer: Answer | None


def check_plan(plan: StudyPlan) -> None:
    """Raise `DataError` for a plan that cannot be read."""
    if not FEWEST <= len(set(plan.models)) == len(plan.models) <= MOST:
        raise DataError(
            f"Blinded reading: expected {FEWEST} to {MOST} different models, "
            f"found {len(plan.models)} ticked. Tick others."
        )
    if not plan.cases or len(set(plan.cases)) != len(plan.cases):
        raise DataError(
            "Blinded reading: expected at least one case and each once, found "
            f"{len(plan.cases)}. Choose others, and ask for repeats instead."
        )
    if not 0 <= plan.repeats <= len(plan.cases):
        raise DataError(
            f"Blinded reading: expected 0 to {len(plan.cases)} cases to be shown twice, "
            f"found {plan.repeats}. Ask for fewer."
        )


def draw_presentations(plan: StudyPlan) -> list[Presented]:
    """Draw by the plan's seed: each case once, some twice with others between, letters anew."""
    draw = random.Random(plan.seed)
    order = list(plan.cases)
    draw.shuffle(order)
    for case in draw.sample(plan.cases, plan.repeats):
        at = order.index(case)
        # Not beside itself, where the reader would know it again at once.
        free = [place for place in range(len(order) + 1) if place < at or place > at + 1]
        order.insert(draw.choice(free or [len(order)]), case)
    first: dict[str, int] = {}
    shown = []
    for number, case in enumerate(order, start=1):
        models = tuple(draw.sample(plan.models, len(plan.models)))
        repeat_of = first.get(case)
        first.setdefault(case, number)
        shown.append(
            Presented(number=number, case_id=case, models=models, repeat_of=repeat_of, answer=None)
        )
    return shown

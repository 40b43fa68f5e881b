"""What the jobs drawer, the train dialog and their curves show, as data."""

from dataclasses import dataclass
from typing import Literal

CurvePoints = tuple[tuple[float, float], ...]
Tone = Literal["", "better", "worse", "pending"]
JobAct = Literal["pause", "stop", "resume", "gate", "table"]


@dataclass(frozen=True)
class CurveLine:
    """One line of a plot; `role` names a token of the theme, `dots` marks its last point."""

    name: str
    points: CurvePoints
    role: Literal["acc", "t2", "t4"] = "acc"
    dots: bool = True


@dataclass(frozen=True)
class Curve:
    """A plot of lines over the steps of a training.

    `value` is written at its title, `last_x` the end of the budget in steps where that is known,
    `x_text` what the axis ends with.
    """

    title: str
    lines: tuple[CurveLine, ...] = ()
    value: str = ""
    last_x: float | None = None
    x_text: str = ""
    empty: str = "No figures yet"


@dataclass(frozen=True)
class VerdictRow:
    """A row about candidate and champion; the glyph repeats what the colour says."""

    title: str
    value: str
    tone: Tone = ""


@dataclass(frozen=True)
class JobAction:
    """A button of a job; not enabled while what it asked for is under way."""

    act: JobAct
    text: str
    icon: str
    enabled: bool = True
    tip: str = ""


@dataclass(frozen=True)
class JobView:
    """One job as it is shown; `at` and `left` say how far it is, `trouble` why it stands still.

    A gate learns nothing: it has no curves. Several trainings have one of their scores.
    """

    id: str
    name: str
    title: str
    detail: str = ""
    at: str = ""
    left: str = ""
    trouble: str = ""
    fraction: float = 0.0
    bar: Literal["", "paused", "failed"] = ""
    actions: tuple[JobAction, ...] = ()
    loss: Curve | None = None
    dsc: Curve | None = None
    verdicts: tuple[VerdictRow, ...] = ()
    verdict_note: str = ""
    verdict_title: str = "Candidate vs champion"


@dataclass(frozen=True)
class JobsView:
    """All jobs, newest first as (id, text), and the one that is shown in full."""

    counts: str = ""
    jobs: tuple[tuple[str, str], ...] = ()
    shown: JobView | None = None

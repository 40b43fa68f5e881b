"""What the process of a job tells of itself: events, a line of JSON each."""

from typing import Literal, TypeAlias, get_args

import msgspec

from core.io.json_file import decode_json

JobState: TypeAlias = Literal["new", "running", "paused", "interrupted", "done", "failed"]

Stage: TypeAlias = Literal[
    "queued", "reading", "timing", "learning", "scoring", "comparing", "writing"
]
"""What a job is at: its turn at the device, then one of these."""


class Started(msgspec.Struct, frozen=True, tag="started"):
    """A process took the job up, for the first time or again; `pid` is the process."""

    time: float
    pid: int
    resumed: bool


class Progressed(msgspec.Struct, frozen=True, tag="progress", kw_only=True):
    """How far the job is, 0 to 1; `seconds_left` None while nobody can tell.

    `about` is what it is at: a device when queued, else a case, a model or how far either is.
    `step` and `images_a_second` are told while it learns.
    """

    time: float
    fraction: float
    stage: Stage
    about: str = ""
    seconds_left: float | None = None
    step: int = 0
    images_a_second: float = 0.0


class Measured(msgspec.Struct, frozen=True, tag="metric"):
    """Figures by name at a step, for the curves."""

    time: float
    step: int
    values: dict[str, float]


class Pictured(msgspec.Struct, frozen=True, tag="pictures"):
    """Pictures of the cases that choose the weights, by name the file in the job's folder."""

    time: float
    step: int
    files: dict[str, str]


class Logged(msgspec.Struct, frozen=True, tag="log"):
    """A sentence for the reader."""

    time: float
    text: str


class Paused(msgspec.Struct, frozen=True, tag="paused"):
    """The job ended on request and can go on from its checkpoint."""

    time: float
    step: int


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The job ended well; `result` is what it made, as the id of a model."""

    time: float
    result: str
    values: dict[str, float] = {}


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The job cannot go on; `reason` is a whole sentence."""

    time: float
    reason: str


StepCurve: TypeAlias = list[tuple[int, float]]
"""Points (step, value) of a figure, in order of their steps."""

Event: TypeAlias = Started | Progressed | Measured | Pictured | Logged | Paused | Done | Failed


def state_after(state: JobState, event: Event) -> JobState:
    """Return how a job stands once it has told `event`."""
    match event:
        case Started():
            return "running"
        case Paused():
            return "paused"
        case Done():
            return "done"
        case Failed():
            return "failed"
    return state


def add_points(curves: dict[str, StepCurve], event: Measured) -> None:
    """Add to each figure's curve what `event` tells.

    What a run that broke off had told after its last checkpoint is told anew, and goes.
    """
    for name, value in event.values.items():
        curve = curves.setdefault(name, [])
        while curve and curve[-1][0] >= event.step:
            curve.pop()
        curve.append((event.step, value))


def decode_event(line: bytes) -> Event | None:
    """Return the event of a line, None for a line that a crash has cut short."""
    try:
        event: Event = decode_json(line, Event)  # type: ignore[arg-type]
        return event
    except msgspec.DecodeError:
        return _old_progress(line)


class _OldProgressed(msgspec.Struct, frozen=True, tag="progress"):
    """How far a job of version 0.1 was: its stage stood in its message alone."""

    time: float
    fraction: float
    message: str
    seconds_left: float | None = None


def _old_progress(line: bytes) -> Progressed | None:
    try:
        old = decode_json(line, _OldProgressed)
    except msgspec.DecodeError:
        return None
    first, _, rest = old.message.partition(" ")
    named = {"waiting": "queued", "step": "learning"}.get(first, first)
    stages: tuple[Stage, ...] = get_args(Stage)
    stage: Stage = next((each for each in stages if each == named), "comparing")
    about = old.message if stage == "comparing" else rest.rpartition(" ")[2]
    return Progressed(
        time=old.time,
        fraction=old.fraction,
        stage=stage,
        about=about if stage in ("queued", "reading", "scoring", "comparing") else "",
        seconds_left=old.seconds_left,
    )


def progress_text(event: Progressed) -> str:
    """Return what a job is doing, in a few words for readers."""
    match event.stage:
        case "queued":
            return f"waiting for another job on {event.about}"
        case "timing":
            return "timing steps"
        case "learning":
            return f"step {event.step}, {event.images_a_second:.1f} images a second"
        case "writing":
            return "writing figures and report"
        case "comparing":
            return event.about or "comparing"
    return f"{event.stage} {event.about}".rstrip()

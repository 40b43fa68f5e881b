"""What the window knows of a job: its events boiled down to what is shown."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from core.io.json_file import decode_json
from core.jobs.job_events import (
    Done,
    Event,
    Failed,
    JobState,
    Logged,
    Measured,
    Paused,
    Pictured,
    Progressed,
    Started,
    StepCurve,
    add_points,
    state_after,
)
from core.jobs.job_folder import JOB_FILE, JobFolder, JobRequest
from core.jobs.job_start import JobProgram
from core.models.gate import GateReport, read_gate
from core.studies.unit_table import UnitTable, read_unit_table

AskedOfJob: TypeAlias = JobRequest | Literal["start"]
JobKind: TypeAlias = Literal["train", "gate", "folds", "search"]
"""One training, a gate, or several trainings: the folds of a dataset, the trials of a search."""
Points: TypeAlias = tuple[tuple[int, float], ...]

_UNHEARD_SECONDS = 60.0
"""A job that was never taken up counts as broken off after this."""


class JobHead(msgspec.Struct, frozen=True):
    """What `job.json` says, of whichever kind the job is."""

    title: str = ""
    model_id: str = ""
    architecture: str = ""
    loss: str = ""
    learning_rate: float = 0.0
    batch_size: int = 0
    epochs: int | None = None
    max_steps: int | None = None
    minutes: float | None = None
    parent: str = ""
    cases: tuple[str, ...] = ()
    device: str = "auto"
    champion: str = ""
    candidate: str = ""
    folds: int = 0
    repeats: int = 1
    tried: dict[str, tuple[object, ...]] = {}
    train: "JobHead | None" = None
    task: str = "segment"
    starts: str = ""

    @property
    def is_guide(self) -> bool:
        """True where what answers guided clicks is taught, or judged."""
        return self.task == "guide" or (bool(self.candidate) and bool(self.starts))

    @property
    def kind(self) -> JobKind:
        """Whether a model is trained, several are, or two are compared."""
        if self.candidate:
            return "gate"
        return "folds" if self.folds else "search" if self.tried else "train"

    @property
    def program(self) -> JobProgram:
        """What runs the job."""
        match self.kind:
            case "gate":
                return "guide_gate" if self.is_guide else "gate"
            case "train":
                return "train"
        return "units"


@dataclass(frozen=True, eq=False)
class JobRecord:
    """A job as it stands; `starts` counts how often a process took it up.

    `step` is the last one heard of; `curves` are points of (step, value) by the name of a figure.
    `requested` is what the job was asked for and has not answered yet. `progress` is what it told
    of its way last; `seconds_left` is None once it stands still. `table` is what the trainings of a
    job of several found, once all are done.
    """

    folder: JobFolder
    head: JobHead
    state: JobState = "new"
    starts: int = 0
    requested: AskedOfJob | None = None
    progress: Progressed | None = None
    fraction: float = 0.0
    seconds_left: float | None = None
    step: int = 0
    curves: dict[str, Points] = field(default_factory=dict)
    result: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    failure: str = ""
    report: GateReport | None = None
    table: UnitTable | None = None

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.folder.path.name

    @property
    def number(self) -> int:
        """The number readers call it by; 0 for a folder the window did not name."""
        digits = self.id.partition("-")[0]
        return int(digits) if digits.isdecimal() else 0

    @property
    def name(self) -> str:
        """What readers call it."""
        return f"Job {self.number}" if self.number else self.id

    @property
    def waiting(self) -> bool:
        """True while it runs and another job has its turn at the device."""
        now = self.progress
        return self.state == "running" and now is not None and now.stage == "queued"

    @property
    def active(self) -> bool:
        """True while a process is at work on it, or about to be."""
        return self.state in ("new", "running")


class JobTail:
    """Reads one job on from where it was read last; for one thread at a time."""

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder
        self._offset = 0
        self._record = JobRecord(folder, _read_head(folder.path))
        self._points: dict[str, StepCurve] = {}

    def read(self) -> JobRecord:
        """Return the job as it stands now."""
        events, self._offset = self._folder.events(self._offset)
        for event in events:
            self._take(event)
        if any(isinstance(event, Measured) for event in events):
            curves = {name: tuple(points) for name, points in self._points.items()}
            self._record = replace(self._record, curves=curves)
        if self._record.state == "done":
            self._read_outcome()
        return self._standing(self._record)

    def _take(self, event: Event) -> None:
        record = self._record
        if isinstance(event, Started):
            self._record = replace(
                record, state="running", starts=record.starts + 1, progress=None, failure=""
            )
        elif isinstance(event, Progressed):
            self._record = replace(
                record,
                progress=event,
                fraction=event.fraction,
                seconds_left=event.seconds_left,
            )
        elif isinstance(event, Measured):
            self._measure(event)
        elif not isinstance(event, Logged | Pictured):
            self._end(event)

    def _measure(self, event: Measured) -> None:
        add_points(self._points, event)
        self._record = replace(self._record, step=event.step)

    def _end(self, event: Paused | Done | Failed) -> None:
        ended = replace(
            self._record, state=state_after(self._record.state, event), seconds_left=None
        )
        if isinstance(event, Done):
            ended = replace(ended, fraction=1.0, result=event.result, metrics=event.values)
        elif isinstance(event, Failed):
            ended = replace(ended, failure=event.reason)
        self._record = ended

    def _standing(self, record: JobRecord) -> JobRecord:
        """Add what the folder alone tells: whether the process lives, and what was asked."""
        if record.state == "running" and not self._folder.is_alive():
            return replace(record, state="interrupted", seconds_left=None)
        if record.state == "new" and self._age() > _UNHEARD_SECONDS:
            said = _last_line(self._folder.log_path)
            return replace(record, state="interrupted", failure=said)
        if record.state == "running":
            return replace(record, requested=self._folder.requested())
        return record

    def _age(self) -> float:
        try:
            return time.time() - (self._folder.path / JOB_FILE).stat().st_mtime
        except OSError:
            return 0.0

    def _read_outcome(self) -> None:
        record, path = self._record, self._folder.path
        if record.head.kind == "gate" and record.report is None:
            self._record = replace(record, report=read_gate(path))
        elif record.head.kind in ("folds", "search") and record.table is None:
            self._record = replace(record, table=read_unit_table(path))


def _read_head(folder: Path) -> JobHead:
    try:
        return decode_json((folder / JOB_FILE).read_bytes(), JobHead)
    except (OSError, msgspec.DecodeError):
        return JobHead(title=folder.name)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "Its process ended before it had begun."

"""A job: a long run in a process of its own, described by a folder that anyone may look at.

The window writes `job.json` and starts the process; the process appends events to `events.jsonl`,
touches its heartbeat and reads requests. Neither needs the other alive: the folder is all there is.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, TypeAlias, TypeVar

import msgspec

from core.domain.errors import AppError, WorkspaceError, reason
from core.io.atomic import write_bytes
from core.io.json_file import decode_json, write_json
from core.jobs.heartbeat import sign, signer_is_gone
from core.jobs.job_events import (
    Done,
    Event,
    JobState,
    Logged,
    Measured,
    Paused,
    Pictured,
    Progressed,
    Stage,
    Started,
    StepCurve,
    add_points,
    decode_event,
    state_after,
)

JOB_FILE = "job.json"
EVENTS_FILE = "events.jsonl"
CHECKPOINT_FILE = "checkpoint.pt"
REQUEST_FILE = "request"
HEARTBEAT_FILE = "heartbeat"
LOG_FILE = "log.txt"
Spec = TypeVar("Spec", bound=msgspec.Struct)
TENSORBOARD_FOLDER = "tensorboard"
PICTURES_FOLDER = "pictures"

ALIVE_SECONDS = 30.0
"""A job whose heartbeat is older than this counts as ended by something else."""

BEAT_SECONDS = 2.0
_LOOK_SECONDS = 0.1

JobRequest: TypeAlias = Literal["pause", "stop"]
"""`pause`: save and end, to go on later. `stop`: end now with the best there is."""

_NICE = 10


Echo: TypeAlias = Callable[[Event], None]
"""Hears what a job tells of itself."""


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        """Where the job saves what it needs to go on."""
        return self.path / CHECKPOINT_FILE

    @property
    def log_path(self) -> Path:
        """What the job's process wrote to its terminal, and how it broke off if it did."""
        return self.path / LOG_FILE

    def request(self, wanted: JobRequest) -> None:
        """Ask the job to pause or to stop; it answers after the step in hand."""
        write_bytes(self.path / REQUEST_FILE, wanted.encode())

    def requested(self) -> JobRequest | None:
        """Return what was asked of the job, None when nothing was."""
        try:
            text = (self.path / REQUEST_FILE).read_bytes()
        except OSError:
            return None
        return "pause" if text == b"pause" else "stop" if text == b"stop" else None

    def clear_request(self) -> None:
        """Forget a request that was met."""
        (self.path / REQUEST_FILE).unlink(missing_ok=True)

    def take_up(self, *, wait_s: float = 0.0) -> None:
        """Forget what was asked of a process that is gone, for another is to go on.

        Raises `WorkspaceError` as `require_idle`; what was asked of a process at work stays.
        """
        self.require_idle(wait_s=wait_s)
        self.clear_request()

    def require_idle(self, *, wait_s: float = 0.0) -> None:
        """Raise `WorkspaceError` while a process is at work on the job: two would write one folder.

        It has `wait_s` to end. A process that was lost with its machine, which nobody can ask, is
        gone after `ALIVE_SECONDS`.
        """
        end = time.monotonic() + wait_s
        while self.is_alive():
            if time.monotonic() >= end:
                raise WorkspaceError(
                    f"{self.path}: expected a job that no process is at work on, found one that "
                    f"has shown itself within {ALIVE_SECONDS:.0f} seconds. Pause it, or wait until "
                    "it ends."
                )
            time.sleep(_LOOK_SECONDS)

    def events(self, offset: int = 0) -> tuple[list[Event], int]:
        """Return the events after a byte offset, and the offset to go on from.

        A line still being written is left for the next call; one that a crash has cut short is
        passed over.
        """
        try:
            with (self.path / EVENTS_FILE).open("rb") as file:
                file.seek(offset)
                content = file.read()
        except OSError:
            return [], offset
        whole = content[: content.rfind(b"\n") + 1]
        found = map(decode_event, whole.splitlines())
        return [event for event in found if event is not None], offset + len(whole)

    def curves(self) -> dict[str, StepCurve]:
        """Return the points (step, value) of every figure that was told, by its name."""
        curves: dict[str, StepCurve] = {}
        for event in self.events()[0]:
            if isinstance(event, Measured):
                add_points(curves, event)
        return curves

    def result(self) -> str:
        """Return what the job made, as the id of a model; empty before it is done."""
        done = [event.result for event in self.events()[0] if isinstance(event, Done)]
        return done[-1] if done else ""

    def state(self) -> JobState:
        """Return how the job stands; `interrupted` when its process is gone without a word."""
        state: JobState = "new"
        for event in self.events()[0]:
            state = state_after(state, event)
        return "interrupted" if state == "running" and not self.is_alive() else state

    def is_alive(self) -> bool:
        """Whether a process is at work on the job, by its heartbeat and who signed it."""
        path = self.path / HEARTBEAT_FILE
        try:
            age = time.time() - path.stat().st_mtime
        except OSError:
            return False
        return age < ALIVE_SECONDS and not signer_is_gone(path)


def list_jobs(folder: Path) -> list[JobFolder]:
    """Return the jobs in a folder, in order of their names; none where there is no folder."""
    return [JobFolder(path.parent) for path in sorted(folder.glob(f"*/{JOB_FILE}"))]


def next_job_path(folder: Path, kind: str) -> Path:
    """Return a folder no job has, named so that the newest sorts last.

    Raises `WorkspaceError` for a folder that cannot be read.
    """
    try:
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    except OSError as error:
        raise WorkspaceError(
            f"{folder}: expected a folder that can be read, found: {reason(error)}. Check it."
        ) from error
    numbers = [int(digits) for name in names if (digits := name.partition("-")[0]).isdecimal()]
    return folder / f"{max(numbers, default=0) + 1:04}-{kind}"


def read_spec(
    folder: Path, kind: type[Spec], error: type[AppError], *, of: str, content: str
) -> Spec:
    """Return the spec in a job folder; raises `error`, which names what was expected.

    `of` says whose file it is, `content` what stands in it, as in "the file of a training".
    """
    path = folder / JOB_FILE
    try:
        return decode_json(path.read_bytes(), kind)
    except OSError as fault:
        raise error(
            f"{path}: expected the file of {of}, found: {reason(fault)}. Check the folder."
        ) from fault
    except msgspec.DecodeError as fault:
        raise error(f"{path}: expected {content}, found: {fault}. Start a new one.") from fault


def create_job(
    path: Path, spec: msgspec.Struct, *, beside: Mapping[str, bytes] | None = None
) -> JobFolder:
    """Make a job folder that holds `spec`; raises `WorkspaceError` when something lies there.

    `beside` are further files by name; `job.json`, by which a job is listed, is written last.
    """
    require_unoccupied(path)
    for name, content in (beside or {}).items():
        write_bytes(path / name, content)
    write_json(path / JOB_FILE, spec)
    return JobFolder(path)


def require_unoccupied(path: Path) -> None:
    """Raise `WorkspaceError` for a path at which something lies that is no empty folder."""
    try:
        occupied = path.exists() and any(path.iterdir())
    except OSError as error:
        raise WorkspaceError(
            f"{path}: expected a folder to write into, found: {reason(error)}. Choose another."
        ) from error
    if occupied:
        raise WorkspaceError(
            f"{path}: expected an empty or a new folder, found files in it. Choose another, or go "
            "on with the training in it (--resume)."
        )


@dataclass
class JobWriter:
    """The job's own side of its folder; a full disk costs events, not the job.

    `echo` gets every event too, for a terminal.
    """

    folder: JobFolder
    echo: Echo | None = None
    _file: IO[bytes] | None = field(default=None, init=False)
    _beat: float = field(default=0.0, init=False)

    def start(self, *, resumed: bool) -> None:
        """Open the events; a line that a crash cut short is ended first."""
        path = self.folder.path / EVENTS_FILE
        try:
            self._file = path.open("ab")
            if self._file.tell() and not _ends_line(path):
                self._append(b"\n")
        except OSError as error:
            raise WorkspaceError(
                f"{path}: could not be written ({reason(error)}). Choose another folder."
            ) from error
        sign(self.folder.path / HEARTBEAT_FILE)
        self.beat(now=True)
        self.write(Started(time.time(), os.getpid(), resumed))

    def write(self, event: Event) -> None:
        """Append an event; each is one line, and out of the process before this returns."""
        self._append(msgspec.json.encode(event) + b"\n")
        if self.echo is not None:
            self.echo(event)

    def progress(self, fraction: float, stage: Stage, about: str = "") -> None:
        """Say how far the job is."""
        self.write(Progressed(time=time.time(), fraction=fraction, stage=stage, about=about))

    def metric(self, step: int, values: dict[str, float]) -> None:
        """Add points to the curves."""
        self.write(Measured(time.time(), step, values))

    def pictures(self, step: int, pictures: Mapping[str, bytes]) -> None:
        """Write PNG files by name into the folder, the last of each name, and tell of them."""
        numbered = enumerate(pictures, start=1)  # a case may be called what no file can
        files = {name: f"{PICTURES_FOLDER}/{number}.png" for number, name in numbered}
        for name, file in files.items():
            write_bytes(self.folder.path / file, pictures[name])
        self.write(Pictured(time.time(), step, files))

    def pause(self, step: int = 0) -> None:
        """Say that the job ends on request, which is met with that."""
        self.write(Paused(time.time(), step))
        self.folder.clear_request()

    def done(self, result: str, values: dict[str, float]) -> None:
        """Say that the job ended well, and what it made."""
        self.write(Done(time.time(), result, values))

    def log(self, text: str) -> None:
        """Say a sentence."""
        self.write(Logged(time.time(), text))

    def beat(self, *, now: bool = False) -> None:
        """Show that the process lives; cheap enough for every step."""
        if not now and time.monotonic() - self._beat < BEAT_SECONDS:
            return
        self._beat = time.monotonic()
        try:
            (self.folder.path / HEARTBEAT_FILE).touch()
        except OSError:
            return

    def close(self) -> None:
        """Close the events and take the heartbeat away."""
        if self._file is not None:
            with suppress(OSError):  # what a full disk did not take is tried once more
                self._file.close()
            self._file = None
        (self.folder.path / HEARTBEAT_FILE).unlink(missing_ok=True)

    def _append(self, line: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(line)
            self._file.flush()
        except OSError:
            return


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def go_behind() -> None:
    """Let this process give way to the window, and to the models that the window runs.

    For the whole process of a job, where processes have a priority.
    """
    if hasattr(os, "nice"):
        os.nice(_NICE)


def folder_parser(description: str) -> argparse.ArgumentParser:
    """Return the parser of a job's process, whose `folder` is the job's."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path)
    return parser


def status_of(work: Callable[[], object]) -> int:
    """Do the work of a process; return its exit status, 1 for an `AppError`, which is said."""
    try:
        work()
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0

"""What every training runs in: its turn at the device, and the job that is told how it goes."""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TypeVar

import torch

from core.domain.progress import Progress
from core.inference.torch_device import limit_threads
from core.jobs.device_queue import device_turn
from core.jobs.job_events import Event, Stage
from core.jobs.job_failures import told_failures
from core.jobs.job_folder import Echo, JobFolder, JobWriter
from core.models.model_folder import check_id, require_free
from core.models.train_spec import TrainSpec
from core.workspace.reservation import reserved
from core.workspace.settings import home
from training.learning.errors import TrainingError
from training.learning.parallel import ProcessGroup, joined_group
from training.run.checkpoint import Position
from training.run.loggers import Loggers
from training.run.loop import Loop, PauseRequested

DATA_FOLDER = "data"
_MODELS_FOLDER = "models"
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_PAD_BYTES = 256 << 20

Outcome = TypeVar("Outcome")


def in_job(
    job: JobFolder,
    work: Callable[[JobWriter, ProcessGroup], Outcome | None],
    *,
    resume: bool,
    echo: Echo | None,
    spec: TrainSpec | None = None,
) -> Outcome | None:
    """Return what `work` makes, its beginning and failures told in the job; None when paused.

    The loggers of a training's `spec` hear it too. While another process is at work on the job it
    raises `WorkspaceError`, and tells the job nothing.
    """
    with joined_group() as group, closing(Loggers()) as loggers:
        writer = JobWriter(job)
        if group.leads:
            job.require_idle()  # before the first file of its folder is opened
            writer.echo = lambda event: _heard(event, writer, loggers, echo)
            writer.start(resumed=resume)
        try:
            with told_failures(writer), suppress(PauseRequested):
                if group.leads:
                    loggers.open(job.path, spec)
                return work(writer, group)
            return None
        finally:
            if group.leads:
                writer.close()


def _heard(event: Event, writer: JobWriter, loggers: Loggers, echo: Echo | None) -> None:
    """Have an event of the leader heard by what listens besides the job folder."""
    left_out = loggers.show(event)
    if echo is not None:
        echo(event)
    for sentence in left_out:
        writer.log(sentence)


def run_loop(loop: Loop, writer: JobWriter) -> Position:
    """Train to the end of the loop; a pause is told in the job and goes on up."""
    try:
        return loop.run()
    except PauseRequested:
        if loop.learner.group.leads:
            writer.pause(loop.position.step)
        raise


def models_folder(spec: TrainSpec, job: JobFolder) -> Path:
    """Return the folder the candidate goes to: the spec's, or one in the job folder."""
    return Path(spec.models) if spec.models else job.path / _MODELS_FOLDER


@contextmanager
def reserved_models(spec: TrainSpec, job: JobFolder, group: ProcessGroup) -> Iterator[Path]:
    """Yield the folder the candidate goes to, its id there held for this training alone.

    Refuses at once what would only fail after hours: raises `TrainingError` without a budget,
    `ModelError` for an id that is taken or that another training holds.
    """
    root = models_folder(spec, job)
    _check(spec, root)
    with reserved(root, spec.model_id) if group.leads else nullcontext():
        yield root


def _check(spec: TrainSpec, root: Path) -> None:
    if not spec.has_budget:
        raise TrainingError(
            "Expected a budget, found none. Give --epochs, --max-steps or --minutes."
        )
    check_id(spec.model_id)
    require_free(root / spec.model_id)


@contextmanager
def turn(device: str, writer: JobWriter, group: ProcessGroup) -> Iterator[None]:
    """Wait until no other job is at work on the device; the leader waits for all processes."""
    if not group.leads:
        yield
        return
    told: list[bool] = []

    def waiting() -> None:
        writer.beat()
        if not told:
            told.append(True)
            writer.progress(0.0, "queued", device)
        wanted = writer.folder.requested()
        # One that has learnt ends by publishing its weights, which needs the device.
        if wanted == "pause" or (wanted == "stop" and not writer.folder.checkpoint.exists()):
            writer.pause()
            raise PauseRequested

    with device_turn(home(), device, waiting):
        yield


def limit_job_threads(spec: TrainSpec) -> None:
    """Leave the window one core, where there is more than one."""
    if spec.threads:
        limit_threads(spec.threads)
        return
    limit_threads()
    limit_threads(max(1, torch.get_num_threads() - 1))


def job_progress(writer: JobWriter, fraction: float, stage: Stage) -> Progress:
    """Return a hook that shows the process lives and tells what it is doing."""

    def report(_: float, message: str) -> None:
        writer.beat()
        writer.progress(fraction, stage, message)

    return report


def keep_memory() -> None:
    """Keep freed memory for the next step, where the C library is glibc; elsewhere do nothing.

    A step frees and takes back gigabytes. By default glibc returns each large block to the system,
    which then zeroes it page by page again: a quarter to a third of a step on the CPU.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return
    mallopt(_MMAP_MAX, 0)
    mallopt(_TRIM_THRESHOLD, -1)
    mallopt(_TOP_PAD, _PAD_BYTES)

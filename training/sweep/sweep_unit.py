"""One trial of a search as a unit, up to a share of its budget."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.jobs.job_folder import ALIVE_SECONDS
from core.models.train_spec import TrainSpec
from core.workspace.splits import SplitFile
from training.learning.errors import TrainingError
from training.run.checkpoint import load_checkpoint
from training.run.processes import finished_model
from training.taken_job import taken_job
from training.train import read_job, run


@dataclass(frozen=True)
class TrialTask:
    """What a trial learns and up to which share of its budget; `folder` is the job's."""

    trial: int
    spec: TrainSpec
    split: SplitFile
    folder: str
    until: float = 1.0
    queued: bool = True


class TrialFound(msgspec.Struct, frozen=True, kw_only=True):
    """The best DSC of the selection cases so far, and the step it was reached at."""

    trial: int
    best: float
    best_step: int
    steps: int


def do_trial(task: TrialTask) -> bytes:
    """Train a trial up to its share, or go on with it, and return `TrialFound` as JSON.

    Raises `AppError` when it cannot be trained.
    """
    job = taken_job(Path(task.folder), task.spec, task.split)
    spec = read_job(job.path)
    if finished_model(job.path, spec) is None:
        job.take_up(wait_s=ALIVE_SECONDS)  # its process may be lost with its machine
        model = run(spec, job, resume=True, queued=task.queued, until=task.until)
        if model is None and task.until >= 1:
            raise TrainingError(f"{job.path.name}: paused. Give the same command again to go on.")
    at, _ = load_checkpoint(job.checkpoint)
    found = TrialFound(trial=task.trial, best=at.best, best_step=at.best_step, steps=at.step)
    return msgspec.json.encode(found)

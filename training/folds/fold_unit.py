"""One fold as a unit: its training, and what its model says of the cases it never saw."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.jobs.job_folder import ALIVE_SECONDS
from core.models.train_spec import TrainSpec
from core.studies.scores.case_score import EvaluationRow
from core.workspace.splits import SplitFile
from training.folds.fold_scores import unseen_rows
from training.learning.errors import TrainingError
from training.run.processes import finished_model, train_together
from training.taken_job import taken_job
from training.train import read_job, run


@dataclass(frozen=True)
class FoldTask:
    """What a fold is made of: `spec` learns from `split.train`, its model judges `split.val`.

    `folder` is the job's, `masks` where the masks of the judged cases go. `queued` waits its turn
    at the device; where a runner deals them out there are no turns. `processes` train it together.
    """

    repeat: int
    fold: int
    spec: TrainSpec
    split: SplitFile
    folder: str
    masks: str
    queued: bool = True
    processes: int = 1


class FoldFound(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the cases of one fold by the model `model` that never saw them."""

    repeat: int
    fold: int
    model: str
    learnt: int
    rows: tuple[EvaluationRow, ...]


def do_fold(task: FoldTask) -> bytes:
    """Train a fold, or go on with it, and return `FoldFound` as JSON.

    Raises `AppError` when it cannot be trained or one of its cases not be scored.
    """
    job = taken_job(Path(task.folder), task.spec, task.split)
    spec = read_job(job.path)
    model = finished_model(job.path, spec)
    if model is None:
        job.take_up(wait_s=ALIVE_SECONDS)  # its process may be lost with its machine
        if task.processes > 1:
            model = train_together(job, spec, task.processes, resume=True)
        else:
            model = run(spec, job, resume=True, queued=task.queued)
    if model is None:
        raise TrainingError(f"{job.path.name}: paused. Give the same command again to go on.")
    rows = unseen_rows(model, task.spec, task.split.val, Path(task.masks))
    found = FoldFound(
        repeat=task.repeat,
        fold=task.fold,
        model=model.spec.id,
        learnt=len(task.split.train),
        rows=tuple(rows),
    )
    return msgspec.json.encode(found)

"""One fold as a unit: its training, and what its model says of the cases it never saw."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.domain.errors import AppError
from core.jobs.job_folder import JOB_FILE, JobFolder
from core.jobs.training_job import make_job
from core.models.registry import SPEC_FILE, Model, read_model
from core.models.train_spec import TrainSpec
from core.studies.case_score import EvaluationRow
from core.workspace.splits import SplitFile
from training.errors import TrainingError
from training.fold_scores import unseen_rows
from training.publish import CANDIDATE_FOLDER
from training.train import read_job, run


@dataclass(frozen=True)
class FoldTask:
    """What a fold is made of: `spec` learns from `split.train`, its model judges `split.val`.

    `folder` is the job's, `masks` where the masks of the judged cases go. `queued` waits its turn
    at the device; where a runner deals them out there are no turns.
    """

    repeat: int
    fold: int
    spec: TrainSpec
    split: SplitFile
    folder: str
    masks: str
    queued: bool = True


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
    job = JobFolder(Path(task.folder))
    if not (job.path / JOB_FILE).exists():
        make_job(job.path, task.spec, task.split)
    spec = read_job(job.path)
    model = finished_model(job.path, spec)
    if model is None:
        job.clear_request()
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


def finished_model(folder: Path, spec: TrainSpec) -> Model | None:
    """Return what the training in a job folder has published, None where it has not yet.

    The candidate in the folder is the same to the byte: nobody else's model of that id is taken.
    """
    place = Path(spec.models) / spec.model_id
    try:
        candidate = (folder / CANDIDATE_FOLDER / SPEC_FILE).read_bytes()
        return read_model(place) if (place / SPEC_FILE).read_bytes() == candidate else None
    except (OSError, AppError):
        return None

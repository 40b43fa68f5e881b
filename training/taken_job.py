"""The job folder of a unit that trains: made, or taken up where it is one of this very training."""

from pathlib import Path

import msgspec

from core.jobs.job_folder import JOB_FILE, JobFolder
from core.jobs.training_job import SPLIT_FILE, make_job
from core.models.train_spec import TrainSpec
from core.workspace.splits import SplitFile, read_split
from training.learning.errors import TrainingError
from training.train import read_job


def taken_job(folder: Path, spec: TrainSpec, split: SplitFile) -> JobFolder:
    """Return the job folder of a training that learns from `split`, made where there is none.

    Raises `TrainingError` for one of other settings or cases: its model would be taken for the
    model of these.
    """
    if not (folder / JOB_FILE).exists():
        make_job(folder, spec, split)
    job = JobFolder(folder)
    there, judged = read_job(folder), read_split(folder / SPLIT_FILE)
    same = there.portable() == _stored(spec) and judged == split
    if not same:
        raise TrainingError(
            f"{folder}: expected the training of these settings and cases, found that of others. "
            "Choose another --out, or take the folder away."
        )
    return job


def _stored(spec: TrainSpec) -> TrainSpec:
    """Return settings as a job folder has them: the split is its own copy."""
    return msgspec.structs.replace(spec, split=SPLIT_FILE).portable()

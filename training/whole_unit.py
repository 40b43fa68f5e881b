"""A whole training as a unit: in a job folder that the machine which does it sees."""

from dataclasses import dataclass
from pathlib import Path

from core.jobs.job_folder import ALIVE_SECONDS, JobFolder
from training.train import read_job, run


@dataclass(frozen=True)
class TrainingTask:
    """The job folder of a training, and whether it goes on from a checkpoint."""

    folder: str
    resume: bool


def do_training(task: TrainingTask) -> bytes:
    """Train here and return the id of the model, empty when it was paused; raises `AppError`.

    Done once more, after its process was lost, it goes on from the last checkpoint.
    """
    job = JobFolder(Path(task.folder))
    job.require_idle(wait_s=ALIVE_SECONDS)  # its process may be lost with its machine
    model = run(
        read_job(job.path), job, resume=task.resume or job.checkpoint.exists(), queued=False
    )
    return b"" if model is None else model.spec.id.encode()

"""Several processes that train one network, started from here by torch's own launcher."""

import subprocess
import sys
from pathlib import Path

from core.domain.errors import AppError
from core.inference.child_environment import child_command, child_environment
from core.jobs.job_events import Failed
from core.jobs.job_folder import JobFolder
from core.models.model_folder import SPEC_FILE
from core.models.registry import Model, read_model
from core.models.train_spec import TrainSpec
from training.learning.errors import TrainingError
from training.run.frame import models_folder
from training.run.publish import CANDIDATE_FOLDER

_LAUNCHER = "torch.distributed.run"


def train_together(job: JobFolder, spec: TrainSpec, count: int, *, resume: bool) -> Model | None:
    """Train the job in `count` processes of this computer; None when it was paused.

    They meet at a port of loopback. Raises `TrainingError` with what the job says when it failed.
    """
    python, safe, run, module, folder = child_command("training.train", str(job.path.absolute()))
    command = [python, safe, run, _LAUNCHER, "--standalone", f"--nproc-per-node={count}"]
    command += [run, module, folder, *(["--resume"] if resume else [])]
    ended = subprocess.run(command, env=child_environment(), stdout=sys.stderr, check=False)
    model = finished_model(job.path, spec)
    if model is None and job.state() != "paused":
        failed = [event.reason for event in job.events()[0] if isinstance(event, Failed)]
        raise TrainingError(
            failed[-1]
            if failed
            else f"{job.path.name}: expected {count} processes to end well, found the launcher "
            f"ended with status {ended.returncode}. Its words are above."
        )
    return model


def finished_model(folder: Path, spec: TrainSpec) -> Model | None:
    """Return what the training in a job folder has published, None where it has not yet.

    The candidate in the folder is the same to the byte: nobody else's model of that id is taken.
    """
    place = models_folder(spec, JobFolder(folder)) / spec.model_id
    try:
        candidate = (folder / CANDIDATE_FOLDER / SPEC_FILE).read_bytes()
        return read_model(place) if (place / SPEC_FILE).read_bytes() == candidate else None
    except (OSError, AppError):
        return None

"""Start the process of a job, so that it outlives the window."""

import os
import subprocess
import sys
import threading
from typing import Literal, TypeAlias

from core.domain.errors import WorkspaceError, reason
from core.domain.libraries import require_library
from core.inference.child_environment import child_command, child_environment
from core.jobs.job_folder import JobFolder
from core.jobs.job_place import read_place

JobProgram: TypeAlias = Literal["train", "gate", "guide_gate", "preview", "study", "units"]
"""What kind of job a folder holds."""

# By name only: core knows nothing of training, and torch stays out of the window's process.
_MODULES: dict[JobProgram, str] = {
    "train": "training.train",
    "gate": "training.gate",
    "guide_gate": "core.studies.clicks.guide_gate_job",
    "preview": "training.preview",
    "study": "core.studies.comparison.study_job",
    "units": "training.unit_job",
}
_ON_CLUSTER = "training.cluster_job"
"""What takes up a training whose folder names a cluster."""
_WITH_TORCH = ("train", "gate", "preview", "units")


def start_job(job: JobFolder, program: JobProgram, *, resume: bool = False) -> int:
    """Start a process that takes up the job, and return its id; it does not end with this one.

    `resume` goes on from the checkpoint of a training. What the process says goes into the job's
    log. A training whose folder names a cluster is handed over to that one. Raises `WorkspaceError`
    when it cannot be started, `LibraryMissing` for a training without torch.
    """
    if program in _WITH_TORCH:
        require_library("torch")
    away = program == "train" and read_place(job.path) is not None
    command = child_command(_ON_CLUSTER if away else _MODULES[program], str(job.path.absolute()))
    try:
        with job.log_path.open("ab") as log:
            child = subprocess.Popen(
                [*command, "--resume"] if resume else command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=child_environment(),
                start_new_session=os.name != "nt",
                creationflags=_detached(),
            )
    except OSError as error:
        raise WorkspaceError(
            f"{job.path.name}: the process of the job could not be started ({reason(error)}). "
            "Close other programs and try again."
        ) from error
    # An ended child stays listed by the system until somebody has waited for it.
    threading.Thread(target=child.wait, name=f"job {child.pid}", daemon=True).start()
    return child.pid


def _detached() -> int:
    if sys.platform == "win32":
        return subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0

"""A training on a cluster of Ray, followed like any other by its folder, which both sides see.

This process hands it over and waits; it is one of its own, because Ray never loads in the window's.

    python -m training.cluster_job FOLDER [--resume] [--address ADDRESS]
"""

import sys
import time

from core.domain.errors import AppError
from core.jobs.job_events import Failed
from core.jobs.job_folder import JobFolder, JobWriter, folder_parser
from core.jobs.job_place import JobPlace, read_place, write_place
from core.jobs.ray_cluster import require_ray
from core.jobs.ray_job import is_job_address, run_on_cluster
from core.jobs.ray_runner import RayRunner
from core.jobs.runners import RunnerPlace
from core.jobs.units import Unit, cards_of, unit_key
from core.workspace.settings import home
from core.workspace.workspace_folder import registry
from training.command import begun
from training.run.train_options import TrainOptions
from training.train import read_job
from training.whole_unit import TrainingTask, do_training


def train_on_cluster(job: JobFolder, place: JobPlace, *, resume: bool) -> str:
    """Train the job on the cluster and return the id of the model, empty when it was paused.

    Raises `AppError`, which its events tell too, when it failed or the cluster cannot be reached.
    """
    task = TrainingTask(str(job.path.absolute()), resume)
    try:
        require_ray()
        spec = read_job(job.path)
        unit = Unit(
            unit_key("training", task.folder),
            spec.model_id,
            do_training,
            task,
            cpus=max(spec.threads, 1),
            gpus=cards_of(spec.device),
        )
        ((_, found),) = RayRunner(place.address, gpus=place.gpus).outcomes([unit])
        if found.failed:
            raise AppError(found.failed)
    except AppError as error:
        _tell(job, str(error))
        raise
    return found.content.decode()


def train_there(options: TrainOptions, task: str, where: RunnerPlace) -> str:
    """Train what the options say on the cluster, and return the id of the model, empty if paused.

    Raises `AppError`.
    """
    if where["name"] != "ray" or task != "segment" or options.nproc > 1:
        raise AppError(
            f"--runner {where['name']}: expected --folds, or --runner ray with --task segment and "
            "one process, found another training. Leave it out to train on this computer."
        )
    job = begun(options, registry(home()))
    place = JobPlace(where["address"], where.get("gpus"))
    write_place(job.path, place)
    return train_on_cluster(job, place, resume=options.resume)


def _tell(job: JobFolder, failed: str) -> None:
    """Write why it failed to the events, unless the training has done so itself."""
    if job.state() == "failed":
        return
    writer = JobWriter(job)
    writer.start(resumed=True)
    writer.write(Failed(time.time(), failed))
    writer.close()


def main(arguments: list[str]) -> int:
    """Take up the job in a folder on its cluster; returns the exit status."""
    parser = folder_parser("Run a training on a cluster of Ray.")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--address", help="of the cluster; by default that of the folder")
    given = parser.parse_args(arguments)
    try:
        place = JobPlace(given.address) if given.address else read_place(given.folder)
        return _taken_up(JobFolder(given.folder), place or JobPlace(), resume=given.resume)
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _taken_up(job: JobFolder, place: JobPlace, *, resume: bool) -> int:
    if not is_job_address(place.address):
        train_on_cluster(job, place, resume=resume)
        return 0
    again = [str(job.path.absolute()), "--address", "auto", *(["--resume"] if resume else [])]
    try:
        require_ray()
        return run_on_cluster(place.address, "training.cluster_job", again, _write)
    except AppError as error:
        _tell(job, str(error))
        raise


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

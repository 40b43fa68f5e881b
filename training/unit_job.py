"""The folds of a dataset, or the trials of a search, as one job that a window starts and follows.

As a program it takes up the job in a folder:

    python -m training.unit_job FOLDER

What is done is kept under the job's folder, so one that was paused or killed goes on where it was
when it is started again.
"""

import sys
from pathlib import Path

import msgspec

from core.domain.errors import AppError
from core.jobs.job_folder import (
    JobFolder,
    JobWriter,
    folder_parser,
    go_behind,
    read_spec,
    status_of,
)
from core.jobs.job_work import work_on
from core.jobs.runners import make_runner
from core.jobs.training_job import SPLIT_FILE
from core.jobs.unit_job import UnitJob
from core.workspace.splits import read_split
from training.folds.fold_cases import read_groups
from training.folds.fold_study import FOLDS_FOLDER, FoldPlan, run_folds
from training.run.frame import keep_memory
from training.sweep.sweep import TRIALS_FOLDER, run_sweep
from training.sweep.sweep_report import write_sweep
from training.sweep.sweep_space import SweepSpec, settings_of
from training.unit_follower import UnitFollower


def run_unit_job(job: JobFolder) -> None:
    """Take up the job in a folder; a request to pause ends it once the training in hand is saved.

    Raises `AppError`, after writing it to the events, when it cannot go on.
    """
    with work_on(job, resumed=bool(job.events()[0])) as writer:
        spec = read_unit_job(job.path)
        _run_folds(spec, writer) if spec.folds else _run_search(spec, writer)


def _run_folds(spec: UnitJob, writer: JobWriter) -> None:
    out = writer.folder.path
    plan = FoldPlan(spec.folds, spec.repeats, read_groups(spec.group))
    follower = UnitFollower(writer, out / FOLDS_FOLDER, spec.folds * spec.repeats)
    with follower.following() as follow:
        summary = run_folds(
            spec.train,
            read_split(out / SPLIT_FILE),
            plan,
            out,
            runner=make_runner(spec.place),
            progress=follow.heard,
        )
    figures = summary.figures["dsc"]
    values = {"dsc_mean": figures.mean, "dsc_median": figures.median}
    writer.done("", {name: value for name, value in values.items() if value is not None})


def _run_search(spec: UnitJob, writer: JobWriter) -> None:
    out = writer.folder.path
    train = msgspec.to_builtins(spec.train)
    wanted = SweepSpec(
        train={**train, "split": str(out / SPLIT_FILE)},
        space={name: list(values) for name, values in spec.tried.items()},
        stop="median" if spec.stop_early else "none",
    )
    follower = UnitFollower(writer, out / TRIALS_FOLDER, len(settings_of(wanted)))
    with follower.following() as follow:
        trials = run_sweep(wanted, out, runner=make_runner(spec.place), progress=follow.heard)
    writer.log(write_sweep(out, trials))
    writer.done("", {"dsc_selection": trials[0].best})


def read_unit_job(folder: Path) -> UnitJob:
    """Return the spec in a job folder; raises `AppError` when there is none."""
    return read_spec(folder, UnitJob, AppError, of="several trainings", content="folds or a search")


def main(arguments: list[str]) -> int:
    """Take up the job in a folder; returns the exit status."""
    parser = folder_parser("Run the folds or the search of a job folder.")
    given = parser.parse_args(arguments)
    keep_memory()
    return status_of(lambda: run_unit_job(JobFolder(given.folder)))


if __name__ == "__main__":
    go_behind()  # not whoever calls `main`: that may be another's process
    sys.exit(main(sys.argv[1:]))

"""A job is one process's: a second that is to take it up is told, and changes nothing of it."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import AppError, ModelError, WorkspaceError
from core.jobs.classify_spec import ClassifySpec
from core.jobs.guide_job_spec import GuideTrainSpec
from core.jobs.job_events import Failed
from core.jobs.job_folder import (
    ALIVE_SECONDS,
    HEARTBEAT_FILE,
    JOB_FILE,
    JobFolder,
    JobWriter,
    create_job,
)
from core.jobs.job_place import JobPlace
from core.models.registry import Registry
from core.models.train_spec import TrainSpec
from core.workspace.reservation import reserved
from training.cluster_job import train_on_cluster
from training.guide.train import run as run_guide
from training.run.train_options import TrainOptions
from training.tasks import train_task
from training.train import run
from training.triage.train import run as run_classifier
from training.unit_job import run_unit_job
from training.whole_unit import TrainingTask, do_training

_GIVEN: dict[str, Any] = {
    "architecture": "unet",
    "data": "d",
    "split": "s",
    "model_id": "mine",
    "max_steps": 1,
    "device": "cpu",
}
_SPECS: dict[str, TrainSpec] = {
    "segment": TrainSpec(**_GIVEN),
    "guide": GuideTrainSpec(**_GIVEN),
    "triage": ClassifySpec(**_GIVEN),
}
_RUN: dict[str, Callable[..., object]] = {
    "segment": run,
    "guide": run_guide,
    "triage": run_classifier,
}


@pytest.fixture(params=list(_SPECS))
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def job(tmp_path: Path, task: str) -> JobFolder:
    return create_job(tmp_path / "job", _SPECS[task])


@pytest.fixture
def at_work(job: JobFolder) -> Iterator[JobWriter]:
    """A process that is at work on the job: this one."""
    writer = JobWriter(job)
    writer.start(resumed=False)
    yield writer
    writer.close()


def _left(job: JobFolder) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in job.path.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("at_work")
def test_a_job_at_work_is_not_taken_up_again_and_keeps_what_was_asked(
    job: JobFolder, task: str, tmp_path: Path
) -> None:
    job.request("pause")
    before = _left(job)
    again = TrainOptions(architecture="", data=Path(), split=Path(), out=job.path, resume=True)
    with pytest.raises(WorkspaceError, match="expected a job that no process is at work on"):
        train_task(task, again, Registry((tmp_path / "models",)))
    with pytest.raises(WorkspaceError, match="expected a job that no process is at work on"):
        _RUN[task](_SPECS[task], job, resume=True)
    assert job.state() == "running"
    assert _left(job) == before


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("task", ["segment"], indirect=True)
def test_folds_at_work_are_not_taken_up_again(job: JobFolder) -> None:
    before = _left(job)
    with pytest.raises(WorkspaceError, match="expected a job that no process is at work on"):
        run_unit_job(job)
    assert _left(job) == before


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("task", ["segment"], indirect=True)
def test_what_fails_on_the_way_to_a_cluster_is_not_told_to_a_job_at_work(job: JobFolder) -> None:
    (job.path / JOB_FILE).unlink()
    with pytest.raises(AppError):
        train_on_cluster(job, JobPlace(), resume=True)
    assert not [event for event in job.events()[0] if isinstance(event, Failed)]
    assert job.state() == "running"


def test_two_trainings_of_one_id_do_not_write_beside_each_other(job: JobFolder, task: str) -> None:
    with (
        reserved(job.path / "models", "mine"),
        pytest.raises(ModelError, match="expected an id that no other training is making"),
    ):
        _RUN[task](_SPECS[task], job)
    assert job.state() == "failed"


@pytest.mark.parametrize("task", ["segment"], indirect=True)
def test_a_unit_waits_until_a_process_that_cannot_be_asked_is_surely_gone(job: JobFolder) -> None:
    heartbeat = job.path / HEARTBEAT_FILE
    heartbeat.write_text("a-machine-that-was-lost 1")
    nearly = time.time() - ALIVE_SECONDS + 0.3
    os.utime(heartbeat, (nearly, nearly))
    with pytest.raises(AppError) as caught:
        do_training(TrainingTask(str(job.path), resume=True))
    assert "at work on" not in str(caught.value)
    assert [event for event in job.events()[0] if isinstance(event, Failed)]

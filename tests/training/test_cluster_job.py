"""A training on a cluster of Ray: started like any other, and followed by its folder.

`-m cluster` asks for those that start one.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from core.domain.errors import AppError, WorkspaceError
from core.jobs.job_events import Failed
from core.jobs.job_place import PLACE_FILE, JobPlace, read_place, write_place
from core.jobs.job_start import start_job
from core.jobs.ray_cluster import prepare_environment
from core.models.registry import read_model
from tests import patience
from tests.training.making import make_dataset, make_job, write_split
from tests.training.test_folds import TINY
from training.commands import train
from training.train import read_job, run


def test_where_a_job_is_done_is_read_back_and_a_damaged_file_is_told(tmp_path: Path) -> None:
    assert read_place(tmp_path) is None
    place = JobPlace("10.0.0.5:6379", gpus=0.5)
    write_place(tmp_path, place)
    assert read_place(tmp_path) == place
    (tmp_path / PLACE_FILE).write_text("{")
    with pytest.raises(WorkspaceError, match="expected the address of a cluster"):
        read_place(tmp_path)


def test_a_training_that_ray_does_not_do_is_refused(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(train)
    write_split(tmp_path / "split.json")
    asked = ["unet", str(make_dataset(tmp_path)), "--split", str(tmp_path / "split.json"), *TINY]
    for more in (["--runner", "ray", "--nproc", "2"], ["--runner", "slurm"]):
        done = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "job"), *more])
        assert isinstance(done.exception, AppError)
        assert "--task segment and one process" in str(done.exception)
        assert not (tmp_path / "job").exists()


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_the_window_starts_a_training_on_a_cluster_and_follows_it_without_ray(
    tmp_path: Path,
) -> None:
    _need_ray()
    loaded = "ray" in sys.modules
    spec, job = make_job(tmp_path)
    write_place(job.path, JobPlace(""))
    here = make_job(tmp_path, "here", model_id="small")[1]
    start_job(job, "train")
    patience.until(lambda: job.state() in ("done", "failed"))
    assert job.state() == "done", job.log_path.read_text()
    assert ("ray" in sys.modules) == loaded
    run(read_job(here.path), here)
    weights = [read_model(j.path / "models" / spec.model_id).weights for j in (job, here)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_a_training_on_a_cluster_is_paused_and_goes_on(tmp_path: Path) -> None:
    _need_ray()
    _, job = make_job(tmp_path, max_steps=400, selections=20)
    write_place(job.path, JobPlace(""))
    start_job(job, "train")
    patience.until(lambda: "loss" in job.curves())
    job.request("pause")
    patience.until(lambda: job.state() in ("paused", "failed"))
    assert job.state() == "paused", job.log_path.read_text()
    job.request("stop")
    start_job(job, "train", resume=True)
    patience.until(lambda: job.state() in ("done", "failed"))
    assert job.state() == "done", job.log_path.read_text()


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_a_cluster_that_is_not_there_is_a_failure_that_the_window_shows(tmp_path: Path) -> None:
    _need_ray()
    _, job = make_job(tmp_path)
    write_place(job.path, JobPlace("127.0.0.1:9"))
    start_job(job, "train")
    patience.until(lambda: job.state() == "failed")
    (failed,) = [event.reason for event in job.events()[0] if isinstance(event, Failed)]
    assert "expected a cluster at 127.0.0.1:9, found: its head, 127.0.0.1:9, does not" in failed


def _need_ray() -> None:
    """Skip where there is no Ray; nothing of it is loaded here, which one test looks for."""
    prepare_environment("")
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install 'overread[cluster]'")

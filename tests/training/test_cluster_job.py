"""A training on a cluster of Ray: started like any other, and followed by its folder."""

import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from core.domain.errors import WorkspaceError
from core.jobs.job_events import Failed
from core.jobs.job_folder import JobFolder
from core.jobs.job_place import PLACE_FILE, JobPlace, read_place, write_place
from core.jobs.job_start import start_job
from core.jobs.training_job import make_job
from core.models.registry import read_model
from core.workspace.splits import SplitFile
from tests.training.making import TRAIN, VAL, make_dataset, write_split
from tests.training.test_folds import TINY
from tests.waiting import wait_until
from training.cluster_job import main as follow
from training.commands import train
from training.train_options import TrainOptions, spec_of


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    """A small training that nobody has begun."""
    make_dataset(tmp_path / "data")
    return JobFolder(tmp_path / "job")


def test_where_a_job_is_done_is_read_back_and_a_damaged_file_is_told(tmp_path: Path) -> None:
    assert read_place(tmp_path) is None
    place = JobPlace("10.0.0.5:6379", gpus=0.5)
    write_place(tmp_path, place)
    assert read_place(tmp_path) == place
    (tmp_path / PLACE_FILE).write_text("{")
    with pytest.raises(WorkspaceError, match="expected the address of a cluster"):
        read_place(tmp_path)

"""What a training writes for TensorBoard, MLflow and Weights & Biases."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from core.jobs.job_events import Pictured
from core.jobs.job_folder import JobFolder
from tests.training.making import TRAIN, make_job
from training.learning.errors import TrainingError
from training.run.loggers import MLFLOW_FOLDER, open_loggers
from training.train import run

# Looked for, not imported: either takes a second, and each worker reads this file.
pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("mlflow", "wandb")),
    reason="overread[loggers] is not installed",
)


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    """A training that has ended, with all loggers."""
    spec, made = make_job(tmp_path, loggers=("mlflow", "wandb"), max_steps=4)
    assert run(spec, made) is not None
    return made


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
def test_each_has_curves_of_both_losses_and_the_pictures(job: JobFolder) -> None:
    from mlflow.tracking import MlflowClient
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (told,) = [e for e in job.events()[0] if isinstance(e, Pictured)][-1:]
    assert set(told.files) <= set(TRAIN)
    for file in told.files.values():
        assert (job.path / file).read_bytes().startswith(b"\x89PNG")
    board = EventAccumulator(str(job.path / "tensorboard"))
    board.Reload()
    assert {"loss", "selection_loss", "selection_dsc"} <= set(board.Tags()["scalars"])
    assert set(board.Tags()["images"]) == set(told.files)

    client = MlflowClient((job.path / MLFLOW_FOLDER).absolute().as_uri())
    (experiment,) = [e for e in client.search_experiments() if e.name == "overread"]
    (kept,) = client.search_runs([experiment.experiment_id])
    assert kept.data.metrics["selection_loss"] == job.curves()["selection_loss"][-1][1]
    assert kept.data.params["architecture"] == "unet"
    assert str(job.path.parent) not in str(kept.data.params)
    assert [each.path for each in client.list_artifacts(kept.info.run_id)] == ["pictures"]
    assert list(job.path.glob("wandb/offline-run-*/*.wandb"))


def test_a_logger_that_is_not_installed_is_told_before_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, made = make_job(tmp_path, loggers=("wandb",))
    monkeypatch.setattr("training.run.loggers.find_spec", lambda _: None)
    with pytest.raises(TrainingError, match=r"overread\[loggers\]"):
        open_loggers(made.path, spec)

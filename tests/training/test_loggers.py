"""What a training writes for TensorBoard, MLflow and Weights & Biases."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.jobs.job_events import Event, Failed, Logged, Pictured
from core.jobs.job_folder import JobFolder
from core.models.train_spec import TrainSpec
from tests.training.making import TRAIN, make_job
from training.learning.errors import TrainingError
from training.run.loggers import MLFLOW_FOLDER
from training.train import run

# Looked for, not imported: either takes a second, and each worker reads this file.
needs_libraries = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("mlflow", "wandb")),
    reason="overread[loggers] is not installed",
)


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    """A training that has ended, with all loggers."""
    spec, made = make_job(tmp_path, loggers=("mlflow", "wandb"), max_steps=4)
    assert run(spec, made) is not None
    return made


@needs_libraries
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


@pytest.mark.parametrize("installed", [False, True])
def test_a_logger_that_is_missing_or_refuses_is_told_in_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    package = tmp_path / "wandb"
    package.mkdir()
    (package / "__init__.py").write_text("raise LookupError('no room for a run')")
    monkeypatch.setitem(sys.modules, "wandb", None)
    monkeypatch.setattr("training.run.loggers.find_spec", lambda _: installed or None)
    if installed:
        monkeypatch.delitem(sys.modules, "wandb")
        monkeypatch.syspath_prepend(tmp_path)
    spec, made = make_job(tmp_path, loggers=("wandb",))
    with pytest.raises(TrainingError, match="no room for a run" if installed else "its library"):
        run(spec, made)
    failed = made.events()[0][-1]
    assert isinstance(failed, Failed)
    assert "--logger wandb" in failed.reason


class Refusing:
    """A logger whose library fails at every event."""

    def __init__(self, folder: Path, spec: TrainSpec) -> None:
        self.heard = 0

    def show(self, event: Event) -> None:
        self.heard += 1
        raise LookupError(f"no such run, {self.heard}")

    def close(self) -> None:
        raise LookupError("no such run")


def test_a_logger_that_fails_on_the_way_costs_curves_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.run.loggers.find_spec", lambda _: True)
    monkeypatch.setattr("training.run.loggers._MADE", {"wandb": Refusing})
    spec, made = make_job(tmp_path, loggers=("wandb",), max_steps=1, selections=1)
    assert run(spec, made) is not None
    told = [event.text for event in made.events()[0] if isinstance(event, Logged)]
    assert [text for text in told if "no such run" in text] == [
        text for text in told if "no such run, 1" in text
    ]
    assert any("no such run, 1" in text for text in told)

"""The figures and pictures of a job for MLflow and Weights & Biases, where a reader wants them.

Both write into the job's folder and open no connection; `mlflow ui` and `wandb sync` take it from
there.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from PIL import Image

from core.jobs.job_events import Done, Event, Measured, Pictured
from core.models.train_spec import LoggerName, TrainSpec
from training.learning.errors import TrainingError
from training.run.board import Board

MLFLOW_FOLDER = "mlruns"
_NAME = "overread"


class Logger(Protocol):
    """Hears what a job tells; never lets it fail."""

    def show(self, event: Event) -> None:
        """Take in an event."""

    def close(self) -> None:
        """Write what is left."""


def require_loggers(spec: TrainSpec) -> None:
    """Raise `TrainingError` where a logger that the spec asks for is not installed."""
    for name in spec.loggers:
        if find_spec(name) is None:
            raise TrainingError(
                f"--logger {name}: expected its library, found none. Install overread[loggers], or "
                "leave it out: TensorBoard's curves are written in any case."
            )


def open_loggers(folder: Path, spec: TrainSpec | None) -> list[Logger]:
    """Return TensorBoard's and the loggers of a training, if it is one; none opens a connection.

    Raises `TrainingError` where one is not installed.
    """
    if spec is None:
        return [Board(folder)]
    require_loggers(spec)
    made: dict[LoggerName, Callable[[], Logger]] = {
        "mlflow": lambda: MlflowLogger(folder, spec),
        "wandb": lambda: WandbLogger(folder, spec),
    }
    return [Board(folder), *(made[name]() for name in spec.loggers)]


class MlflowLogger:
    """A run of MLflow in `mlruns/` of the job's folder."""

    def __init__(self, folder: Path, spec: TrainSpec) -> None:
        """Begin the run, or go on with it."""
        # Read when the library is imported: it would tell its makers of its use otherwise.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        from mlflow.tracking import MlflowClient

        self._folder = folder
        self._client = MlflowClient((folder / MLFLOW_FOLDER).absolute().as_uri())
        experiment = self._client.get_experiment_by_name("overread")
        found = (
            experiment.experiment_id if experiment else self._client.create_experiment("overread")
        )
        runs = self._client.search_runs([found])
        self._run = runs[0].info.run_id if runs else self._client.create_run(found).info.run_id
        if not runs:
            for name, value in _settings(spec).items():
                self._client.log_param(self._run, name, value)

    def show(self, event: Event) -> None:
        """Add the figures or the pictures of an event."""
        with suppress(OSError):  # a full disk costs curves, not the training
            if isinstance(event, Measured):
                for name, value in event.values.items():
                    self._client.log_metric(
                        self._run, name, value, int(event.time * 1000), event.step
                    )
            elif isinstance(event, Pictured):
                for file in event.files.values():
                    self._client.log_artifact(self._run, str(self._folder / file), "pictures")
            elif isinstance(event, Done):
                for name, value in event.values.items():
                    self._client.log_metric(self._run, name, value)

    def close(self) -> None:
        """End the run."""
        with suppress(OSError):
            self._client.set_terminated(self._run)


class WandbLogger:
    """An offline run of Weights & Biases in `wandb/` of the job's folder."""

    def __init__(self, folder: Path, spec: TrainSpec) -> None:
        """Begin a run; one that goes on is a further one, as offline runs cannot be joined."""
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb

        self._folder, self._image = folder, wandb.Image
        self._run = wandb.init(
            project=_NAME,
            name=folder.name,
            dir=str(folder),
            config=_settings(spec),
            mode="offline",
            settings=wandb.Settings(silent=True, console="off", x_disable_stats=True),
        )

    def show(self, event: Event) -> None:
        """Add the figures or the pictures of an event."""
        if isinstance(event, Measured):
            self._run.log({**event.values, "step": event.step})
        elif isinstance(event, Pictured):
            drawn = {
                name: self._image(np.asarray(Image.open(self._folder / file)))
                for name, file in event.files.items()
            }
            self._run.log({**drawn, "step": event.step})
        elif isinstance(event, Done):
            self._run.summary.update(event.values)

    def close(self) -> None:
        """End the run."""
        self._run.finish()


def _settings(spec: TrainSpec) -> dict[str, str]:
    """Return the settings of a training as texts, paths as names alone."""
    return {name: str(value) for name, value in msgspec.structs.asdict(spec.portable()).items()}

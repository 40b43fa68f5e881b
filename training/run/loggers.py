"""The figures and pictures of a job for MLflow and Weights & Biases, where a reader wants them.

Both write into the job's folder and open no connection; `mlflow ui` and `wandb sync` take it from
there.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
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
    """Hears what a job tells."""

    def show(self, event: Event) -> None:
        """Take in an event."""

    def close(self) -> None:
        """Write what is left."""


class Loggers:
    """TensorBoard's and the loggers of a training, if it is one; none opens a connection.

    One that fails while it hears events is left out from then on, and the job goes on.
    """

    def __init__(self) -> None:
        self._open: list[Logger] = []

    def open(self, folder: Path, spec: TrainSpec | None) -> None:
        """Begin to write; raises `TrainingError` for one that is not installed or cannot begin."""
        names = () if spec is None else spec.loggers
        for name in names:
            if find_spec(name) is None:
                raise TrainingError(
                    f"--logger {name}: expected its library, found none. Install "
                    "overread[loggers], or leave it out: TensorBoard's curves are written in any "
                    "case."
                )
        self._open.append(Board(folder))
        for name in names:
            assert spec is not None
            try:
                self._open.append(_MADE[name](folder, spec))
            except Exception as error:  # whatever the library raises
                raise TrainingError(
                    f"--logger {name}: expected it to begin a run in {folder}, found: {error}. "
                    "Leave it out: TensorBoard's curves are written in any case."
                ) from error

    def show(self, event: Event) -> list[str]:
        """Have all of them take in an event; return a sentence for each that is left out now."""
        said = []
        for logger in list(self._open):
            try:
                logger.show(event)
            except Exception as error:  # noqa: BLE001 - a library's fault costs curves alone
                self._open.remove(logger)
                said.append(
                    f"{type(logger).__name__}: expected it to take in figures, found: {error}. It "
                    "is left out from here on; TensorBoard and the job's own curves are not."
                )
        return said

    def close(self) -> None:
        """Write what is left."""
        for logger in self._open:
            with suppress(Exception):  # as above, and the training has ended
                logger.close()


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
        if isinstance(event, Measured):
            for name, value in event.values.items():
                self._client.log_metric(self._run, name, value, int(event.time * 1000), event.step)
        elif isinstance(event, Pictured):
            for file in event.files.values():
                self._client.log_artifact(self._run, str(self._folder / file), "pictures")
        elif isinstance(event, Done):
            for name, value in event.values.items():
                self._client.log_metric(self._run, name, value)

    def close(self) -> None:
        """End the run."""
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


_MADE: Mapping[LoggerName, Callable[[Path, TrainSpec], Logger]] = MappingProxyType(
    {"mlflow": MlflowLogger, "wandb": WandbLogger}
)


def _settings(spec: TrainSpec) -> dict[str, str]:
    """Return the settings of a training as texts, paths as names alone."""
    return {name: str(value) for name, value in msgspec.structs.asdict(spec.portable()).items()}

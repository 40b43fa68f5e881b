"""Finished trainings, read from their job folders for a report."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.grid import Grid
from core.domain.volume import Pixels, Volume, channel_names
from core.inference.inference_ensemble import open_runner
from core.inference.network_cost import complexity
from core.inference.volume_inference import RunOptions
from core.jobs.job_events import StepCurve
from core.jobs.job_folder import JobFolder
from core.models.registry import Model, read_model
from core.models.train_spec import TrainSpec
from training.learning.errors import TrainingError
from training.run.checkpoint import Position, load_checkpoint
from training.run.publish import CANDIDATE_FOLDER
from training.run.scores import Scores, read_scores
from training.train import read_job

_TIMED_SHAPE = (40, 256, 256)
_TIMES = 3

MinuteCurve = list[tuple[float, float]]
"""Minutes of training and a figure."""


@dataclass(frozen=True)
class TrainingRun:
    """A training that has published its candidate."""

    name: str
    spec: TrainSpec
    model: Model
    scores: Scores
    position: Position
    curves: dict[str, StepCurve]

    @property
    def minutes(self) -> float:
        """Minutes of training, selections included."""
        return self.position.seconds / 60

    @property
    def slices(self) -> int:
        """Slices that were learnt from, each counted as often as it was drawn."""
        return self.position.step * self.spec.batch_size

    def curve(self, figure: str) -> MinuteCurve:
        """Return a figure of the events over the minutes of training."""
        pace = self.minutes / max(self.position.step, 1)
        return [(step * pace, value) for step, value in self.curves.get(figure, [])]


@dataclass(frozen=True)
class Cost:
    """What a model costs: parameters, multiply-adds of a 256×256 slice, seconds of 40 slices."""

    parameters: int
    gmac: float
    seconds: float


def read_run(folder: Path) -> TrainingRun:
    """Return the run in a job folder; raises `TrainingError` when it has not come to its end."""
    spec = read_job(folder)
    scores = read_scores(folder)
    if scores is None:
        raise TrainingError(
            f"{folder}: expected a training that has ended, with its scores, found none. "
            "Let it end (--resume), or leave it out of the report."
        )
    position, _ = load_checkpoint(JobFolder(folder).checkpoint)
    model = read_model(folder / CANDIDATE_FOLDER)
    return TrainingRun(folder.name, spec, model, scores, position, JobFolder(folder).curves())


def measure_cost(model: Model) -> Cost:
    """Measure a model on this computer, on the CPU with the threads torch has."""
    runner, found = open_runner(model), complexity(model)
    volume, options = _head(len(model.spec.channels)), RunOptions("cpu")
    runner.predict(volume, options)
    seconds = [runner.predict(volume, options).seconds for _ in range(_TIMES)]
    # The fastest: what else the computer does meanwhile only ever adds.
    return Cost(found.parameters, found.gmac, min(seconds))


def _head(channels: int) -> Volume:
    """Return a round head of noise: what a network costs does not depend on what it sees."""
    depth, height, width = _TIMED_SHAPE
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - height / 2, x - width / 2) < 0.4 * height
    noise = np.random.default_rng(0).integers(60, 255, (channels, *_TIMED_SHAPE), np.uint8)
    pixels: Pixels = noise * inside.astype(np.uint8)
    numbers = tuple(range(1, depth + 1))
    return Volume(pixels, channel_names(channels), numbers, Grid(_TIMED_SHAPE))

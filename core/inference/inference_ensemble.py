"""Run a model or an ensemble of models on a volume. Imports torch, as `volume_inference` does."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.domain.agreement import mean_levels
from core.domain.prediction import OnSlices, Prediction
from core.domain.progress import Progress, silent
from core.domain.volume import Volume
from core.inference.volume_inference import Runner, RunOptions
from core.models.networks.builder import build_network
from core.models.networks.complexity import Complexity, measure
from core.models.registry import Model, prediction_key

_EVERYTHING = RunOptions()


class AnyRunner(Protocol):
    """What runs a model, whether it has one network or several."""

    @property
    def model(self) -> Model:
        """The model that is run."""

    def predict(
        self,
        volume: Volume,
        options: RunOptions = ...,
        *,
        on_slices: OnSlices | None = ...,
        progress: Progress = ...,
    ) -> Prediction:
        """Return the prediction for `volume`."""


def open_runner(model: Model) -> AnyRunner:
    """Load a model, or all members of an ensemble; raises `ModelError` for wrong weights."""
    return EnsembleRunner(model) if model.members else Runner(model)


def complexity(model: Model) -> Complexity:
    """Measure what a model costs: the sums over an ensemble, the memory of its largest member."""
    found = [_measured(member) for member in model.members or (model,)]
    return Complexity(
        parameters=sum(each.parameters for each in found),
        gmac=sum(each.gmac for each in found),
        batch_megabytes=max(each.batch_megabytes for each in found),
    )


class EnsembleRunner:
    """The mean probability of several networks, each with its own preprocessing.

    The members run one after the other over the whole volume, so that only one works at a time;
    what is drawn meanwhile is the mean of those that have seen a slice (Lakshminarayanan 2017,
    "Simple and scalable predictive uncertainty estimation using deep ensembles", NeurIPS).
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._runners = [Runner(member) for member in model.members]

    def predict(
        self,
        volume: Volume,
        options: RunOptions = _EVERYTHING,
        *,
        on_slices: OnSlices | None = None,
        progress: Progress = silent,
    ) -> Prediction:
        """Return the prediction for `volume`; see `core.inference.volume_inference.predict`."""
        total = np.zeros(volume.geometry.shape, np.uint16)
        seconds, device, count = 0.0, "", len(self._runners)
        for number, runner in enumerate(self._runners):
            take = partial(_add, total, number + 1, on_slices)
            done = runner.predict(
                volume, options, on_slices=take, progress=_share(progress, number, count)
            )
            seconds, device = seconds + done.seconds, done.device
        key = prediction_key(self.model, volume) + options.suffix
        return Prediction(mean_levels(total, count), self.model.spec.id, key, device, seconds)


def _add(
    total: NDArray[np.uint16],
    members: int,
    on_slices: OnSlices | None,
    indices: Sequence[int],
    values: NDArray[np.uint8],
) -> None:
    """Add what a member found on some slices and hand on the mean so far."""
    total[list(indices)] += values
    if on_slices is not None:
        on_slices(indices, mean_levels(total[list(indices)], members))


def _share(progress: Progress, number: int, count: int) -> Progress:
    """Return a progress hook for the member `number` of `count`."""
    return lambda fraction, message: progress(
        (number + fraction) / count, f"model {number + 1} of {count}: {message}"
    )


def _measured(model: Model) -> Complexity:
    spec = model.spec.network
    return measure(build_network(spec, load_encoder=False), in_channels=spec.in_channels)

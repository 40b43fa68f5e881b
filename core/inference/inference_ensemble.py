"""Run a model or an ensemble of models on a volume. Torch is loaded by its own engine alone."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.domain.agreement import mean_levels
from core.domain.prediction import OnSlices, Prediction, prediction_of
from core.domain.progress import Progress, silent
from core.domain.volume import Volume
from core.inference.volume_inference import Runner, RunOptions
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


def open_runner(model: Model, *, threads: int = 0) -> AnyRunner:
    """Load a model, or all members of an ensemble; raises `ModelError` for wrong weights.

    `threads` are those a processor's engine may use, 0 for all this process may.
    """
    return EnsembleRunner(model, threads) if model.members else Runner(model, threads)


class EnsembleRunner:
    """The mean probability of several networks, each with its own preprocessing.

    The members run one after the other over the whole volume, so that only one works at a time;
    what is drawn meanwhile is the mean of those that have seen a slice (Lakshminarayanan 2017,
    "Simple and scalable predictive uncertainty estimation using deep ensembles", NeurIPS).
    """

    def __init__(self, model: Model, threads: int = 0) -> None:
        self.model = model
        self._runners = [Runner(member, threads) for member in model.members]

    def predict(
        self,
        volume: Volume,
        options: RunOptions = _EVERYTHING,
        *,
        on_slices: OnSlices | None = None,
        progress: Progress = silent,
    ) -> Prediction:
        """Return the prediction for `volume`; see `core.inference.volume_inference.predict`."""
        output = self.model.spec.several
        channels = (len(output.channels),) if output else ()
        total = np.zeros((*channels, *volume.geometry.shape), np.uint16)
        seconds, device, count = 0.0, "", len(self._runners)
        for number, runner in enumerate(self._runners):
            take = partial(_add, total, number + 1, on_slices)
            done = runner.predict(
                volume, options, on_slices=take, progress=_share(progress, number, count)
            )
            seconds, device = seconds + done.seconds, done.device
        key = prediction_key(self.model, volume) + options.suffix
        mean = mean_levels(total, count)
        whole = mean if output else mean[np.newaxis]
        model_id = self.model.spec.id
        return prediction_of(
            whole, output, model_id=model_id, key=key, device=device, seconds=seconds
        )


def _add(
    total: NDArray[np.uint16],
    members: int,
    on_slices: OnSlices | None,
    indices: Sequence[int],
    values: NDArray[np.uint8],
) -> None:
    """Add what a member found on some slices and hand on the mean so far."""
    where = (..., list(indices), slice(None), slice(None))
    total[where] += values
    if on_slices is not None:
        on_slices(indices, mean_levels(total[where], members))


def _share(progress: Progress, number: int, count: int) -> Progress:
    """Return a progress hook for the member `number` of `count`."""
    return lambda fraction, message: progress(
        (number + fraction) / count, f"model {number + 1} of {count}: {message}"
    )

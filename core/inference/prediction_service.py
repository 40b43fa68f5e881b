"""What a model says of a case: from the workspace where it is kept, else by running the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import DataError
from core.domain.prediction import LabelProbabilities, OnSlices, Prediction
from core.domain.progress import Progress, silent
from core.inference.engines import check_device
from core.io.cases.case_reader import LoadedCase
from core.models.filled_label import in_focus, output_of
from core.models.mask_model import MaskModel
from core.models.registry import Model
from core.workspace import prediction_cache
from core.workspace.prediction_cache import Scored
from core.workspace.workspace_folder import Workspace

if TYPE_CHECKING:
    from core.inference.engine import Engine

Predictor: TypeAlias = Callable[[LoadedCase, Progress], Prediction]
"""Predicts one case with a model that the caller chose."""
PredictorOf: TypeAlias = Callable[[Model], Predictor]
"""Gives what predicts a case with a model."""
RunModel: TypeAlias = Callable[[LoadedCase, Model, Progress], Prediction]
"""Runs a model on a case, whatever is known of it."""


_PLANES = 3  # axes of the slices of a binary model


@dataclass(frozen=True, eq=False)
class PredictionService:
    """Answers for one workspace; `run` makes what is not kept there, None where nothing is run."""

    workspace: Workspace
    run: RunModel | None = None

    def known(self, loaded: LoadedCase, model: Model) -> Scored | None:
        """Return what the workspace keeps of `model` for this very image, or None."""
        return prediction_cache.find_prediction(loaded, model, self.workspace)

    def predict(self, loaded: LoadedCase, model: Model, progress: Progress = silent) -> Scored:
        """Return the prediction and its score, run and kept when it is not there yet.

        Raises `DataError` where nothing is to be run: over a folder of predictions, or without
        `run`.
        """
        known = self.known(loaded, model)
        if known is not None:
            return known
        if isinstance(model, MaskModel):
            raise model.missing(loaded.case.id)
        if self.workspace.predictions is not None:
            raise DataError(
                f"{loaded.case.id}: expected a prediction in {self.workspace.predictions}, found "
                "none of this image. Nothing is run over a folder of predictions: open the dataset "
                "itself instead."
            )
        if self.run is None:
            raise DataError(
                f"{loaded.case.id}: expected a prediction of {model.spec.title} in the workspace, "
                "found none. Run the model on it first."
            )
        made = self.run(loaded, model, progress)
        return prediction_cache.keep_prediction(loaded, model, self.workspace, made)

    def predictor(self, model: Model) -> Predictor:
        """Return what predicts a case with `model`."""
        return lambda loaded, progress: self.predict(loaded, model, progress).prediction


def engine_run(
    engine: Engine, *, device: str, first: int | None = None, on_slices: OnSlices | None = None
) -> RunModel:
    """Return runs in the engine's process: slices nearest to index `first` first, else the middle.

    `on_slices` is called with what arrives of the region in focus.
    """

    def run(loaded: LoadedCase, model: Model, progress: Progress) -> Prediction:
        volume = loaded.volume
        return engine.predict(
            volume,
            model,
            device=device,
            first=volume.slices // 2 if first is None else first,
            on_slices=_in_focus(loaded, model, on_slices),
            progress=progress,
        )

    return run


def _in_focus(loaded: LoadedCase, model: Model, on_slices: OnSlices | None) -> OnSlices | None:
    """Return a hook that hands on the probability (B, Y, X) of the case's region in focus."""
    hand_on, focus, output = on_slices, loaded.focus, model.spec.several
    labels = loaded.meaning
    if output is None and labels is not None and labels.filled is not None:
        output = output_of(labels, labels.filled)
    if hand_on is None or output is None:
        return hand_on

    def show(indices: Sequence[int], channels: NDArray[np.uint8]) -> None:
        every = channels if channels.ndim > _PLANES else channels[None]
        said = LabelProbabilities(every, output).adapted(focus.labels)
        hand_on(indices, said.of(said.wanted(focus)))

    return show


def local_run(device: str) -> RunModel:
    """Return runs in this process; a network is loaded at its first case, for all may be kept.

    Raises `ModelError` for a device there is not.
    """
    check_device(device)
    made: dict[tuple[Path, bool], Predictor] = {}

    def run(loaded: LoadedCase, model: Model, progress: Progress) -> Prediction:
        key = model.folder, model.spec.flips
        if key not in made:
            made[key] = _runner(model, device)
        return made[key](loaded, progress)

    return run


def local_predictor(model: Model, device: str = "auto", *, threads: int = 0) -> Predictor:
    """Return what runs `model` in this process; raises `ModelError` when its weights do not fit.

    `threads` are those a processor may use for it, 0 for all that this process may.
    """
    run = _runner(model, device, threads)
    return lambda loaded, progress: in_focus(loaded, run(loaded, progress))


def _runner(model: Model, device: str, threads: int = 0) -> Predictor:
    """Return runs whose labels have the model's own names and values, as they are kept."""
    from core.inference.inference_ensemble import open_runner
    from core.inference.volume_inference import RunOptions

    runner, options = open_runner(model, threads=threads), RunOptions(device)
    return lambda loaded, progress: runner.predict(loaded.volume, options, progress=progress)


def predictors(workspace: Workspace, device: str, *, run: bool) -> PredictorOf:
    """Return what predicts with a model: from the workspace, else on `device` when `run`.

    Raises `ModelError` for a device there is not. Without `run` torch is never loaded.
    """
    return PredictionService(workspace, local_run(device) if run else None).predictor

"""What predicts a case with a model: from the workspace where it can, else by running the model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from core.models import Model
from core.settings import home
from core.study import PredictorOf, cached
from core.workspace import Workspace, registry

if TYPE_CHECKING:
    from core.evaluation import Predictor
    from core.prediction import Prediction
    from core.progress import Progress
    from core.reading import LoadedCase


def predictors(workspace: Workspace, device: str, *, run: bool) -> PredictorOf:
    """Return what predicts with a model: from the workspace, else on `device` when `run`.

    Raises `ModelError` for a device there is not. Without `run` torch is never loaded.
    """
    if run:
        from core.inference import limit_threads, resolve_device

        resolve_device(device)
        limit_threads()
    return lambda model: cached(workspace, model, _fresh(model, device) if run else None)


def find_models(workspace: Workspace, wanted: Sequence[str]) -> list[Model]:
    """Return the models of these ids, each once; raises `ModelError` for one there is not."""
    found = registry(home(), workspace.folder)
    return [found.find(name) if name else found.champion() for name in dict.fromkeys(wanted)]


def _fresh(model: Model, device: str) -> Predictor:
    """Return a predictor that loads the network at its first case: all may be in the cache."""

    @cache
    def load() -> Predictor:
        from core.inference import RunOptions
        from core.inference_ensemble import open_runner

        runner, options = open_runner(model), RunOptions(device)
        return lambda loaded, progress: runner.predict(loaded.volume, options, progress=progress)

    def predict(loaded: LoadedCase, progress: Progress) -> Prediction:
        return load()(loaded, progress)

    return predict

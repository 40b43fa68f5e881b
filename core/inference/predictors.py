"""What predicts a case with a model: from the workspace where it can, else by running the model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from core.models.registry import Model
from core.studies.study import PredictorOf, cached
from core.workspace.settings import home
from core.workspace.workspace_folder import Workspace, registry

if TYPE_CHECKING:
    from core.domain.prediction import Prediction
    from core.domain.progress import Progress
    from core.io.case_reader import LoadedCase
    from core.studies.evaluation import Predictor


def predictors(workspace: Workspace, device: str, *, run: bool) -> PredictorOf:
    """Return what predicts with a model: from the workspace, else on `device` when `run`.

    Raises `ModelError` for a device there is not. Without `run` torch is never loaded.
    """
    if run:
        from core.inference.volume_inference import limit_threads, resolve_device

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
        from core.inference.inference_ensemble import open_runner
        from core.inference.volume_inference import RunOptions

        runner, options = open_runner(model), RunOptions(device)
        return lambda loaded, progress: runner.predict(loaded.volume, options, progress=progress)

    def predict(loaded: LoadedCase, progress: Progress) -> Prediction:
        return load()(loaded, progress)

    return predict

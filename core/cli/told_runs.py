"""What a command says before a model runs: which channels it is given, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.cli.say import say

if TYPE_CHECKING:
    from core.domain.prediction import Prediction
    from core.domain.progress import Progress
    from core.domain.volume import Volume
    from core.inference.prediction_service import Predictor, PredictorOf
    from core.io.cases.case import Case
    from core.io.cases.case_reader import LoadedCase
    from core.models.classifiers import ClassifierModel
    from core.models.model_fit import ModelFit
    from core.models.registry import Model
    from core.studies.scores.case_units import Followed
    from core.workspace.workspace_folder import Workspace

_MOST = 5


def told_before(model: Model, predictor: Predictor) -> Predictor:
    """Return `predictor`, which says before a run how the model meets the case.

    A sentence is said once, at the first case it is true of, and few of them in all. A case that
    lacks a channel raises `ModelError` before anything is run.
    """
    from core.models.model_fit import fit_of_model

    tell = fit_teller(lambda volume: fit_of_model(model, volume))

    def predict(loaded: LoadedCase, progress: Progress) -> Prediction:
        if model.runs:
            tell(loaded)
        return predictor(loaded, progress)

    return predict


def fit_teller(fit_of: Callable[[Volume], ModelFit]) -> Callable[[LoadedCase], None]:
    """Return what says how a model meets a case, each sentence once and few of them in all.

    It raises `ModelError` for a case that lacks a channel.
    """
    told: set[str] = set()

    def tell(case_id: str, sentence: str) -> None:
        if not sentence or sentence in told or len(told) > _MOST:
            return
        told.add(sentence)
        more = " Other cases differ in other ways." if len(told) > _MOST else ""
        say(f"Note: {case_id}: {sentence}{more}", err=True)

    def meet(loaded: LoadedCase) -> None:
        fit = fit_of(loaded.volume)
        tell(loaded.case.id, "" if fit.mapping.is_same else fit.said)
        tell(loaded.case.id, fit.doubt)

    return meet


def tell_lacking(models: Sequence[Model], cases: Sequence[Case]) -> None:
    """Say of each model in which cases it misses a channel, before anything is run."""
    from core.models.model_fit import lacking_said

    for sentence in lacking_said(models, cases):
        say(f"Note: {sentence}", err=True)


def classifier_teller(model: ClassifierModel) -> Callable[[LoadedCase], None]:
    """Return what says how a classifier meets a case, as `fit_teller`."""
    from core.models.model_fit import fit_of_classifier

    return fit_teller(lambda volume: fit_of_classifier(model, volume))


def said_once() -> Followed:
    """Return what makes `told_before` of a model's predictor, and the same for every case."""
    made: dict[str, Predictor] = {}

    def told(model: Model, predictor: Predictor) -> Predictor:
        return made.setdefault(model.computed, told_before(model, predictor))

    return told


def told_predictors(workspace: Workspace, device: str, *, run: bool) -> PredictorOf:
    """Return what predicts with a model, as `predictors` does, and says before how it meets a case.

    Without `run` nothing is said: there is nothing to be run. Raises `ModelError` for a device
    there is not.
    """
    from core.inference.prediction_service import predictors

    quiet = predictors(workspace, device, run=run)
    if not run:
        return quiet
    told: dict[tuple[str, str], Predictor] = {}  # asked for a model again, nothing is said again
    return lambda model: told.setdefault(
        (model.spec.id, model.computed), told_before(model, quiet(model))
    )

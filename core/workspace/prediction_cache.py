"""Predictions of a workspace: found again when model and image are the same, scored once."""

from dataclasses import dataclass

from core.domain.counted_mask import count_mask
from core.domain.errors import ModelError
from core.domain.prediction import Prediction
from core.io.cases.case_reader import LoadedCase
from core.io.datasets.prediction_file import load_prediction, save_prediction
from core.models.filled_label import in_focus
from core.models.mask_model import MaskModel
from core.models.registry import Model, prediction_key
from core.workspace.score_keys import score_key
from core.workspace.workspace_folder import Score, Workspace


@dataclass(frozen=True, eq=False)
class Scored:
    """A prediction of a case and its DSC at the model's own threshold."""

    prediction: Prediction
    score: Score


def find_prediction(loaded: LoadedCase, model: Model, workspace: Workspace) -> Scored | None:
    """Return what `model` predicted for this very image before, or None.

    Raises `FileError` for a mask of another program that cannot be used.
    """
    if isinstance(model, MaskModel):
        prediction = model.find(loaded)
        return None if prediction is None else scored(loaded, model, workspace, prediction)
    try:
        key = prediction_key(model, loaded.volume)
    except ModelError:  # of other channels: told when it is to be run
        return None
    path = workspace.prediction_path(model.spec.id, loaded.case.id)
    of_image = key.removeprefix(model.computed)
    prediction = load_prediction(path, key=key, alike=[name + of_image for name in model.shown])
    # A file of another shape under the right key is damaged: as if it were not there.
    if prediction is None or prediction.probability.shape != loaded.volume.geometry.shape:
        return None
    if prediction.several is None and model.spec.several is not None:
        return None
    return scored(loaded, model, workspace, prediction)


def keep_prediction(
    loaded: LoadedCase, model: Model, workspace: Workspace, prediction: Prediction
) -> Scored:
    """Score a new prediction and keep both, where anything can be kept.

    Raises `WorkspaceError` when they cannot be written.
    """
    if not workspace.store.read_only:
        save_prediction(workspace.prediction_path(model.spec.id, loaded.case.id), prediction)
    prediction = in_focus(loaded, prediction)
    score = _score(loaded, model, prediction)
    workspace.put_score(score)
    return Scored(prediction, score)


def scored(
    loaded: LoadedCase, model: Model, workspace: Workspace, prediction: Prediction
) -> Scored:
    """Return a prediction of the case's region with the score kept of it, made where none is."""
    prediction = in_focus(loaded, prediction)
    score = workspace.scores(model.spec.id, loaded.case.region).get(loaded.case.id)
    if score is None or score.key != score_key(model, prediction.filed):
        score = _score(loaded, model, prediction)
        workspace.put_score(score)
    return Scored(prediction, score)


def _score(loaded: LoadedCase, model: Model, prediction: Prediction) -> Score:
    dsc = None
    if loaded.ground_truth is not None:
        post = model.spec.postprocessing
        found = count_mask(prediction.probability, loaded.ground_truth, post)
        dsc = found.counts.pooled().dsc
    key = score_key(model, prediction.filed)
    return Score(loaded.case.id, model.spec.id, key, dsc, loaded.case.region)

"""Which mask of a case is exported: of a model, a reader, or the ground truth; and who made it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from core.annotation.draft import Origin
from core.annotation.export import (
    CORRECTED,
    MadeMask,
    Provenance,
    drawn_correction,
    provenance_of_version,
)
from core.annotation.versions import latest_versions, load_label_map
from core.domain.errors import DataError
from core.domain.label_set import BINARY
from core.domain.progress import Progress
from core.inference.prediction_service import Predictor
from core.io.cases.case_masks import DrawnMask
from core.io.cases.case_reader import LoadedCase
from core.models.registry import Model
from core.studies.export.mask_files import drawn_prediction
from core.workspace.workspace_folder import Workspace

MaskKind = Literal["prediction", "correction", "truth"]
"""`truth` is the last saved correction of a case, and its ground truth where it has none."""


@dataclass(frozen=True)
class ExportSource:
    """Where masks come from: a workspace, and for predictions a model and what predicts with it."""

    workspace: Workspace
    model: Model | None = None
    predict: Predictor | None = None


def exported_mask(
    loaded: LoadedCase, kind: MaskKind, source: ExportSource, progress: Progress
) -> MadeMask:
    """Return the mask of that kind; raises `DataError` when there is none."""
    if kind == "prediction":
        return _predicted(loaded, source, progress)
    corrected = _corrected(loaded, source.workspace)
    if corrected is None and kind == "correction":
        raise DataError(
            f"{loaded.case.id}: expected a saved correction, found none. Correct it and save a "
            "version, or export its ground truth or a prediction."
        )
    return corrected or _true(loaded)


def _predicted(loaded: LoadedCase, source: ExportSource, progress: Progress) -> MadeMask:
    model, predict = source.model, source.predict
    if model is None or predict is None:
        raise DataError(
            f"{loaded.case.id}: expected a model to predict with, found none. Choose one."
        )
    prediction, post = predict(loaded, progress), model.spec.postprocessing
    drawn = drawn_prediction(loaded, prediction, model)
    origin = Origin("prediction", model.spec.id, prediction.key, post.threshold)
    made = Provenance(author=model.spec.title, made_at=_now(), origin=origin)
    return MadeMask(loaded.case, drawn, made)


def _corrected(loaded: LoadedCase, workspace: Workspace) -> MadeMask | None:
    """Return the last saved version of a correction, None when there is none."""
    version = latest_versions(workspace).get(loaded.case.id)
    if version is None:
        return None
    values = load_label_map(version, loaded.volume.geometry.shape)
    made = provenance_of_version(version)
    drawn = drawn_correction(loaded, values, made)
    return MadeMask(loaded.case, drawn, made, CORRECTED)


def _true(loaded: LoadedCase) -> MadeMask:
    truth, labels = loaded.require_ground_truth(), loaded.label_set or BINARY
    drawn = DrawnMask(truth if loaded.labels is None else loaded.labels, labels)
    made = Provenance(author="", made_at=_now(), origin=Origin("ground_truth"))
    return MadeMask(loaded.case, drawn, made)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

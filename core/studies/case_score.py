"""The figures of one case that has ground truth, in either protocol."""

import msgspec

from core.domain.metrics import volume_metrics
from core.domain.prediction import Prediction, to_mask
from core.domain.protocol import Protocol
from core.io.case_reader import LoadedCase
from core.models.registry import Model
from core.review.expected_dsc import expected_dsc, read_calibration
from core.studies.reference_protocol import reference_masks
from core.studies.second_opinion import FIGURES, SecondOpinion


class EvaluationRow(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one case; `hd95` is in `distance_unit`, volumes are in mL where that is known.

    `expected_dsc` is what the model expects of its own mask on the native grid, and looks at no
    truth.
    """

    case: str
    slices: int
    dsc: float
    iou: float
    sensitivity: float | None
    precision: float | None
    hd95: float | None
    truth_voxels: int
    predicted_voxels: int
    expected_dsc: float
    truth_ml: float | None = None
    predicted_ml: float | None = None
    distance_unit: str = "voxels"


def score_case(
    loaded: LoadedCase,
    prediction: Prediction,
    model: Model,
    protocol: Protocol,
    opinion: SecondOpinion | None = None,
) -> EvaluationRow:
    """Return the figures of one case; raises `DataError` without whole images and ground truth."""
    truth = loaded.require_ground_truth()
    grid = loaded.volume.geometry
    if protocol == "reference":
        truth, mask, grid = reference_masks(loaded.volume, truth, prediction)
    else:
        mask = to_mask(prediction.probability, model.spec.postprocessing)
    metrics = volume_metrics(truth, mask, spacing_mm=grid.spacing_mm)
    ml = grid.voxel_ml
    if opinion is not None:
        figures = {name: getattr(metrics, name) for name in FIGURES}
        of = (loaded.case.id, model.spec.id)
        opinion.take((truth, mask), figures, spacing_mm=grid.spacing_mm, of=of)
    return EvaluationRow(
        case=loaded.case.id,
        slices=len(truth),
        dsc=metrics.dsc,
        iou=metrics.iou,
        sensitivity=metrics.sensitivity,
        precision=metrics.precision,
        hd95=metrics.hd95,
        truth_voxels=metrics.truth_voxels,
        predicted_voxels=metrics.predicted_voxels,
        expected_dsc=expected_dsc(
            prediction.probability, model.spec.postprocessing, read_calibration(model.folder)
        ),
        truth_ml=None if ml is None else metrics.truth_voxels * ml,
        predicted_ml=None if ml is None else metrics.predicted_voxels * ml,
        distance_unit=grid.length_unit,
    )

"""The figures of one case that has ground truth, in either protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import msgspec

from core.domain.grid import Grid
from core.domain.lesions import lesion_scores
from core.domain.mask import Mask
from core.domain.metrics import VolumeMetrics, slice_counts, volume_metrics
from core.domain.prediction import Prediction, to_mask
from core.domain.protocol import Protocol
from core.io.cases.case_reader import LoadedCase, each_region, of_the_region
from core.models.registry import Model
from core.review.expected_dsc import expected_dsc, read_calibration
from core.studies.scores.reference_protocol import reference_masks
from core.studies.scores.second_opinion import FIGURES, SecondOpinion


class EvaluationRow(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one case; `hd95` pools both directions, `hd95_max` is the greater of them.

    They are in `distance_unit`, volumes in mL where that is known.

    `expected_dsc` is what the model expects of its own mask on the native grid, and looks at no
    truth. `label` names the label or region; what follows it is known of those alone.
    """

    case: str
    slices: int
    dsc: float
    iou: float
    sensitivity: float | None
    precision: float | None
    hd95: float | None
    hd95_max: float | None = None
    truth_voxels: int
    predicted_voxels: int
    expected_dsc: float
    truth_ml: float | None = None
    predicted_ml: float | None = None
    distance_unit: str = "voxels"
    label: str = ""
    surface_dice: float | None = None
    volume_difference: float | None = None
    truth_lesions: int | None = None
    predicted_lesions: int | None = None
    lesion_f1: float | None = None


class SliceRow(msgspec.Struct, frozen=True, kw_only=True):
    """The overlap in one slice; `dsc` is None where neither truth nor prediction has anything.

    `slice` is the number in the file's name, or the position from 1 up. A mean of these is not the
    DSC of a volume.
    """

    case: str
    slice: int
    dsc: float | None
    truth_voxels: int
    predicted_voxels: int
    false_positive_voxels: int
    false_negative_voxels: int


BINARY_FIELDS = EvaluationRow.__struct_fields__[: EvaluationRow.__struct_fields__.index("label")]
"""What is told of a case of one label."""
_OF_LABELS = EvaluationRow.__struct_fields__[len(BINARY_FIELDS) + 1 :]
LABEL_FIELDS = ("case", "label", *BINARY_FIELDS[1:], *_OF_LABELS)
"""What is told of each label and region of a case."""


def score_case(
    loaded: LoadedCase,
    prediction: Prediction,
    model: Model,
    protocol: Protocol,
    opinion: SecondOpinion | None = None,
) -> EvaluationRow:
    """Return the figures of one case; raises `DataError` without whole images and ground truth."""
    return _row(_asked(loaded, prediction, model, protocol), model, opinion)


def score_case_and_slices(
    loaded: LoadedCase,
    prediction: Prediction,
    model: Model,
    protocol: Protocol,
    opinion: SecondOpinion | None = None,
) -> tuple[EvaluationRow, tuple[SliceRow, ...]]:
    """Return what `score_case` does, and the overlap in every slice that is scored."""
    asked = _asked(loaded, prediction, model, protocol)
    return _row(asked, model, opinion), _slice_rows(asked)


def score_labels(
    loaded: LoadedCase,
    prediction: Prediction,
    model: Model,
    protocol: Protocol,
    opinion: SecondOpinion | None = None,
) -> tuple[EvaluationRow, ...]:
    """Return the figures of each region and label of a case, the whole first.

    None where truth or prediction tells no labels, or one region alone was asked for. Raises
    `DataError` as `score_case`.
    """
    if prediction.several is None:
        return ()
    rows = []
    for each in each_region(loaded):
        asked = _asked(each, prediction, model, protocol)
        found = volume_metrics(asked.truth, asked.mask, spacing_mm=asked.grid.spacing_mm)
        row = _scored(asked, found, model, opinion)
        lesions = lesion_scores(asked.truth, asked.mask).matched
        rows.append(
            msgspec.structs.replace(
                row,
                label=each.case.region,
                surface_dice=found.surface_dice,
                volume_difference=found.volume_difference,
                truth_lesions=lesions.truth_lesions,
                predicted_lesions=lesions.predicted_lesions,
                lesion_f1=lesions.f1,
            )
        )
    return tuple(rows)


@dataclass(frozen=True, eq=False)
class _Asked:
    """Truth and mask (z, y, x) of a region of a case on the grid they are scored on."""

    loaded: LoadedCase
    prediction: Prediction
    truth: Mask
    mask: Mask
    grid: Grid
    numbers: Sequence[int]


def _asked(loaded: LoadedCase, prediction: Prediction, model: Model, protocol: Protocol) -> _Asked:
    truth, grid = loaded.require_ground_truth(), loaded.volume.geometry
    numbers = loaded.volume.slice_numbers
    prediction = of_the_region(loaded, prediction)
    if protocol == "reference":
        truth, mask, grid, kept = reference_masks(loaded.volume, truth, prediction)
        numbers = numbers[kept]  # without the first, the last and dark ones
    else:
        mask = to_mask(prediction.probability, model.spec.postprocessing)
    return _Asked(loaded, prediction, truth, mask, grid, numbers)


def _row(asked: _Asked, model: Model, opinion: SecondOpinion | None) -> EvaluationRow:
    found = volume_metrics(asked.truth, asked.mask, spacing_mm=asked.grid.spacing_mm)
    return _scored(asked, found, model, opinion)


def _scored(
    asked: _Asked, metrics: VolumeMetrics, model: Model, opinion: SecondOpinion | None
) -> EvaluationRow:
    loaded, truth, grid = asked.loaded, asked.truth, asked.grid
    ml = grid.voxel_ml
    if opinion is not None:
        figures = {name: getattr(metrics, name) for name in FIGURES}
        of = (loaded.case.id, model.spec.id)
        opinion.take((truth, asked.mask), figures, spacing_mm=grid.spacing_mm, of=of)
    return EvaluationRow(
        case=loaded.case.id,
        slices=len(truth),
        dsc=metrics.dsc,
        iou=metrics.iou,
        sensitivity=metrics.sensitivity,
        precision=metrics.precision,
        hd95=metrics.hd95,
        hd95_max=metrics.hd95_max,
        truth_voxels=metrics.truth_voxels,
        predicted_voxels=metrics.predicted_voxels,
        expected_dsc=expected_dsc(
            asked.prediction.probability,
            model.spec.postprocessing,
            read_calibration(model.folder),
        ),
        truth_ml=None if ml is None else metrics.truth_voxels * ml,
        predicted_ml=None if ml is None else metrics.predicted_voxels * ml,
        distance_unit=grid.length_unit,
    )


def _slice_rows(asked: _Asked) -> tuple[SliceRow, ...]:
    """Return a row for each slice that is scored."""
    counts = slice_counts(asked.truth, asked.mask)
    found = (counts.true_positive, counts.false_positive, counts.false_negative, counts.dsc())
    rows = []
    for number, *values in zip(asked.numbers, *(each.tolist() for each in found), strict=True):
        both, invented, missed, dsc = values
        rows.append(
            SliceRow(
                case=asked.loaded.case.id,
                slice=int(number),
                dsc=None if isnan(dsc) else dsc,
                truth_voxels=both + missed,
                predicted_voxels=both + invented,
                false_positive_voxels=invented,
                false_negative_voxels=missed,
            )
        )
    return tuple(rows)

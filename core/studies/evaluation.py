"""Score predictions of many cases: rows, CSV, summary and chart."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.domain.errors import AppError
from core.domain.metrics import EMPTY_RULE, volume_metrics
from core.domain.prediction import Prediction, to_mask
from core.domain.progress import Progress, silent
from core.domain.protocol import Protocol
from core.inference.prediction_service import Predictor
from core.io.atomic import write_bytes
from core.io.case import Case, each_case
from core.io.case_reader import LoadedCase, read_case
from core.io.csv_file import write_csv
from core.models.registry import Model
from core.review.expected_dsc import expected_dsc, read_calibration
from core.studies.figures import dsc_chart
from core.studies.reference_protocol import reference_masks
from core.studies.second_opinion import FIGURES, SecondOpinion, Verified


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


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What `summary.json` says; `mean`, `median` and `standard_deviation` are of the DSC."""

    mean: float | None
    median: float | None
    standard_deviation: float | None
    n: int
    failed: dict[str, str]
    model: str
    protocol: str
    device: str
    seconds: float
    threshold: float
    largest_component: bool
    empty_rule: str = EMPTY_RULE
    distance_unit: str = "voxels"
    notices: tuple[str, ...] = ()
    verified: Verified | None = None


@dataclass(frozen=True)
class Outcome:
    """Rows of the cases that could be scored, and a sentence for each that could not.

    `notices` are sentences about files of cases that were scored all the same, `verified` is what
    medpy found of the figures.
    """

    rows: tuple[EvaluationRow, ...]
    failed: dict[str, str]
    device: str
    seconds: float
    notices: tuple[str, ...] = ()
    verified: Verified | None = None


def evaluate_cases(
    cases: Sequence[Case],
    model: Model,
    predictor: Predictor,
    *,
    protocol: Protocol = "native",
    opinion: SecondOpinion | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Score `model` on each of `cases`; one that fails is told in the outcome, the rest go on.

    `opinion` is given every figure to compute it again.
    """
    rows: list[EvaluationRow] = []
    notices: list[str] = []
    failed: dict[str, str] = {}
    device, seconds = "", 0.0
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            loaded.require_ground_truth()
            prediction = predictor(loaded, inner)
            rows.append(score_case(loaded, prediction, model, protocol, opinion))
            device, seconds = prediction.device, seconds + prediction.seconds
            notices += loaded.notices
        except AppError as error:
            failed[case.id] = str(error)
    verified = None if opinion is None else opinion.found
    return Outcome(tuple(rows), failed, device, seconds, tuple(notices), verified)


def score_case(
    loaded: LoadedCase,
    prediction: Prediction,
    model: Model,
    protocol: Protocol,
    opinion: SecondOpinion | None = None,
) -> EvaluationRow:
    """Return the figures of one case; raises `DataError` without whole images and ground truth."""
    truth, grid = loaded.require_ground_truth(), loaded.volume.geometry
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


def summarise_evaluation(outcome: Outcome, model: Model, protocol: Protocol) -> Summary:
    """Return the summary of an outcome; figures are None when no case could be scored."""
    scores = [row.dsc for row in outcome.rows]
    post = model.spec.postprocessing
    return Summary(
        mean=statistics.fmean(scores) if scores else None,
        median=statistics.median(scores) if scores else None,
        standard_deviation=statistics.stdev(scores) if len(scores) > 1 else None,
        n=len(scores),
        failed=outcome.failed,
        model=model.spec.id,
        protocol=protocol,
        device=outcome.device,
        seconds=round(outcome.seconds, 3),
        threshold=post.threshold,
        largest_component=post.largest_component or protocol == "reference",
        distance_unit=" and ".join(sorted({row.distance_unit for row in outcome.rows})) or "voxels",
        notices=outcome.notices,
        verified=outcome.verified,
    )


def write_evaluation(out: Path, outcome: Outcome, model: Model, protocol: Protocol) -> Summary:
    """Write metrics.csv, summary.json and dsc.png into `out`; returns the summary."""
    summary = summarise_evaluation(outcome, model, protocol)
    write_csv(out / "metrics.csv", EvaluationRow.__struct_fields__, map(_cells, outcome.rows))
    write_bytes(out / "summary.json", msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
    if outcome.rows:
        title = f"{model.spec.title}: DSC of {summary.n} cases, {protocol} protocol"
        dsc_chart([(row.case, row.dsc) for row in outcome.rows], out / "dsc.png", title=title)
    return summary


def _cells(row: EvaluationRow) -> list[str]:
    values = [getattr(row, name) for name in EvaluationRow.__struct_fields__]
    return ["" if v is None else f"{v:.6f}" if isinstance(v, float) else str(v) for v in values]

"""Score predictions of many cases: rows, CSV, summary and chart."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from core.domain.errors import AppError
from core.domain.metrics import EMPTY_RULE
from core.domain.progress import Progress, silent
from core.domain.protocol import Protocol
from core.domain.statistics import describe
from core.inference.prediction_service import Predictor
from core.io.atomic import write_bytes
from core.io.case import Case, each_case
from core.io.case_reader import read_case
from core.io.csv_file import write_csv
from core.models.provenance import CaseInput, Made, input_of, made_from
from core.models.registry import Model
from core.studies.case_score import (
    BINARY_FIELDS,
    LABEL_FIELDS,
    EvaluationRow,
    score_case,
    score_labels,
)
from core.studies.figures import dsc_chart
from core.studies.second_opinion import SecondOpinion, Verified


class LabelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one label or region over all cases; None without a case that has one."""

    n: int
    mean: float | None
    median: float | None
    standard_deviation: float | None
    hd95_median: float | None
    surface_dice_mean: float | None
    lesion_f1_mean: float | None
    empty_in_both: int
    """Cases in which neither truth nor prediction has it; they count as the empty rule says."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What `summary.json` says; `mean`, `median` and `standard_deviation` are of the DSC.

    `made` tells what the figures were made from: inputs, model, versions. `labels` are the figures
    of each label and region, left out for binary cases; the others are of the whole then, or of the
    region that was asked for.
    """

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
    made: Made | None = None
    verified: Verified | None = None
    labels: dict[str, LabelSummary] | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True)
class Outcome:
    """Rows of the cases that could be scored, and a sentence for each that could not.

    `label_rows` are those of each region and label of the cases that have several.

    `notices` are sentences about files of cases that were scored all the same; `inputs` say by
    case what each was read from, `verified` is what medpy found of the figures.
    """

    rows: tuple[EvaluationRow, ...]
    failed: dict[str, str]
    device: str
    seconds: float
    notices: tuple[str, ...] = ()
    inputs: dict[str, CaseInput] = field(default_factory=dict)
    verified: Verified | None = None
    label_rows: tuple[EvaluationRow, ...] = ()


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
    label_rows: list[EvaluationRow] = []
    notices: list[str] = []
    failed: dict[str, str] = {}
    inputs: dict[str, CaseInput] = {}
    device, seconds = "", 0.0
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            loaded.require_ground_truth()
            prediction = predictor(loaded, inner)
            rows.append(score_case(loaded, prediction, model, protocol, opinion))
            label_rows += score_labels(loaded, prediction, model, protocol, opinion)
            device, seconds = prediction.device, seconds + prediction.seconds
            notices += loaded.notices
            inputs[case.id] = input_of(loaded)
        except AppError as error:
            failed[case.id] = str(error)
    verified = None if opinion is None else opinion.found
    return Outcome(
        tuple(rows), failed, device, seconds, tuple(notices), inputs, verified, tuple(label_rows)
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
        made=made_from((model,), outcome.inputs),
        verified=outcome.verified,
        labels=summarise_labels(outcome.label_rows) or msgspec.UNSET,
    )


def summarise_labels(rows: Sequence[EvaluationRow]) -> dict[str, LabelSummary]:
    """Return what is told of each label and region, in the order they come in."""
    found: dict[str, list[EvaluationRow]] = {}
    for row in rows:
        found.setdefault(row.label, []).append(row)
    return {label: _label_summary(of) for label, of in found.items()}


def _label_summary(rows: Sequence[EvaluationRow]) -> LabelSummary:
    dsc = describe([row.dsc for row in rows])
    return LabelSummary(
        n=dsc.n,
        mean=dsc.mean,
        median=dsc.median,
        standard_deviation=dsc.standard_deviation,
        hd95_median=describe([row.hd95 for row in rows]).median,
        surface_dice_mean=describe([row.surface_dice for row in rows]).mean,
        lesion_f1_mean=describe([row.lesion_f1 for row in rows]).mean,
        empty_in_both=sum(not row.truth_voxels and not row.predicted_voxels for row in rows),
    )


def write_evaluation(out: Path, outcome: Outcome, model: Model, protocol: Protocol) -> Summary:
    """Write metrics.csv, summary.json and dsc.png into `out`; returns the summary.

    Where cases have several labels the first has a row for each of them and each region.
    """
    summary = summarise_evaluation(outcome, model, protocol)
    names, rows = BINARY_FIELDS, outcome.rows
    if outcome.label_rows:
        names, rows = LABEL_FIELDS, outcome.label_rows
    write_csv(out / "metrics.csv", names, (_cells(row, names) for row in rows))
    write_bytes(out / "summary.json", msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
    if outcome.rows:
        title = f"{model.spec.title}: DSC of {summary.n} cases, {protocol} protocol"
        dsc_chart([(row.case, row.dsc) for row in outcome.rows], out / "dsc.png", title=title)
    return summary


def _cells(row: EvaluationRow, names: Sequence[str]) -> list[str]:
    values = [getattr(row, name) for name in names]
    return ["" if v is None else f"{v:.6f}" if isinstance(v, float) else str(v) for v in values]

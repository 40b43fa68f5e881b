"""What an evaluation says: metrics.csv, slices.csv, summary.json and the chart of its DSC."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.domain.metrics import EMPTY_RULE, HD95_RULE
from core.domain.protocol import Protocol
from core.domain.statistics import describe
from core.io.csv_file import write_csv
from core.io.json_file import write_json
from core.models.provenance import Made, made_from
from core.models.registry import Model
from core.studies.scores.case_score import BINARY_FIELDS, LABEL_FIELDS, EvaluationRow, SliceRow
from core.studies.scores.evaluation import Outcome
from core.studies.scores.figures import dsc_chart
from core.studies.scores.mask_settings import MaskSettings, mask_settings
from core.studies.scores.second_opinion import Verified

SLICES_FILE = "slices.csv"


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

    `made` tells what the figures were made from: inputs, model, versions; `settings` is all else
    that changed a mask. `labels` are the figures of each label and region, left out for binary
    cases; the others are of the whole then, or of the region that was asked for.
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
    settings: MaskSettings | None = None
    hd95_rule: str = HD95_RULE
    hd95_median: float | None = None
    hd95_max_median: float | None = None


def summarise_evaluation(
    outcome: Outcome, model: Model, protocol: Protocol, settings: MaskSettings | None = None
) -> Summary:
    """Return the summary of an outcome; figures are None when no case could be scored.

    `settings` are the model's own under that protocol when None.
    """
    scores = [row.dsc for row in outcome.rows]
    used = settings or mask_settings(model, protocol=protocol)
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
        threshold=used.threshold,
        largest_component=used.largest_component,
        distance_unit=" and ".join(sorted({row.distance_unit for row in outcome.rows})) or "voxels",
        notices=outcome.notices,
        made=made_from((model,), outcome.inputs),
        verified=outcome.verified,
        labels=summarise_labels(outcome.label_rows) or msgspec.UNSET,
        settings=used,
        hd95_median=describe([row.hd95 for row in outcome.rows]).median,
        hd95_max_median=describe([row.hd95_max for row in outcome.rows]).median,
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


def write_evaluation(
    out: Path,
    outcome: Outcome,
    model: Model,
    protocol: Protocol,
    settings: MaskSettings | None = None,
) -> Summary:
    """Write metrics.csv, slices.csv, summary.json and dsc.png into `out`; returns the summary.

    Where cases have several labels the first has a row for each of them and each region.
    `settings` are as in `summarise_evaluation`.
    """
    summary = summarise_evaluation(outcome, model, protocol, settings)
    names, rows = BINARY_FIELDS, outcome.rows
    if outcome.label_rows:
        names, rows = LABEL_FIELDS, outcome.label_rows
    write_csv(out / "metrics.csv", names, (_cells(row, names) for row in rows))
    of_slices = SliceRow.__struct_fields__
    write_csv(out / SLICES_FILE, of_slices, (_cells(row, of_slices) for row in outcome.slice_rows))
    write_json(out / "summary.json", summary)
    if outcome.rows:
        title = f"{model.spec.title}: DSC of {summary.n} cases, {protocol} protocol"
        dsc_chart([(row.case, row.dsc) for row in outcome.rows], out / "dsc.png", title=title)
    return summary


def _cells(row: EvaluationRow | SliceRow, names: Sequence[str]) -> list[str]:
    values = [getattr(row, name) for name in names]
    return ["" if v is None else f"{v:.6f}" if isinstance(v, float) else str(v) for v in values]

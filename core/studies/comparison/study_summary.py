"""What a study says: each model described, each model against each, the cases worth a look."""

from itertools import combinations

import msgspec

from core.domain.grid import LengthUnit
from core.domain.lesions import matching_rule
from core.domain.metrics import DEFAULT_TOLERANCE, EMPTY_RULE, HD95_RULE
from core.domain.statistics import (
    INTERVAL_RULE,
    Description,
    PairedComparison,
    compare_pairs,
    describe,
)
from core.models.lineage import code_version
from core.models.provenance import Made, made_from
from core.studies.comparison.study import Study
from core.studies.scores.case_figures import METRICS, CaseFigures
from core.studies.scores.mask_settings import MaskSettings, mask_settings
from core.studies.scores.second_opinion import Verified

PAIR_METRICS = {
    "dsc": False,
    "hd95": True,
    "hd95_max": True,
    "average_surface_distance": True,
    "lesion_f1": False,
    "lesion_f1_any": False,
    "volume_error": True,
}
"""Figures over which models are compared, and whether lower is better."""


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One model over all cases: each figure described; `volume_error` is without its sign.

    Of a label or region `empty_in_both` counts cases in which neither truth nor prediction has it.
    """

    id: str
    title: str
    cases: int
    figures: dict[str, Description]
    empty_in_both: int | msgspec.UnsetType = msgspec.UNSET


class StudySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `summary.json` of a comparison says; `pairs` are by figure, each in the same order.

    `made` tells what the figures were made from: inputs, models, versions; `settings` is all else
    that changed a mask, by model. `labels` are the models over each region and label, left out for
    binary cases; the others are of the whole then, or of the region that was asked for.
    """

    version: str
    cases: int
    models: list[ModelSummary]
    pairs: dict[str, list[PairedComparison]]
    mean_disagreement: float | None
    failed: dict[str, str]
    distance_unit: str
    tolerance: float
    empty_rule: str
    matching_rule: str
    lesion_iou: float
    hd95_rule: str
    interval: str
    seconds: float
    notices: tuple[str, ...] = ()
    made: Made | None = None
    verified: Verified | None = None
    labels: dict[str, list[ModelSummary]] | msgspec.UnsetType = msgspec.UNSET
    settings: dict[str, MaskSettings] = {}


def scores(study: Study, metric: str) -> dict[str, dict[str, float | None]]:
    """Return a figure by model and case; `volume_error` is `volume_difference` without its sign."""
    found: dict[str, dict[str, float | None]] = {model: {} for model in study.titles}
    for row in study.rows:
        found[row.model][row.case] = figure(row, metric)
    return found


def figure(row: CaseFigures, metric: str) -> float | None:
    """Return one figure of a row, by its name in `CaseFigures`, or `volume_error`."""
    if metric == "volume_error":
        return None if row.volume_difference is None else abs(row.volume_difference)
    value: float | None = getattr(row, metric)
    return value


def _together(units: set[LengthUnit]) -> str:
    """Return the unit of all rows, or what holds of several."""
    if len(units) == 1:
        return units.pop()
    return "mm where known, else voxels" if "voxels" in units else "mm, given for some cases"


def summarise_study(study: Study, *, seed: int = 0) -> StudySummary:
    """Describe every model and compare every two; the same numbers for the same rows and seed."""
    units = {row.unit for row in study.rows}
    divided = list((study.disagreements or {}).values())
    return StudySummary(
        version=code_version(),
        cases=len(study.cases),
        models=[_model_summary(study, model) for model in study.titles],
        pairs={
            metric: compare_pairs(scores(study, metric), lower_is_better=lower, seed=seed)
            for metric, lower in PAIR_METRICS.items()
        },
        mean_disagreement=describe(divided).mean,
        failed=dict(study.failed),
        distance_unit=_together(units),
        tolerance=DEFAULT_TOLERANCE,
        empty_rule=EMPTY_RULE,
        matching_rule=matching_rule(study.lesion_iou),
        lesion_iou=study.lesion_iou,
        hd95_rule=HD95_RULE,
        interval=INTERVAL_RULE,
        seconds=round(study.seconds, 3),
        notices=study.notices,
        made=made_from(study.models, study.inputs),
        verified=study.verified,
        labels=_by_label(study) or msgspec.UNSET,
        settings={m.spec.id: mask_settings(m) for m in study.models if m.runs},
    )


def worst_and_best(study: Study, count: int) -> tuple[list[str], list[str]]:
    """Return the ids of the cases with the lowest and the highest mean DSC over the models.

    No case is in both; the worst come first in theirs, the best in theirs.
    """
    by_case: dict[str, list[float | None]] = {}
    for row in study.rows:
        by_case.setdefault(row.case, []).append(row.dsc)
    means = {case: describe(values).mean for case, values in by_case.items()}
    known = {case: mean for case, mean in means.items() if mean is not None}
    order = sorted(known, key=lambda case: known[case])
    worst = order[: min(count, (len(order) + 1) // 2)]
    return worst, order[len(worst) :][::-1][:count]


def model_pairs(study: Study) -> list[tuple[str, str]]:
    """Return every two models of a study, in order."""
    return list(combinations(study.titles, 2))


def _by_label(study: Study) -> dict[str, list[ModelSummary]]:
    labels = dict.fromkeys(row.label for row in study.label_rows)
    return {
        label: [_model_summary(study, model, label) for model in study.titles] for label in labels
    }


def _model_summary(study: Study, model: str, label: str = "") -> ModelSummary:
    every = study.label_rows if label else study.rows
    rows = [row for row in every if row.model == model and row.label == label]
    names = (*METRICS, "volume_error", "uncertainty")
    empty = sum(row.truth_voxels == 0 and row.predicted_voxels == 0 for row in rows)
    return ModelSummary(
        empty_in_both=empty if label else msgspec.UNSET,
        id=model,
        title=study.titles[model],
        cases=len(rows),
        figures={name: describe([figure(row, name) for row in rows]) for name in names},
    )

"""What folds say together: figures of every case out of its fold, their means and intervals."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from core.domain.statistics import MeanInterval, describe, fold_interval, mean_interval
from core.io.csv_file import write_csv
from core.io.json_file import write_json
from core.studies.fold_figures import (
    FOLD_CASES_FILE,
    FOLD_CHART_FILE,
    FOLD_SUMMARY_FILE,
    FoldFigures,
    FoldSummary,
)
from core.studies.scores.case_score import EvaluationRow
from core.studies.scores.figures import dsc_chart
from training.folds.fold_unit import FoldFound

_FIGURES = ("dsc", "iou", "sensitivity", "precision", "hd95", "hd95_max")


def summarise_folds(found: Sequence[FoldFound], *, seed: int) -> FoldSummary:
    """Return the summary of folds that are all there."""
    rows = [row for fold in found for row in fold.rows]
    figures = {name: describe(_by_case(rows, name)) for name in _FIGURES}
    means = [fmean(row.dsc for row in fold.rows) for fold in found]
    judged = sum(len(fold.rows) for fold in found) // len(found)
    learnt = sum(fold.learnt for fold in found) // len(found)
    return FoldSummary(
        cases=len({row.case for row in rows}),
        folds=max(fold.fold for fold in found),
        repeats=max(fold.repeat for fold in found),
        figures=figures,
        over_cases=mean_interval([v for v in _by_case(rows, "dsc") if v is not None]),
        over_folds=fold_interval(means, judged=judged, learnt=learnt),
        by_fold=tuple(map(_of_fold, found)),
        models=tuple(fold.model for fold in found),
        seed=seed,
        distance_unit=" and ".join(sorted({row.distance_unit for row in rows})),
    )


def write_folds(out: Path, found: Sequence[FoldFound], *, seed: int, title: str) -> FoldSummary:
    """Write cases.csv, summary.json and dsc.png into `out`; returns the summary."""
    summary = summarise_folds(found, seed=seed)
    names = EvaluationRow.__struct_fields__
    rows = sorted(
        ((row.case, fold.repeat, fold.fold), fold.model, row) for fold in found for row in fold.rows
    )
    cells = [
        (*place, model, *(getattr(row, name) for name in names[1:])) for place, model, row in rows
    ]
    write_csv(out / FOLD_CASES_FILE, ("case", "repeat", "fold", "model", *names[1:]), cells)
    write_json(out / FOLD_SUMMARY_FILE, summary)
    known = dict.fromkeys(row.case for _, _, row in rows)
    mean = zip(known, _by_case([row for _, _, row in rows], "dsc"), strict=True)
    dsc_chart(
        [(case, dsc) for case, dsc in mean if dsc is not None], out / FOLD_CHART_FILE, title=title
    )
    return summary


def said_of(summary: FoldSummary) -> str:
    """Return the summary in two lines."""
    dsc, over = summary.figures["dsc"], summary.over_cases
    spread = "" if dsc.standard_deviation is None else f" ± {dsc.standard_deviation:.4f}"
    by_fold = ", ".join(f"{each.dsc.mean:.3f}" for each in summary.by_fold)
    return (
        f"{summary.cases} cases out of fold: mean DSC {dsc.mean:.4f}{spread}{_said(over)}, median "
        f"{dsc.median:.4f}\nby fold {by_fold}: mean {summary.over_folds.mean:.4f}"
        f"{_said(summary.over_folds)}"
    )


def _said(interval: MeanInterval) -> str:
    if interval.low is None:
        return ""
    return f" (95 % {interval.low:.4f} to {interval.high:.4f})"


def _of_fold(fold: FoldFound) -> FoldFigures:
    values = [row.dsc for row in fold.rows]
    return FoldFigures(
        repeat=fold.repeat,
        fold=fold.fold,
        model=fold.model,
        dsc=describe(values),
        interval=mean_interval(values),
    )


def _by_case(rows: Sequence[EvaluationRow], name: str) -> list[float | None]:
    """Return the mean of a figure over the repeats, a value a case in order of the rows."""
    found: dict[str, list[float]] = {row.case: [] for row in rows}
    for row in rows:
        if (value := getattr(row, name)) is not None:
            found[row.case].append(value)
    return [fmean(values) if values else None for values in found.values()]

"""The outcome of several trainings as a table for readers: folds, or the trials of a search."""

import csv
from dataclasses import dataclass
from pathlib import Path

from core.domain.figure_text import MISSING, counted, figure, spread
from core.domain.statistics import Description, MeanInterval
from core.studies.fold_figures import FoldFigures, FoldSummary, read_fold_summary

TRIALS_FILE, BEST_FILE = "sweep.csv", "best.txt"
_FOLD_HEADS = ("Fold", "Cases", "Mean DSC ± SD", "Median", "95 % interval")
_NUMBER = 4
_FIGURES = {
    "dsc_selection": "DSC of selection",
    "best_step": "best step",
    "steps": "steps",
    "rounds": "rounds",
    "failed": "failed",
}


@dataclass(frozen=True)
class UnitTable:
    """`facts` are pairs of name and figure over all, `rows` one a training under the `heads`.

    `note` says how to read it.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def read_unit_table(folder: Path) -> UnitTable | None:
    """Return what the folder of folds or of a search holds.

    None where it is not all there, or damaged.
    """
    summary = read_fold_summary(folder)
    return _trial_table(folder) if summary is None else fold_table(summary)


def fold_table(summary: FoldSummary) -> UnitTable:
    """Return the figures of folds: over all cases, and a row a fold."""
    dsc = summary.figures["dsc"]
    times = "" if summary.repeats == 1 else f", {summary.repeats} times"
    facts = (
        ("Cases out of fold", f"{summary.cases}"),
        ("Mean DSC ± SD", _spread(dsc)),
        ("Median", figure(dsc.median)),
        ("95 % over cases", interval_text(summary.over_cases)),
        ("95 % over folds", interval_text(summary.over_folds)),
    )
    note = "Every case is scored by a model that never saw it. " + _sentence(summary.rule)
    rows = tuple(_fold_row(each, repeats=summary.repeats) for each in summary.by_fold)
    return UnitTable(f"{counted(summary.folds, 'fold')}{times}", facts, _FOLD_HEADS, rows, note)


def interval_text(found: MeanInterval) -> str:
    """Return an interval of a mean, or that there are too few for one."""
    if found.low is None or found.high is None:
        return "too few"
    return f"{figure(found.low)} to {figure(found.high)}"


def _fold_row(fold: FoldFigures, *, repeats: int) -> tuple[str, ...]:
    name = str(fold.fold) if repeats == 1 else f"{fold.repeat}.{fold.fold}"
    dsc = fold.dsc
    return (name, str(dsc.n), _spread(dsc), figure(dsc.median), interval_text(fold.interval))


def _spread(found: Description) -> str:
    return spread(found.mean, found.standard_deviation)


def _trial_table(folder: Path) -> UnitTable | None:
    try:
        with (folder / TRIALS_FILE).open(newline="", encoding="utf-8") as file:
            heads, best, *others = list(csv.reader(file))
        place = heads.index("dsc_selection")
    except (OSError, ValueError, csv.Error):
        return None
    rows = [best, *others]
    if any(len(row) != len(heads) for row in rows):
        return None
    tried = zip(heads[1:place], best[1:place], strict=True)
    settings = ", ".join(f"{name} = {value}" for name, value in tried)
    facts = (
        ("Trials", str(len(rows))),
        ("Best", settings),
        ("DSC of selection", _short(best[place])),
    )
    note = (
        "The best first, by the DSC of the selection cases, which chose it: it is therefore too "
        f"good. The command line of the best is in {BEST_FILE}."
    )
    named = tuple(_FIGURES.get(name, name) for name in heads)
    shown = tuple(tuple(_short(cell) for cell in row) for row in rows)
    return UnitTable(counted(len(rows), "trial"), facts, named, shown, note)


def _short(cell: str) -> str:
    try:
        return cell if cell.lstrip("-").isdigit() else f"{float(cell):.{_NUMBER}g}"
    except ValueError:
        return cell or MISSING


def _sentence(rule: str) -> str:
    return f"Intervals: {rule}."

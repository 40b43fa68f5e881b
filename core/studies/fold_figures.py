"""What folds say together, as `summary.json` in their folder keeps it."""

import csv
from pathlib import Path
from statistics import fmean

import msgspec

from core.domain.errors import DataError, reason
from core.domain.metrics import EMPTY_RULE
from core.domain.statistics import Description, MeanInterval
from core.io.csv_file import plain
from core.io.json_file import decode_json

FOLD_CASES_FILE, FOLD_SUMMARY_FILE, FOLD_CHART_FILE = "cases.csv", "summary.json", "dsc.png"
_DSC = "dsc"
FOLD_RULE = (
    "95 %. over cases: t, of each case's mean over the repeats, from 6 cases up; it takes the "
    "cases for independent. over folds: corrected resampled t (Nadeau and Bengio 2003), from 3 up"
)


class FoldFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The DSC of one fold's cases by the model that never saw them."""

    repeat: int
    fold: int
    model: str
    dsc: Description
    interval: MeanInterval


class FoldSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `summary.json` of folds says.

    `figures` describe each case's mean over the repeats. `over_cases` and `over_folds` are the mean
    DSC with its interval, by the `rule`.
    """

    cases: int
    folds: int
    repeats: int
    figures: dict[str, Description]
    over_cases: MeanInterval
    over_folds: MeanInterval
    by_fold: tuple[FoldFigures, ...]
    models: tuple[str, ...]
    seed: int
    distance_unit: str
    rule: str = FOLD_RULE
    empty_rule: str = EMPTY_RULE


def read_fold_summary(folder: Path) -> FoldSummary | None:
    """Return what the folds in a folder say, None where they are not all there yet."""
    try:
        found = decode_json((folder / FOLD_SUMMARY_FILE).read_bytes(), FoldSummary)
    except (OSError, msgspec.DecodeError):
        return None
    return found if _DSC in found.figures else None


def fold_rows(folder: Path) -> list[tuple[str, tuple[int, int], float]]:
    """Return case, repeat and fold, and DSC of each row of the table of folds in a folder.

    Raises `DataError` for a folder without one, and for a table that is damaged or cut short.
    """
    path = folder / FOLD_CASES_FILE
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        # A cell that a row lacks is None.
        found = [
            (plain(row["case"]), (int(row["repeat"]), int(row["fold"])), float(row[_DSC]))
            for row in rows
        ]
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise _no_folds(path, f"{why}") from error
    if not found:
        raise _no_folds(path, "no row")
    return found


def read_fold_cases(folder: Path) -> dict[str, float]:
    """Return the DSC of each case out of its fold, its mean over the repeats.

    Raises `DataError` as `fold_rows`.
    """
    found: dict[str, list[float]] = {}
    for case, _, dsc in fold_rows(folder):
        found.setdefault(case, []).append(dsc)
    return {case: fmean(values) for case, values in found.items()}


def _no_folds(path: Path, found: str) -> DataError:
    return DataError(
        f"{path}: expected the figures of every case that train --folds writes, found: {found}. "
        "Give the command that made the folds again: it writes them anew."
    )

"""What folds say together, as `summary.json` in their folder keeps it."""

import csv
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import msgspec

from core.domain.errors import DataError
from core.domain.metrics import EMPTY_RULE
from core.domain.statistics import Description, MeanInterval
from core.io.csv_file import plain
from core.io.json_file import decode_json

FOLD_CASES_FILE, FOLD_SUMMARY_FILE, FOLD_CHART_FILE = "cases.csv", "summary.json", "dsc.png"
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
        return decode_json((folder / FOLD_SUMMARY_FILE).read_bytes(), FoldSummary)
    except (OSError, msgspec.DecodeError):
        return None


def fold_rows(folder: Path) -> Iterator[tuple[str, tuple[int, int], float]]:
    """Yield case, repeat and fold, and DSC of each row of the table of folds in a folder.

    Raises `OSError`, and `ValueError`, `KeyError` or `csv.Error` for another table.
    """
    with (folder / FOLD_CASES_FILE).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            place = int(row["repeat"]), int(row["fold"])
            yield plain(row["case"]), place, float(row["dsc"])


def read_fold_cases(folder: Path) -> dict[str, float]:
    """Return the DSC of each case out of its fold, its mean over the repeats.

    Raises `DataError` for a folder without a table of folds.
    """
    found: dict[str, list[float]] = {}
    try:
        for case, _, dsc in fold_rows(folder):
            found.setdefault(case, []).append(dsc)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DataError(
            f"{folder / FOLD_CASES_FILE}: expected the figures of every case, found: {error}. Give "
            "the command that made the folds again: it writes them anew."
        ) from error
    return {case: fmean(values) for case, values in found.items()}

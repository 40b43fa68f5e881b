"""Write a study to files: comparison.csv, summary.json and the figures."""

import csv
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from core.domain.errors import FileError
from core.io.csv_file import plain, write_csv
from core.io.json_file import write_json
from core.review.reviews import Review
from core.review.subject import Subject
from core.studies.comparison.study import Study
from core.studies.comparison.study_figures import bland_altman_plot, dsc_by_model, scatter
from core.studies.comparison.study_summary import StudySummary, model_pairs, scores, summarise_study
from core.studies.scores.case_figures import CaseFigures

FIGURES_FILE, SUMMARY_FILE = "comparison.csv", "summary.json"


def write_study(out: Path, study: Study) -> StudySummary:
    """Write comparison.csv, summary.json and the figures into `out`; returns the summary."""
    summary = summarise_study(study)
    figures_csv(out / FIGURES_FILE, joined(study.rows, study.label_rows))
    write_json(out / SUMMARY_FILE, summary)
    write_figures(out, study)
    return summary


def write_figures(out: Path, study: Study) -> list[Path]:
    """Write the figures that the rows allow; returns their paths, the chart of all models first."""
    figures = _figures(study)
    for name, draw in figures.items():
        draw(out / name)
    return [out / name for name in figures]


def figure_paths(out: Path, study: Study) -> list[Path]:
    """Return the paths of the figures that `write_figures` writes into `out`."""
    return [out / name for name in _figures(study)]


def _figures(study: Study) -> dict[str, Callable[[Path], None]]:
    """Return what writes each figure that the rows allow, by the name of its file."""
    found: dict[str, Callable[[Path], None]] = {}
    dsc, volume = scores(study, "dsc"), scores(study, volume_figure(study))
    if any(value is not None for column in dsc.values() for value in column.values()):
        found["dsc_by_case.png"] = partial(dsc_by_model, scores=dsc, titles=study.titles)
    for first, second in model_pairs(study):
        names = (study.titles[first], study.titles[second])
        if any(
            dsc[first].get(c) is not None and dsc[second].get(c) is not None for c in dsc[first]
        ):
            found[f"scatter_{first}_{second}.png"] = partial(
                scatter, first=dsc[first], second=dsc[second], names=names
            )
        if set(volume[first]) & set(volume[second]):
            found[f"bland_altman_{first}_{second}.png"] = partial(
                bland_altman_plot,
                first=volume[first],
                second=volume[second],
                names=names,
                unit=volume_unit(study),
            )
    return found


def volume_figure(study: Study) -> str:
    """Return which field holds the volumes: in mL only when every case has a known spacing."""
    known = all(row.predicted_ml is not None for row in study.rows)
    return "predicted_ml" if known else "predicted_voxels"


def volume_unit(study: Study) -> str:
    """Return the unit of `volume_figure`: `voxels`, `mL`, or `mL given` by a reader for some."""
    if volume_figure(study) == "predicted_voxels":
        return "voxels"
    return "mL given" if any(row.unit == "mm given" for row in study.rows) else "mL"


def figures_csv(path: Path, rows: Iterable[CaseFigures]) -> None:
    """Write rows of figures as CSV (UTF-8, a comma between); an undefined figure is empty.

    There is a column `label` where there are rows of several.
    """
    found = list(rows)
    names = tuple(name for name in CaseFigures.__struct_fields__ if name != "label")
    if any(row.label for row in found):
        names = ("case", "model", "label", *names[2:])
    _write_csv(path, names, found)


def joined(rows: Sequence[CaseFigures], label_rows: Sequence[CaseFigures]) -> list[CaseFigures]:
    """Return one list of rows, by case and model: those of its labels, else its only one."""
    by_label: dict[tuple[str, str], list[CaseFigures]] = {}
    for row in label_rows:
        by_label.setdefault((row.case, row.model), []).append(row)
    return [each for row in rows for each in by_label.get((row.case, row.model), [row])]


def parted(rows: Sequence[CaseFigures]) -> tuple[list[CaseFigures], list[CaseFigures]]:
    """Return the rows of whole cases and those of labels that `joined` made one list of."""
    whole: dict[tuple[str, str], CaseFigures] = {}
    for row in rows:  # of the labels of a case the first is the whole
        whole.setdefault((row.case, row.model), msgspec.structs.replace(row, label=""))
    return list(whole.values()), [row for row in rows if row.label]


def read_figures(path: Path) -> list[CaseFigures]:
    """Return the rows of a file that `figures_csv` wrote; raises `FileError` for any other."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            found = list(csv.DictReader(file))
        if any(None in row for row in found):
            raise csv.Error("a row of more cells than the first")
        rows = [{name: plain(row[name] or "") or _nothing(name) for name in row} for row in found]
        return msgspec.convert(rows, list[CaseFigures], strict=False)
    except (OSError, UnicodeDecodeError, csv.Error, msgspec.ValidationError) as error:
        raise FileError(
            path,
            expected="the rows of a comparison",
            found=str(error),
            action="Run the comparison again.",
        ) from error


def _nothing(name: str) -> str | None:
    return "" if name == "label" else None


def reviews_csv(path: Path, reviews: Iterable[Review]) -> None:
    """Write reviews as CSV (UTF-8, a comma between), each with what it is of.

    What is not known of that is empty; `model` is empty where there was no prediction, too.
    """
    own = [name for name in Review.__struct_fields__ if name != "subject"]
    of = Subject.__struct_fields__
    rows = (
        [getattr(review, name) for name in own]
        + [None if review.subject is None else getattr(review.subject, name) for name in of]
        for review in reviews
    )
    write_csv(path, (*own, *of), rows)


def _write_csv(path: Path, names: tuple[str, ...], rows: Iterable[msgspec.Struct]) -> None:
    write_csv(path, names, ([getattr(row, name) for name in names] for row in rows))

"""Folds and searches as a report: tables, pictures, and pairs of what has the same cases."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.domain.errors import DataError
from core.domain.figure_text import MISSING, counted, interval, p_value, signed
from core.domain.statistics import (
    INTERVAL_RULE,
    PairedComparison,
    compare_pairs,
    fold_interval,
)
from core.domain.version import version
from core.io.atomic import write_bytes
from core.jobs.job_folder import list_jobs
from core.models.fold_file import read_fold_file
from core.studies.comparison.html_report import report_pages
from core.studies.fold_figures import (
    FOLD_CHART_FILE,
    read_fold_cases,
    read_fold_summary,
)
from core.studies.unit_table import BEST_FILE, UnitTable, read_unit_table
from training.folds.fold_study import FOLDS_FOLDER
from training.sweep.sweep import TRIALS_FOLDER
from training.sweep.sweep_report import FIGURE_FILE
from training.train import read_job

HTML_FILE = "report.html"
_PAIR_HEADS = (
    *("First", "Second", "Cases", "Mean difference", "95 % over cases", "95 % over folds"),
    *("p", "p, Holm", "Wins / ties / losses"),
)
_PAIR_NOTE = (
    f"DSC, first less second, of the cases that both have. Over cases: {INTERVAL_RULE}; it takes "
    "the cases for independent and leaves out what another seed would change. Over folds: "
    "corrected resampled t (Nadeau and Bengio 2003), where both have the same folds. p: Wilcoxon "
    "signed-rank, and corrected by Holm over all pairs."
)


@dataclass(frozen=True)
class _Section:
    """What one folder says: how it was trained, its table, its picture, and a command line."""

    name: str
    said: str
    table: UnitTable
    picture: Path
    command: str = ""


def is_of_units(folder: Path) -> bool:
    """Whether a folder is that of folds or of a search, done or not."""
    return any((folder / name).is_dir() for name in (FOLDS_FOLDER, TRIALS_FOLDER))


def compare_units(folders: Sequence[Path], out: Path) -> str:
    """Write report.html of folders of folds and searches into `out`; return their Markdown.

    Pictures stand in the page itself, for the Markdown as files beside it. Raises `DataError` for
    one that has not come to its end.
    """
    sections = [_section(folder) for folder in folders]
    pairs = _pairs([folder for folder in folders if read_fold_summary(folder) is not None])
    write_bytes(out / HTML_FILE, _html(sections, pairs).encode())
    parts = ["## Folds and searches\n"]
    for section in sections:
        name = f"{section.name}-{section.picture.name}"
        write_bytes(out / name, section.picture.read_bytes())
        parts.append(_markdown(section, name))
    if pairs is not None:
        parts.append(f"### {pairs.title}\n\n{_table(pairs)}\n\n{pairs.note}\n")
    return "\n".join(parts)


def _section(folder: Path) -> _Section:
    table = read_unit_table(folder)
    if table is None:
        raise DataError(
            f"{folder}: expected folds or a search that has ended, found one that has not. Give "
            "the command that began it again: it goes on, or leave it out of the report."
        )
    folds = read_fold_summary(folder) is not None
    best = folder / BEST_FILE
    command = "" if folds or not best.is_file() else best.read_text(encoding="utf-8").strip()
    picture = folder / (FOLD_CHART_FILE if folds else FIGURE_FILE)
    return _Section(
        folder.absolute().name, _settings_said(folder, folds=folds), table, picture, command
    )


def _pairs(folders: Sequence[Path]) -> UnitTable | None:
    """Return every two of folds that have cases in common, None for fewer than two folders."""
    if len(folders) < 2:
        return None
    names = [folder.absolute().name for folder in folders]
    if len(set(names)) < len(names):
        raise DataError(
            f"report: expected folders of different names, found {', '.join(names)}. Rename one."
        )
    by_name = dict(zip(names, folders, strict=True))
    found = compare_pairs({name: read_fold_cases(folder) for name, folder in by_name.items()})
    rows = tuple(_pair(pair, by_name[pair.first], by_name[pair.second]) for pair in found)
    return UnitTable("Paired", (), _PAIR_HEADS, rows, _PAIR_NOTE)


def _pair(pair: PairedComparison, first: Path, second: Path) -> tuple[str, ...]:
    return (
        pair.first,
        pair.second,
        str(pair.n),
        signed(pair.mean_difference),
        interval(pair.low, pair.high),
        _over_folds(first, second),
        p_value(pair.wilcoxon_p),
        p_value(pair.holm_p),
        f"{pair.wins} / {pair.ties} / {pair.losses}",
    )


def _over_folds(first: Path, second: Path) -> str:
    """Return the interval of the mean difference over the folds, where both have the same."""
    files = read_fold_file(first), read_fold_file(second)
    one, other = read_fold_summary(first), read_fold_summary(second)
    dealt = [file.folds for file in files if file is not None]
    if one is None or other is None or len(dealt) < len(files) or dealt[0] != dealt[1]:
        return "other folds"
    differences = [
        (a.dsc.mean or 0.0) - (b.dsc.mean or 0.0)
        for a, b in zip(one.by_fold, other.by_fold, strict=True)
    ]
    judged = sum(fold.dsc.n for fold in one.by_fold) // len(one.by_fold)
    over = fold_interval(differences, judged=judged, learnt=one.cases - judged)
    return interval(over.low, over.high)


def _settings_said(folder: Path, *, folds: bool) -> str:
    """Return how trainings were made; of a search, all that its table does not tell."""
    jobs = list_jobs(folder / (FOLDS_FOLDER if folds else TRIALS_FOLDER))
    spec = read_job(jobs[0].path)
    arguments = "".join(f" {name}={value}" for name, value in spec.arguments.items())
    budgets = (
        counted(spec.max_steps, "step") if spec.max_steps else "",
        counted(spec.epochs, "epoch") if spec.epochs else "",
        f"{spec.minutes:g} minutes" if spec.minutes else "",
    )
    seen = spec.preprocessing
    size = "native size" if seen.size is None else f"{seen.size}×{seen.size}"
    told = (
        f"{spec.architecture}{arguments}",
        f"{spec.loss}",
        " or ".join(filter(None, budgets)),
        f"batch {spec.batch_size}",
        f"{size}, {counted(2 * seen.neighbours + 1, 'slice')} at a time",
        f"{spec.optimiser} at {spec.learning_rate:g}, seed {spec.seed}",
    )
    return "; ".join(told) + ("." if folds else "; the first trial's, where not in the table.")


def _markdown(section: _Section, picture: str) -> str:
    facts = "\n".join(f"- {name}: {value}" for name, value in section.table.facts)
    command = f"\n```\n{section.command}\n```\n" if section.command else ""
    return f"""### {section.name}: {section.table.title}

{section.said}

{facts}

{_table(section.table)}

{section.table.note}
{command}
![{section.name}]({picture})
"""


def _table(table: UnitTable) -> str:
    rows = "\n".join(f"| {' | '.join(cell or MISSING for cell in row)} |" for row in table.rows)
    return f"| {' | '.join(table.heads)} |\n|{'---|' * len(table.heads)}\n{rows}"


def _html(sections: Sequence[_Section], pairs: UnitTable | None) -> str:
    """Return the page; every text is escaped."""
    pictures = {
        section.name: f"data:image/png;base64,{b64encode(section.picture.read_bytes()).decode()}"
        for section in sections
    }
    return (
        report_pages()
        .get_template("trainings.html.j2")
        .render(
            sections=sections,
            pairs=pairs,
            pictures=pictures,
            made=datetime.now(UTC).isoformat(sep=" ", timespec="minutes"),
            version=version(),
        )
    )

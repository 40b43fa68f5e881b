"""The file of results: trainings, classifiers, folds and searches, from their folders."""

from collections.abc import Sequence
from pathlib import Path

from core.domain.errors import DataError, reason
from core.io.atomic import write_bytes
from core.jobs.classify_spec import task_of
from training.reports.report import compare_networks
from training.reports.unit_report import compare_units, is_of_units
from training.triage.report import compare_classifiers

RESULTS_FILE = "RESULTS.md"


def write_results(
    runs: Sequence[Path], out: Path, *, notes: Path | None = None, triage_notes: Path | None = None
) -> None:
    """Write RESULTS.md, with the tables and figures it names, of job folders into `out`.

    Folders of folds and of searches are told first, and in report.html too.

    `notes` and `triage_notes` are files of Markdown that go below the table of networks and below
    that of classifiers. Raises `TrainingError` for a folder without a finished training.
    """
    units = [run for run in runs if is_of_units(run)]
    single = [run for run in runs if run not in units]
    segment = [run for run in single if task_of(run) == "segment"]
    classify = [run for run in single if run not in segment]
    parts = ["# Results\n"]
    if units:
        parts.append(compare_units(units, out))
    if segment:
        parts.append(compare_networks(segment, out, notes=_text(notes)))
    if classify:
        parts.append(compare_classifiers(classify, out, notes=_text(triage_notes)))
    write_bytes(out / RESULTS_FILE, "\n".join(parts).encode())


def _text(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        found = reason(error) if isinstance(error, OSError) else "another encoding"
        raise DataError(
            f"{path}: expected notes as text in UTF-8, found: {found}. Give another file."
        ) from error

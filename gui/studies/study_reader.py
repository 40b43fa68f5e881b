"""Reads what a comparison of models left in its job folder; on a worker, without torch."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.domain.errors import FileError
from core.io.json_file import decode_json
from core.jobs.job_folder import list_jobs
from core.models.registry import Model, ModelSpec
from core.studies.comparison.study import Study
from core.studies.comparison.study_job import StudyJob, read_study_job
from core.studies.comparison.study_report import FIGURES_FILE, SUMMARY_FILE, parted, read_figures
from core.studies.comparison.study_summary import StudySummary
from core.workspace.workspace_folder import registry

STUDIES_FOLDER = "comparisons"


@dataclass(frozen=True, eq=False)
class StudyFound:
    """A comparison that is done: what was asked, every figure, and what they come to."""

    folder: Path
    spec: StudyJob
    summary: StudySummary
    study: Study


def read_study(home: Path, folder: Path) -> StudyFound:
    """Return the comparison in a job folder; raises `FileError` when a file of it is damaged."""
    spec = read_study_job(folder)
    summary = _summary(folder / SUMMARY_FILE)
    rows, label_rows = parted(read_figures(folder / FIGURES_FILE))
    there = {m.spec.id: m for m in registry(home, Path(spec.workspace)).models()[0]}
    titles = {model.id: model.title for model in summary.models}
    models = [there.get(name) or _gone(folder, name, titles) for name in spec.models]
    return StudyFound(
        folder,
        spec,
        summary,
        Study(tuple(models), tuple(rows), dict(summary.failed), label_rows=tuple(label_rows)),
    )


def newest_study(home: Path, studies: Path) -> StudyFound | None:
    """Return the last comparison that is done, None when there is none."""
    for job in reversed(list_jobs(studies)):
        if job.state() == "done":
            return read_study(home, job.path)
    return None


def _summary(path: Path) -> StudySummary:
    try:
        return decode_json(path.read_bytes(), StudySummary)
    except (OSError, msgspec.DecodeError) as error:
        raise FileError(
            path,
            expected="the summary of a comparison",
            found=str(error),
            action="Run the comparison again.",
        ) from error


def _gone(folder: Path, model_id: str, titles: dict[str, str]) -> Model:
    """Return what is left of a model that was deleted since: its name."""
    title = titles.get(model_id, model_id)
    return Model(ModelSpec(id=model_id, title=title, architecture="deleted"), folder / model_id)

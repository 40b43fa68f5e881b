"""All ticked models on all cases as one job: the process behind it, and what its folder holds.

As a program it takes up the job in a folder, which is how the window starts one:

    python -m core.studies.comparison.study_job FOLDER

What was predicted before is taken from the workspace, so a job that was paused, stopped or killed
goes on where it was when it is started again.
"""

import sys
import time
from contextlib import closing
from pathlib import Path

import msgspec

from core.domain.errors import WorkspaceError
from core.domain.progress import Progress
from core.inference.prediction_service import predictors
from core.jobs.job_events import Progressed
from core.jobs.job_folder import (
    JobFolder,
    JobWriter,
    folder_parser,
    go_behind,
    read_spec,
    status_of,
)
from core.jobs.job_work import heed, work_on
from core.review.reviews import reviews
from core.studies.comparison.html_report import StudyReport, write_html
from core.studies.comparison.study import keep_study, run_study
from core.studies.comparison.study_pictures import study_pictures
from core.studies.comparison.study_report import write_study
from core.workspace.chosen_labels import with_labels
from core.workspace.known_dataset import scan_known
from core.workspace.known_models import models_as_run
from core.workspace.workspace_folder import Workspace, open_workspace

REPORT_FILE = "report.html"
_STUDY_SHARE = 0.95


class StudyJob(msgspec.Struct, frozen=True, kw_only=True):
    """What is run: models by id over the cases of `data`, all when `cases` is empty.

    `workspace` is the folder of the dataset's workspace, where predictions and figures are kept.
    `region` is the region or label that is compared, all of them when empty. `engine` computes the
    models and with `flips` each averages with the mirrored slice, as whoever asks sees them.
    """

    data: str
    workspace: str
    models: tuple[str, ...]
    cases: tuple[str, ...] = ()
    device: str = "auto"
    ensemble: bool = False
    region: str = ""
    engine: str = "auto"
    flips: bool = False


def read_study_job(folder: Path) -> StudyJob:
    """Return the spec in a job folder; raises `WorkspaceError` when there is none."""
    return read_spec(
        folder, StudyJob, WorkspaceError, of="a comparison", content="a comparison of models"
    )


def run_study_job(spec: StudyJob, job: JobFolder) -> None:
    """Run the study and write its files into the job's folder; progress goes to its events.

    A request to pause or stop ends it after the slices in hand. Raises `AppError`, after writing
    it to the events, when it cannot go on.
    """
    with (
        work_on(job) as writer,
        closing(open_workspace(Path(spec.workspace))) as workspace,
    ):
        _run(spec, workspace, writer)


def _run(spec: StudyJob, workspace: Workspace, writer: JobWriter) -> None:
    dataset = with_labels(scan_known(Path(spec.data)), workspace.labels(), spec.region)
    cases = [dataset.case(name) for name in spec.cases] or list(dataset.cases)
    by = spec.device, spec.engine
    models = models_as_run(workspace, spec.models, by, flips=spec.flips, cases=dataset.cases)
    predictor_of = predictors(workspace, spec.device, run=True)
    study = run_study(
        cases, models, predictor_of, ensemble=spec.ensemble, progress=_telling(writer)
    )
    keep_study(workspace.store, study)
    writer.progress(_STUDY_SHARE, "writing")
    out = writer.folder.path
    summary = write_study(out, study)
    said = reviews(workspace.store)
    pictures = study_pictures(study, cases, predictor_of)
    title = f"{len(models)} models on {dataset.name}"
    report = StudyReport(title, study, summary, said, pictures, drawn=out)
    write_html(out / REPORT_FILE, report)
    for sentence in (*study.notices, *study.failed.values()):
        writer.log(sentence)
    means = {model.id: model.figures["dsc"].mean for model in summary.models}
    values = {model: mean for model, mean in means.items() if mean is not None}
    writer.done(str(out), values)


def _telling(writer: JobWriter) -> Progress:
    started = time.monotonic()

    def report(fraction: float, message: str) -> None:
        writer.beat()
        spent = time.monotonic() - started
        left = spent / fraction * (1 - fraction) if fraction > 0 else None
        writer.write(
            Progressed(
                time=time.time(),
                fraction=_STUDY_SHARE * fraction,
                stage="comparing",
                about=message,
                seconds_left=left,
            )
        )
        heed(writer.folder)

    return report


def main(arguments: list[str]) -> int:
    """Take up the job in a folder; returns the exit status."""
    parser = folder_parser("Run the comparison that a job folder describes.")
    given = parser.parse_args(arguments)
    return status_of(lambda: run_study_job(read_study_job(given.folder), JobFolder(given.folder)))


if __name__ == "__main__":
    go_behind()  # not whoever calls `main`: that may be another's process
    sys.exit(main(sys.argv[1:]))

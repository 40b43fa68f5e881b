"""What the command `compare` does: the study of its models, and the files that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.cli.command_run import dataset_workspace, progress_bar, scanned
from core.cli.told_runs import tell_lacking, told_predictors
from core.io.datasets.organisation import Organisation
from core.jobs.runners import RunnerPlace, make_runner
from core.models.certificates import EngineChoice
from core.studies.comparison.html_report import StudyReport, write_html
from core.studies.comparison.study import Study, keep_study, run_study
from core.studies.comparison.study_pictures import study_pictures
from core.studies.comparison.study_report import reviews_csv, write_study
from core.studies.comparison.study_summary import StudySummary
from core.studies.comparison.study_units import predict_ahead
from core.studies.comparison.verified_study import verified_study
from core.studies.scores.case_units import Spread
from core.studies.scores.reader_records import reader_records, write_measured
from core.workspace.known_models import find_models

REPORT_FILE, REVIEWS_FILE = "report.html", "reviews.csv"


@dataclass(frozen=True, kw_only=True)
class ComparisonRun:
    """What is compared, by the names of the command's options."""

    folder: Path
    how: Organisation
    out: Path
    models: tuple[str, ...]
    masks: tuple[str, ...]
    cases: tuple[str, ...]
    device: str
    engine: EngineChoice
    ensemble: bool
    html: bool
    run: bool
    verify: bool
    lesion_iou: float
    where: RunnerPlace


def compare_models(job: ComparisonRun) -> tuple[Study, StudySummary, tuple[str, ...]]:
    """Return the study, its summary and the notices, all written into the job's folder.

    Raises `AppError`.
    """
    runner = make_runner(job.where)
    # Other machines have another working folder.
    folder = job.folder if runner.one_at_a_time else job.folder.absolute()
    dataset, cases = scanned(folder, job.cases, job.out, job.how, scores=True)
    with dataset_workspace(job.folder) as workspace:
        chosen = find_models(
            workspace,
            job.models,
            job.engine,
            cases=dataset.cases,
            masks=job.masks,
            resample=job.how.resample,
        )
        if job.run:
            tell_lacking(chosen, cases)
        predictor_of = told_predictors(workspace, job.device, run=job.run)
        if job.run and not runner.one_at_a_time:
            spread = Spread(runner, job.out)
            with progress_bar() as progress:
                predict_ahead(
                    cases, chosen, workspace, spread, device=job.device, progress=progress
                )
        with progress_bar() as progress:
            study = run_study(
                cases,
                chosen,
                predictor_of,
                ensemble=job.ensemble,
                lesion_iou=job.lesion_iou,
                progress=progress,
            )
        keep_study(workspace.store, study)
        if job.verify:
            study = verified_study(study, cases, predictor_of)
        summary = write_study(job.out, study)
        if job.html:
            title = f"{len(chosen)} models on {dataset.name}"
            pictures = study_pictures(study, cases, predictor_of)
            told = reader_records(workspace.store, cases)
            report = StudyReport(
                title,
                study,
                summary,
                told.reviews,
                pictures,
                measured=told.measured,
                drawn=job.out,
            )
            write_html(job.out / REPORT_FILE, report)
            reviews_csv(job.out / REVIEWS_FILE, report.said())
            write_measured(job.out, told.measured)
    return study, summary, (*dataset.notices, *study.notices)

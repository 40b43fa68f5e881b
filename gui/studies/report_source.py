"""What a report tells of, gathered from the workspace; on a worker."""

from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import DataError
from core.domain.progress import Progress
from core.inference.prediction_service import predictors
from core.models.registry import Model
from core.review.blinded import blinded_studies
from core.review.unblinding import Unblinded, unblind
from core.studies.comparison.html_report import StudyReport
from core.studies.comparison.study import Study, kept_study
from core.studies.comparison.study_pictures import study_pictures
from core.studies.comparison.study_summary import summarise_study
from core.studies.scores.case_figures import figures_of, labels_of, measured_alike
from core.studies.scores.reader_records import reader_records
from core.workspace.score_keys import figures_now
from gui.shell.session_parts import Place
from gui.studies.study_reader import STUDIES_FOLDER, StudyFound, newest_study


@dataclass(frozen=True, eq=False)
class ReportSource:
    """What a report tells of: the newest comparison, else the model in use."""

    home: Path
    place: Place
    model: Model | None


def gather_report(source: ReportSource, progress: Progress) -> StudyReport:
    """Return the newest comparison, else what is known of the model in use, ready to be written.

    Raises `DataError` where there is nothing to report.
    """
    workspace, dataset = source.place.workspace, source.place.dataset
    found = newest_study(source.home, workspace.folder / STUDIES_FOLDER)
    study = found.study if found is not None else _of_model(source)
    summary = found.summary if found is not None else summarise_study(study)
    progress(0.1, "drawing the worst and the best cases")
    known = set(study.cases)
    cases = [case for case in dataset.cases if case.id in known]
    predictor_of = predictors(workspace, "cpu", run=False)
    pictures = study_pictures(study, cases, predictor_of)
    names = " and ".join(study.titles.values()) if len(study.models) < 3 else ""
    what = names or f"{len(study.models)} models"
    told = reader_records(workspace.store, dataset.cases)
    blinded = _blinded(source, found)
    title = f"{what} on {dataset.name}"
    return StudyReport(
        title, study, summary, told.reviews, pictures, blinded=blinded, measured=told.measured
    )


def _of_model(source: ReportSource) -> Study:
    """Return what is known of the model in use as a study of one."""
    model = source.model
    store = source.place.workspace.store
    cases = source.place.dataset.cases
    region = next((case.region for case in cases), "")
    now = None if model is None else figures_now(model)
    rows = (
        {} if model is None or now is None else figures_of(store, model.spec.id, now, region=region)
    )
    there = [
        rows[case.id] for case in cases if case.id in rows and measured_alike(rows[case.id], case)
    ]
    if model is None or not there:
        raise DataError(
            "Expected a comparison of models or cases that were predicted, found none. "
            "Compare models (Ctrl+M), or run the model on cases first."
        )
    by_label = {} if now is None else labels_of(store, model.spec.id, now)
    labelled = [row for case in cases for row in by_label.get(case.id, {}).values()]
    return kept_study(model, there, cases, labelled)


def _blinded(source: ReportSource, found: StudyFound | None) -> Unblinded | None:
    """Return the newest blinded reading that is unblinded and is about models of this report."""
    if found is None:
        return None
    store = source.place.workspace.store
    for state in blinded_studies(store):
        if state.unblinded:
            told = unblind(store, state.id)
            if set(told.preferences) <= set(found.study.titles):
                return told
    return None

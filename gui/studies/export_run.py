"""Writes reports and pictures; on a worker, each file atomically, never into the dataset."""

from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import DataError
from core.domain.mask import Mask
from core.domain.progress import Progress, part
from core.inference.prediction_service import predictors
from core.io.atomic import write_bytes
from core.io.case_reader import LoadedCase
from core.models.registry import Model
from core.review.blinded import blinded_studies
from core.review.reviews import reviews
from core.review.unblinding import Unblinded, unblind
from core.studies.case_figures import figures_of
from core.studies.html_report import StudyReport, html, study_pictures
from core.studies.pictures import (
    PictureStyle,
    frames,
    write_contact_sheet,
    write_gif,
    write_slices,
)
from core.studies.study import Study
from core.studies.study_report import figures_csv, reviews_csv
from core.studies.study_summary import summarise_study
from core.workspace.score_keys import figures_now
from gui.shell.session_parts import Place
from gui.studies.export_dialog import ExportWanted
from gui.studies.report_pdf import write_pdf
from gui.studies.study_reader import STUDIES_FOLDER, StudyFound, newest_study

REPORT_NAME = "report"


@dataclass(frozen=True, eq=False)
class ReportSource:
    """What a report tells of: the newest comparison, else the model in use."""

    home: Path
    place: Place
    model: Model | None


@dataclass(frozen=True, eq=False)
class PictureSource:
    """A case as it is on screen: what lies over it, and where its dataset is."""

    root: Path
    loaded: LoadedCase
    mask: Mask | None


def write_report(source: ReportSource, wanted: ExportWanted, progress: Progress) -> list[Path]:
    """Write the kinds `html`, `pdf` and `csv` that are wanted; returns the files.

    Raises `DataError` for a folder inside the dataset and where there is nothing to report.
    """
    refuse_inside(source.place.dataset.root, wanted.folder)
    progress(0.0, "reading the comparison")
    report = _report(source, progress)
    out, written = wanted.folder, list[Path]()
    if wanted.kinds & {"html", "pdf"}:
        progress(0.4, "drawing figures")
        text = html(report)
        if "html" in wanted.kinds:
            written.append(out / f"{REPORT_NAME}.html")
            write_bytes(written[-1], text.encode())
        if "pdf" in wanted.kinds:
            written.append(out / f"{REPORT_NAME}.pdf")
            write_pdf(written[-1], text, title=report.title, progress=part(progress, 0.6, 0.95))
    if "csv" in wanted.kinds:
        progress(0.95, "writing tables")
        written += [out / "comparison.csv", out / "reviews.csv"]
        figures_csv(written[-2], report.study.rows)
        said = report.reviews
        reviews_csv(written[-1], [said[case] for case in sorted(said)])
    return written


def write_pictures(source: PictureSource, wanted: ExportWanted, progress: Progress) -> list[Path]:
    """Write the kinds `png`, `gif` and `sheet` of a case; returns the files.

    Raises `DataError` for a folder inside the dataset.
    """
    refuse_inside(source.root, wanted.folder)
    loaded, out = source.loaded, wanted.folder
    case, count = loaded.case, loaded.volume.slices
    style = PictureStyle("RGB" if wanted.option == "RGB" else "FLAIR", 2)
    drawn = []
    for number, frame in enumerate(
        frames(loaded.volume, loaded.ground_truth, source.mask, style), start=1
    ):
        progress(0.5 * number / count, f"slice {number} of {count}")
        drawn.append(frame)
    written = list[Path]()
    if "png" in wanted.kinds:
        progress(0.5, "writing pictures")
        written += write_slices(out, case, drawn)
    if "gif" in wanted.kinds:
        progress(0.7, "writing the animation")
        written.append(out / f"{case.id}.gif")
        write_gif(written[-1], drawn)
    if "sheet" in wanted.kinds:
        progress(0.9, "writing the contact sheet")
        written.append(out / f"{case.id}_sheet.png")
        write_contact_sheet(written[-1], drawn, [f"slice {s.number}" for s in case.slices])
    return written


def refuse_inside(root: Path, out: Path) -> None:
    """Raise `DataError` when `out` lies in the dataset, which is never written to."""
    here, target = root.resolve(), out.resolve()
    if target == here or here in target.parents:
        raise DataError(
            f"{out}: expected a folder outside the dataset {root.name}, found one inside it. "
            "The originals are never written to: choose another folder."
        )


def _report(source: ReportSource, progress: Progress) -> StudyReport:
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
    said = reviews(workspace.store)
    blinded = _blinded(source, found)
    return StudyReport(f"{what} on {dataset.name}", study, summary, said, pictures, blinded)


def _of_model(source: ReportSource) -> Study:
    """Return what is known of the model in use as a study of one."""
    model = source.model
    store = source.place.workspace.store
    rows = {} if model is None else figures_of(store, model.spec.id, figures_now(model))
    there = [rows[case.id] for case in source.place.dataset.cases if case.id in rows]
    if model is None or not there:
        raise DataError(
            "Expected a comparison of models or cases that were predicted, found none. "
            "Compare models (Ctrl+M), or run the model on cases first."
        )
    return Study((model,), tuple(there), {})


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

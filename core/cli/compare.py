"""The command `compare`: several models over a folder of cases, with figures and a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import (
    dataset_workspace,
    finish,
    progress_bar,
    scanned,
    tell_opinion,
)
from core.cli.options import (
    CaseIds,
    ChannelNumbers,
    DataDir,
    Device,
    EngineId,
    ImagePatterns,
    LayoutName,
    LesionIou,
    MaskPattern,
    PrecisionName,
    RegionName,
    Verify,
)
from core.cli.say import say
from core.cli.told_runs import told_predictors
from core.domain.figure_text import counted

if TYPE_CHECKING:
    from core.studies.study_summary import StudySummary

REPORT_FILE, REVIEWS_FILE = "report.html", "reviews.csv"
_ERROR = 1


def compare(
    folder: DataDir,
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--models", help="Ids of the models: --models A B, or repeated."),
    ] = None,
    masks: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DIR",
            help="Masks or probabilities of another program, as one model more; repeatable.",
        ),
    ] = None,
    case: CaseIds = None,
    device: Device = "auto",
    engine: EngineId = "auto",
    precision: PrecisionName = "auto",
    ensemble: Annotated[bool, typer.Option(help="Add the mean of the models as one more.")] = False,
    html: Annotated[bool, typer.Option(help="Write report.html and reviews.csv too.")] = False,
    run: Annotated[
        bool, typer.Option(help="Run what is not in the workspace; --no-run needs no torch.")
    ] = True,
    layout: LayoutName = None,
    image: ImagePatterns = None,
    mask: MaskPattern = None,
    region: RegionName = "",
    verify: Verify = False,
    lesion_iou: LesionIou = 0.1,
    channels: ChannelNumbers = "",
) -> None:
    """Compare models: comparison.csv, summary.json, the figures, and a report with --html."""
    from core.io.organisation import given
    from core.models.certificates import engine_for
    from core.review.reviews import reviews
    from core.studies.html_report import StudyReport, write_html
    from core.studies.study import keep_study, run_study
    from core.studies.study_pictures import study_pictures
    from core.studies.study_report import reviews_csv, write_study
    from core.studies.verified_study import verified_study
    from core.workspace.known_models import find_models

    wanted = _wanted(models, more, masks)
    dataset, cases = scanned(folder, case, out, given(layout, image, mask, region, channels))
    with dataset_workspace(folder) as workspace:
        run_by = engine_for(device, engine, precision)
        chosen = find_models(workspace, wanted, run_by, cases=dataset.cases, masks=masks or ())
        predictor_of = told_predictors(workspace, device, run=run)
        with progress_bar() as progress:
            study = run_study(
                cases,
                chosen,
                predictor_of,
                ensemble=ensemble,
                lesion_iou=lesion_iou,
                progress=progress,
            )
        keep_study(workspace.store, study)
        if verify:
            study = verified_study(study, cases, predictor_of)
        summary = write_study(out, study)
        if html:
            title = f"{len(chosen)} models on {dataset.name}"
            pictures = study_pictures(study, cases, predictor_of)
            report = StudyReport(title, study, summary, reviews(workspace.store), pictures)
            write_html(out / REPORT_FILE, report)
            reviews_csv(out / REVIEWS_FILE, report.said())
    _say(summary, out)
    tell_opinion(study.verified)
    finish(study.failed, (*dataset.notices, *study.notices))


def _wanted(models: list[str] | None, more: list[str] | None, masks: list[str] | None) -> list[str]:
    wanted = [*(models or []), *(more or [])]
    if not wanted and not masks:
        said = "expected models to compare, found none. Add --models A B, or --masks NAME=DIR."
        say(f"overread: {said}", err=True)
        raise typer.Exit(_ERROR)
    return wanted


def _say(summary: StudySummary, out: Path) -> None:
    for model in summary.models:
        dsc = model.figures["dsc"]
        known = dsc.mean is not None
        figures = f"mean DSC {dsc.mean:.4f}, median {dsc.median:.4f}" if known else "no DSC"
        say(f"{model.id}: {figures}, {counted(model.cases, 'case')}")
    say(f"Comparison in {out}")

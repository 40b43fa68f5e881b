"""The command `compare`: several models over a folder of cases, with figures and a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import case_ids, finish, tell_opinion
from core.cli.options import (
    CaseIds,
    ChannelNumbers,
    ChannelRoles,
    DataDir,
    Device,
    EngineId,
    Fills,
    ImagePatterns,
    LayoutName,
    LesionIou,
    MaskPattern,
    Point,
    PrecisionName,
    RegionName,
    Resample,
    SpacingGiven,
    SplitPart,
    Verify,
)
from core.cli.runner_options import Address, Gpus, RunnerOption, Stage, Workers, place_of
from core.cli.say import say
from core.domain.figure_text import counted

if TYPE_CHECKING:
    from core.studies.comparison.study_summary import StudySummary

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
    split: SplitPart = "",
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
    role: ChannelRoles = None,
    point: Point = None,
    resample: Resample = None,
    region: RegionName = "",
    fills: Fills = "",
    verify: Verify = False,
    lesion_iou: LesionIou = 0.1,
    channels: ChannelNumbers = "",
    spacing: SpacingGiven = "",
    runner: RunnerOption = "local",
    workers: Workers = 1,
    address: Address = "",
    stage: Stage = False,
    gpus: Gpus = None,
) -> None:
    """Compare models: comparison.csv, summary.json, the figures, and a report with --html."""
    from core.cli.compare_run import ComparisonRun, compare_models
    from core.io.datasets.organisation import corrected, given
    from core.models.certificates import engine_for

    where = place_of(runner, workers, address, stage=stage, gpus=gpus)
    job = ComparisonRun(
        folder=folder,
        how=corrected(
            given(layout, image, mask, region, channels, spacing),
            role,
            resample=resample,
            point=point,
            fills=fills,
        ),
        out=out,
        models=tuple(_wanted(models, more, masks)),
        masks=tuple(masks or ()),
        cases=tuple(case_ids(case, split)),
        device=device,
        engine=engine_for(device, engine, precision),
        ensemble=ensemble,
        html=html,
        run=run,
        verify=verify,
        lesion_iou=lesion_iou,
        where=where,
    )
    study, summary, notices = compare_models(job)
    _say(summary, out)
    tell_opinion(study.verified)
    finish(study.failed, notices)


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

"""The command `clicks`: what a guided click brings, measured by a robot reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.command_run import dataset_workspace, finish, progress_bar, scanned
from core.cli.options import (
    CaseIds,
    ChannelNumbers,
    DataDir,
    Device,
    EngineId,
    ImagePatterns,
    LayoutName,
    MaskPattern,
    PrecisionName,
    RegionName,
)
from core.cli.say import say
from core.domain.figure_text import figure

if TYPE_CHECKING:
    from core.studies.clicks.click_summary import ClickSummary


def clicks(
    folder: DataDir,
    out: Annotated[Path, typer.Option(help="Folder to write into, outside DIR.")],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="Id of a model; repeatable; the champion when not given."),
    ] = None,
    start: Annotated[
        Literal["prediction", "empty"],
        typer.Option(help="Click at the model's mask, or at nothing."),
    ] = "prediction",
    noise: Annotated[
        float, typer.Option(min=0.0, max=50.0, help="Pixels by which every click is off.")
    ] = 0.0,
    guide: Annotated[
        str,
        typer.Option(help="What answers clicks: bump, the id of a trained guide, auto for any."),
    ] = "auto",
    bump: Annotated[
        bool, typer.Option("--bump/--no-bump", help="Let the bump answer with a trained guide.")
    ] = True,
    case: CaseIds = None,
    device: Device = "auto",
    engine: EngineId = "auto",
    precision: PrecisionName = "auto",
    layout: LayoutName = None,
    image: ImagePatterns = None,
    mask: MaskPattern = None,
    region: RegionName = "",
    channels: ChannelNumbers = "",
) -> None:
    """Let a robot reader click: clicks.csv, summary.json, tools.csv and the curves."""
    from core.inference.prediction_service import predictors
    from core.io.datasets.organisation import given
    from core.models.certificates import engine_for
    from core.studies.clicks.click_guide import guide_of
    from core.studies.clicks.click_report import write_clicks
    from core.studies.clicks.click_study import RobotOptions, run_click_study
    from core.workspace.known_models import find_models

    dataset, cases = scanned(folder, case, out, given(layout, image, mask, region, channels))
    with dataset_workspace(folder) as workspace:
        run_by = engine_for(device, engine, precision)
        chosen = find_models(workspace, model or [""], run_by, cases=dataset.cases)
        answers = guide_of(guide, workspace.folder, together=bump)
        options = RobotOptions(start, noise, guide_of=answers)
        predictor_of = predictors(workspace, device, run=True)
        with progress_bar() as progress:
            study = run_click_study(cases, chosen, predictor_of, options, progress=progress)
    for each, summary in write_clicks(out, study).items():
        _say(each, summary)
    say(f"Clicks in {out}")
    finish(study.failed, (*dataset.notices, *study.notices))


def _say(model: str, summary: ClickSummary) -> None:
    found = " → ".join(
        figure(value) for value in (summary.dsc_0, summary.dsc_1, summary.dsc_3, summary.dsc_5)
    )
    say(f"{model}, slices below 0.85: DSC {found} after 0, 1, 3 and 5 clicks")
    whole = (summary.case_dsc_0, summary.case_dsc_5, summary.case_dsc_10, summary.case_dsc_20)
    found = " → ".join(map(figure, whole))
    say(f"{model}, whole cases: DSC {found} after 0, 5, 10 and 20 clicks")

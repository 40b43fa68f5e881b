"""The command `evaluate`: one model against the ground truth of a folder of cases."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from core.cli.command_run import case_ids, finish, progress_bar, tell_opinion
from core.cli.model_run import Flips, ModelId, ModelRun, OutDir, SkipBelow, ready
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


def evaluate(
    folder: DataDir,
    out: OutDir,
    model: ModelId = "",
    protocol: Annotated[
        Literal["native", "reference"],
        typer.Option(help="Score on the native grid, or as the public reference implementation."),
    ] = "native",
    case: CaseIds = None,
    split: SplitPart = "",
    device: Device = "auto",
    flips: Flips = False,
    skip_below: SkipBelow = 0.0,
    engine: EngineId = "auto",
    precision: PrecisionName = "auto",
    layout: LayoutName = None,
    image: ImagePatterns = None,
    mask: MaskPattern = None,
    role: ChannelRoles = None,
    point: Point = None,
    resample: Resample = None,
    region: RegionName = "",
    fills: Fills = "",
    verify: Verify = False,
    channels: ChannelNumbers = "",
    spacing: SpacingGiven = "",
    runner: RunnerOption = "local",
    workers: Workers = 1,
    address: Address = "",
    stage: Stage = False,
    gpus: Gpus = None,
) -> None:
    """Score a model against the ground truth: metrics.csv, slices.csv, summary.json, dsc.png."""
    from core.io.datasets.organisation import corrected, given
    from core.studies.scores.case_task import CaseTask
    from core.studies.scores.case_units import evaluate_spread
    from core.studies.scores.evaluation_report import write_evaluation
    from core.studies.scores.mask_settings import mask_settings

    where = place_of(runner, workers, address, stage=stage, gpus=gpus)
    said = given(layout, image, mask, region, channels, spacing)
    how = corrected(said, role, resample=resample, point=point, fills=fills)
    job = ModelRun(
        folder,
        how,
        out,
        model,
        case_ids(case, split),
        device,
        flips,
        skip_below,
        engine,
        precision,
        scores=True,
    )
    run = ready(job, where)
    chosen = run.model
    tasks = [CaseTask(case, run.task, protocol, verify=verify) for case in run.cases]
    with progress_bar() as progress:
        outcome = evaluate_spread(tasks, run.spread, progress=progress)
    used = mask_settings(chosen, run.cases, protocol=protocol, skip_below=skip_below)
    summary = write_evaluation(out, outcome, chosen, protocol, used)
    if summary.mean is not None:
        say(
            f"{chosen.spec.id}, {protocol}: mean DSC {summary.mean:.4f}, "
            f"median {summary.median:.4f}, n = {summary.n}, {summary.seconds:.1f} s of prediction"
        )
    say(f"Report in {out}")
    tell_opinion(outcome.verified)
    finish(outcome.failed, outcome.notices)

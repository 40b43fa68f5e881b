"""The command `predict`: masks of one model over a folder of cases."""

from __future__ import annotations

from core.cli.command_run import case_ids, finish, progress_bar
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
    MaskFormat,
    MaskPattern,
    Point,
    PrecisionName,
    SplitPart,
)
from core.cli.runner_options import Address, Gpus, RunnerOption, Stage, Workers, place_of
from core.cli.say import say


def predict(
    folder: DataDir,
    out: OutDir,
    model: ModelId = "",
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
    format_name: MaskFormat = None,
    channels: ChannelNumbers = "",
    fills: Fills = "",
    runner: RunnerOption = "local",
    workers: Workers = 1,
    address: Address = "",
    stage: Stage = False,
    gpus: Gpus = None,
) -> None:
    """Write predicted masks: a file a case in the format of its images, or a TIFF a slice."""
    from core.io.cases.case_masks import check_format
    from core.io.datasets.organisation import corrected, given
    from core.studies.scores.case_task import CaseTask
    from core.studies.scores.case_units import predict_spread

    where = place_of(runner, workers, address, stage=stage, gpus=gpus)
    check_format(format_name)
    how = corrected(given(layout, image, mask, channels=channels), role, point=point, fills=fills)
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
    )
    run = ready(job, where)
    tasks = [CaseTask(case, run.task, format_name=format_name) for case in run.cases]
    with progress_bar() as progress:
        written = predict_spread(tasks, run.spread, out=out, progress=progress)
    say(f"{len(tasks) - len(written.failed)} of {len(tasks)} cases written to {out}")
    finish(written.failed, written.notices)

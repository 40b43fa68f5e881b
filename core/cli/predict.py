"""The commands `predict` and `evaluate`: one model over a folder of cases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.command_run import finish, progress_bar, scanned
from core.cli.options import (
    CaseIds,
    ChannelNumbers,
    DataDir,
    Device,
    EngineId,
    ImagePatterns,
    LayoutName,
    MaskFormat,
    MaskPattern,
    PrecisionName,
    RegionName,
)
from core.cli.say import say

if TYPE_CHECKING:
    from core.inference.prediction_service import Predictor
    from core.io.case import Case
    from core.io.organisation import Organisation
    from core.models.registry import Model, Registry

OutDir = Annotated[Path, typer.Option(help="Folder to write into, outside DIR.")]
ModelId = Annotated[str, typer.Option("--model", help="Model id; the champion when not given.")]
Flips = Annotated[bool, typer.Option(help="Average with the mirrored slice.")]
SkipBelow = Annotated[
    float,
    typer.Option(min=0.0, max=1.0, help="Leave out slices less likely to hold a lesion; 0: none."),
]


@dataclass(frozen=True)
class _Job:
    """What is asked for: `skip_below` is a probability of triage, 0 to look at every slice."""

    folder: Path
    how: Organisation
    out: Path
    model: str
    cases: list[str] | None
    device: str
    flips: bool
    skip_below: float
    engine: str
    precision: str


def predict(
    folder: DataDir,
    out: OutDir,
    model: ModelId = "",
    case: CaseIds = None,
    device: Device = "auto",
    flips: Flips = False,
    skip_below: SkipBelow = 0.0,
    engine: EngineId = "auto",
    precision: PrecisionName = "auto",
    layout: LayoutName = None,
    image: ImagePatterns = None,
    mask: MaskPattern = None,
    format_name: MaskFormat = None,
    channels: ChannelNumbers = "",
) -> None:
    """Write predicted masks: a file a case in the format of its images, or a TIFF a slice."""
    from core.io.case_masks import check_format
    from core.io.organisation import given
    from core.studies.mask_files import predict_masks

    check_format(format_name)
    how = given(layout, image, mask, channels=channels)
    job = _Job(folder, how, out, model, case, device, flips, skip_below, engine, precision)
    cases, chosen, predictor = _ready(job)
    with progress_bar() as progress:
        written = predict_masks(
            cases, chosen, predictor, out=out, format_name=format_name, progress=progress
        )
    say(f"{len(cases) - len(written.failed)} of {len(cases)} cases written to {out}")
    finish(written.failed, written.notices)


def evaluate(
    folder: DataDir,
    out: OutDir,
    model: ModelId = "",
    protocol: Annotated[
        Literal["native", "reference"],
        typer.Option(help="Score on the native grid, or as the public reference implementation."),
    ] = "native",
    case: CaseIds = None,
    device: Device = "auto",
    flips: Flips = False,
    skip_below: SkipBelow = 0.0,
    engine: EngineId = "auto",
    precision: PrecisionName = "auto",
    layout: LayoutName = None,
    image: ImagePatterns = None,
    mask: MaskPattern = None,
    region: RegionName = "",
    channels: ChannelNumbers = "",
) -> None:
    """Score a model against the ground truth: metrics.csv, summary.json and dsc.png."""
    from core.io.organisation import given
    from core.studies.evaluation import evaluate_cases as run
    from core.studies.evaluation import write_evaluation

    how = given(layout, image, mask, region, channels)
    job = _Job(folder, how, out, model, case, device, flips, skip_below, engine, precision)
    cases, chosen, predictor = _ready(job)
    with progress_bar() as progress:
        outcome = run(cases, chosen, predictor, protocol=protocol, progress=progress)
    summary = write_evaluation(out, outcome, chosen, protocol)
    if summary.mean is not None:
        say(
            f"{chosen.spec.id}, {protocol}: mean DSC {summary.mean:.4f}, "
            f"median {summary.median:.4f}, n = {summary.n}, {summary.seconds:.1f} s of prediction"
        )
    say(f"Report in {out}")
    finish(outcome.failed, outcome.notices)


def _ready(job: _Job) -> tuple[list[Case], Model, Predictor]:
    from core.inference.engines import check_device
    from core.models.certificates import engine_for
    from core.workspace.settings import home
    from core.workspace.workspace_folder import registry as registry_of
    from core.workspace.workspace_folder import workspace_folder

    dataset, cases = scanned(job.folder, job.cases, job.out, job.how)
    for notice in dataset.notices:
        say(notice, err=True)
    registry = registry_of(
        home(),
        workspace_folder(home(), job.folder),
        engine_for(job.device, job.engine, job.precision),
    )
    chosen = registry.find(job.model) if job.model else registry.champion()
    model = chosen.with_flips(job.flips)
    check_device(job.device)
    return cases, model, _predictor(model, job, registry)


def _predictor(model: Model, job: _Job, registry: Registry) -> Predictor:
    """Return what predicts a case, all of it or the slices that triage finds likely."""
    if job.skip_below:
        from core.inference.triage_gate import gated_predictor

        return gated_predictor(model, registry, device=job.device, skip_below=job.skip_below)
    from core.inference.prediction_service import local_predictor

    return local_predictor(model, job.device)

"""The commands `predict` and `evaluate`: one model over a folder of cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.commands.running import finish, progress_bar, refuse_inside

if TYPE_CHECKING:
    from core.case import Case
    from core.evaluation import Predictor
    from core.models import Model
    from core.prediction import Prediction
    from core.progress import Progress
    from core.reading import LoadedCase

DataDir = Annotated[Path, typer.Argument(help="Folder of case folders.", metavar="DIR")]
OutDir = Annotated[Path, typer.Option(help="Folder to write into, outside DIR.")]
ModelId = Annotated[str, typer.Option("--model", help="Model id; the champion when not given.")]
CaseIds = Annotated[list[str] | None, typer.Option("--case", help="Only this case; repeatable.")]
Flips = Annotated[bool, typer.Option(help="Average with the mirrored slice.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]


def predict(
    folder: DataDir,
    out: OutDir,
    model: ModelId = "",
    case: CaseIds = None,
    device: Device = "auto",
    flips: Flips = False,
) -> None:
    """Write predicted masks as <CASE>/<CASE>_<n>_pred.tif (0/255, native grid)."""
    from core.evaluation import predict_masks

    refuse_inside(folder, out)
    cases, chosen, predictor = _job(folder, model, case, device, flips=flips)
    with progress_bar() as progress:
        written = predict_masks(cases, chosen, predictor, out=out, progress=progress)
    typer.echo(f"{len(cases) - len(written.failed)} of {len(cases)} cases written to {out}")
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
) -> None:
    """Score a model against the ground truth: metrics.csv, summary.json and dsc.png."""
    from core.evaluation import evaluate as run
    from core.evaluation import write_report

    refuse_inside(folder, out)
    cases, chosen, predictor = _job(folder, model, case, device, flips=flips)
    with progress_bar() as progress:
        outcome = run(cases, chosen, predictor, protocol=protocol, progress=progress)
    summary = write_report(out, outcome, chosen, protocol)
    if summary.mean is not None:
        typer.echo(
            f"{chosen.spec.id}, {protocol}: mean DSC {summary.mean:.4f}, "
            f"median {summary.median:.4f}, n = {summary.n}, {summary.seconds:.1f} s of prediction"
        )
    typer.echo(f"Report in {out}")
    finish(outcome.failed, outcome.notices)


def _job(
    folder: Path, model_id: str, wanted: list[str] | None, device: str, *, flips: bool
) -> tuple[list[Case], Model, Predictor]:
    from core.dataset import scan
    from core.inference import RunOptions, limit_threads, resolve_device
    from core.inference_ensemble import open_runner
    from core.settings import home
    from core.workspace import registry as registry_of

    dataset = scan(folder)
    for notice in dataset.notices:
        typer.echo(notice, err=True)
    cases = [dataset.case(case_id) for case_id in wanted] if wanted else list(dataset.cases)
    registry = registry_of(home())
    model = (registry.find(model_id) if model_id else registry.champion()).with_flips(flips)
    resolve_device(device)
    limit_threads()
    runner = open_runner(model)
    options = RunOptions(device)

    def predictor(loaded: LoadedCase, progress: Progress) -> Prediction:
        return runner.predict(loaded.volume, options, progress=progress)

    return cases, model, predictor

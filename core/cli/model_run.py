"""What `predict` and `evaluate` share: one model over the cases of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import scanned
from core.cli.say import say
from core.cli.told_runs import told_before

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
class ModelRun:
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


def ready(job: ModelRun) -> tuple[list[Case], Model, Predictor]:
    """Return the cases, the model, and what predicts a case with it; raises `AppError`."""
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
    return cases, model, told_before(model, _predictor(model, job, registry))


def _predictor(model: Model, job: ModelRun, registry: Registry) -> Predictor:
    """Return what predicts a case, all of it or the slices that triage finds likely."""
    if job.skip_below:
        from core.inference.triage_gate import gated_predictor

        return gated_predictor(model, registry, device=job.device, skip_below=job.skip_below)
    from core.inference.prediction_service import local_predictor

    return local_predictor(model, job.device)

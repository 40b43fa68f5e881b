"""What `predict` and `evaluate` share: one model over the cases of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import scanned
from core.cli.say import say
from core.cli.told_runs import said_once, tell_lacking

if TYPE_CHECKING:
    from core.io.cases.case import Case
    from core.io.datasets.organisation import Organisation
    from core.jobs.runners import RunnerPlace
    from core.models.registry import Model
    from core.studies.scores.case_units import Spread
    from core.studies.scores.model_task import ModelTask

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
    scores: bool = False


@dataclass(frozen=True)
class ReadyRun:
    """The cases, the model, the same as other processes open it, and where they do it."""

    cases: list[Case]
    model: Model
    task: ModelTask
    spread: Spread


def ready(job: ModelRun, where: RunnerPlace) -> ReadyRun:
    """Return what is to be run, and where; raises `AppError`."""
    import msgspec

    from core.inference.engines import check_device
    from core.jobs.runners import make_runner
    from core.models.certificates import engine_for
    from core.studies.scores.case_units import Spread
    from core.studies.scores.model_task import model_task, opened
    from core.workspace.settings import home
    from core.workspace.workspace_folder import registry as registry_of
    from core.workspace.workspace_folder import workspace_folder

    runner = make_runner(where)
    alone = runner.one_at_a_time
    # Other machines have another working folder.
    folder = job.folder if alone else job.folder.absolute()
    dataset, cases = scanned(folder, job.cases, job.out, job.how, scores=job.scores)
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
    tell_lacking((model,), cases)
    # One thread each wherever it is done: more would add up the same numbers in another order.
    task = msgspec.structs.replace(
        model_task(model, device=job.device, threads=0 if alone else 1),
        skip_below=job.skip_below,
        roots=tuple(str(root.absolute()) for root in registry.everywhere),
    )
    if alone:
        opened(task)  # what is wrong with the model is told once, not for each case
    return ReadyRun(cases, model, task, Spread(runner, job.out, said_once() if alone else None))

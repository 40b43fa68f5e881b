"""The entry point of a training: from a spec and a job folder to a candidate model.

As a program it takes up the job in a folder, which is how the window starts one; `torchrun` starts
several that train it together:

    python -m training.train FOLDER [--resume]
"""

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from core.inference.torch_device import resolve_device
from core.jobs.classify_spec import task_of
from core.jobs.job_folder import (
    Echo,
    JobFolder,
    JobWriter,
    folder_parser,
    go_behind,
    read_spec,
    status_of,
)
from core.models.registry import Model, Registry
from core.models.train_spec import TrainSpec
from core.workspace.reservation import reserved
from training.learning.errors import TrainingError
from training.learning.parallel import ProcessGroup
from training.other_tasks import take_up_other
from training.run.events import tell
from training.run.frame import (
    DATA_FOLDER,
    check_job,
    in_job,
    job_progress,
    keep_memory,
    limit_job_threads,
    models_folder,
    run_loop,
    turn,
)
from training.run.loop import Loop
from training.run.plan import Plan, make_plan, prepare_cases
from training.run.publish import publish


def run(
    spec: TrainSpec,
    job: JobFolder,
    *,
    resume: bool = False,
    echo: Echo | None = None,
    queued: bool = True,
    until: float = 1.0,
) -> Model | None:
    """Train as `spec` says and publish the best weights; None when the job was paused.

    `resume` goes on from the last checkpoint, or from the start where none was written yet. Unless
    `queued` it does not wait for other jobs on its device. It pauses when the share `until` of its
    budget is spent. Of several processes only the first returns the model. Raises `AppError`, after
    writing it to the job's events, when the training cannot go on; the last checkpoint and the best
    weights stay.
    """
    return in_job(
        job,
        lambda writer, group: _train(spec, writer, group, _How(resume, queued, until)),
        resume=resume,
        echo=echo,
        spec=spec,
    )


@dataclass(frozen=True)
class _How:
    """How a run goes, as `run` was told."""

    resume: bool
    queued: bool
    until: float


def read_job(folder: Path) -> TrainSpec:
    """Return the spec in a job folder; raises `TrainingError` when there is none."""
    return read_spec(
        folder, TrainSpec, TrainingError, of="a training", content="the settings of a training"
    )


def _train(spec: TrainSpec, writer: JobWriter, group: ProcessGroup, how: _How) -> Model | None:
    registry = Registry((models_folder(spec, writer.folder),))
    check_job(spec, registry)
    with reserved(registry.roots[0], spec.model_id) if group.leads else nullcontext():
        return _train_reserved(spec, registry, writer, group, how)


def _train_reserved(
    spec: TrainSpec, registry: Registry, writer: JobWriter, group: ProcessGroup, how: _How
) -> Model | None:
    limit_job_threads(spec)
    device = resolve_device(spec.device)
    with turn(str(device), writer, group) if how.queued else nullcontext():
        plan = make_plan(spec)
        loop = _loop(plan, writer, (group, device), resume=how.resume)
        loop.until = how.until
        run_loop(loop, writer)
        if not group.leads:
            return None
        model = publish(plan, loop, registry, progress=job_progress(writer, 1.0, "scoring"))
    writer.done(model.spec.id, model.spec.metrics)
    return model


def _loop(
    plan: Plan, writer: JobWriter, where: tuple[ProcessGroup, torch.device], *, resume: bool
) -> Loop:
    group, device = where
    ready = prepare_cases(
        plan,
        writer.folder.path / DATA_FOLDER / str(group.rank),
        group=group,
        device=device,
        progress=job_progress(writer, 0.0, "reading"),
    )
    loop = Loop(ready.learner, ready.sampler, ready.selection, writer)
    if resume and writer.folder.checkpoint.exists():
        loop.resume()
        writer.log(f"Going on from step {loop.position.step}.")
    for said in ready.notices:
        writer.log(said)
    split, slices = plan.split, ready.sampler.slices
    writer.log(
        f"{len(split.fit)} cases to learn from ({slices} slices), {len(split.selection)} to "
        f"choose by, {len(split.val)} to score at the end."
    )
    return loop


def _take_up(folder: Path, *, resume: bool) -> None:
    if task_of(folder) == "segment":
        run(read_job(folder), JobFolder(folder), resume=resume, echo=tell)
        return
    take_up_other(task_of(folder), folder, resume=resume, echo=tell)


def main(arguments: list[str]) -> int:
    """Take up the job in a folder; returns the exit status."""
    parser = folder_parser("Run the training that a job folder describes.")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    given = parser.parse_args(arguments)
    keep_memory()
    return status_of(lambda: _take_up(given.folder, resume=given.resume))


if __name__ == "__main__":
    go_behind()  # not whoever calls `main`: that may be another's process
    sys.exit(main(sys.argv[1:]))

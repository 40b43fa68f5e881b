"""The entry point of a training: from a spec and a job folder to a candidate model.

As a program it takes up the job in a folder, which is how the window starts one; `torchrun` starts
several that train it together:

    python -m training.train FOLDER [--resume]
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import torch

from core.classify_spec import task_of
from core.device_queue import device_turn
from core.errors import AppError, ModelError
from core.inference import limit_threads, resolve_device
from core.jobs import (
    Done,
    Event,
    Failed,
    JobFolder,
    JobWriter,
    Paused,
    read_spec,
)
from core.models import SPEC_FILE, Model, Registry, check_id
from core.progress import Progress
from core.settings import home
from core.train_spec import TrainSpec
from training.board import Board
from training.checkpoint import Position
from training.errors import TrainingError
from training.loop import Loop, PauseRequested
from training.memory import keep_memory
from training.parallel import Group, joined
from training.plan import Plan, make_plan, prepare
from training.publish import Finished, publish
from training.telling import tell

DATA_FOLDER = "data"
_MODELS_FOLDER = "models"
_NICE = 10

Result = TypeVar("Result")


def run(
    spec: TrainSpec,
    job: JobFolder,
    *,
    resume: bool = False,
    echo: Callable[[Event], None] | None = None,
) -> Model | None:
    """Train as `spec` says and publish the best weights; None when the job was paused.

    `resume` goes on from the last checkpoint, or from the start where none was written yet. Of
    several processes only the first returns the model. Raises `AppError`, after writing it to the
    job's events, when the training cannot go on; the last checkpoint and the best weights stay.
    """
    return in_job(
        job,
        lambda writer, group: _train(spec, writer, group, resume=resume),
        resume=resume,
        echo=echo,
    )


def in_job(
    job: JobFolder,
    work: Callable[[JobWriter, Group], Result | None],
    *,
    resume: bool,
    echo: Callable[[Event], None] | None,
) -> Result | None:
    """Return what `work` makes, its beginning and failures told in the job; None when paused."""
    with joined() as group, _heard(job, echo, group) as hear:
        writer = JobWriter(job, hear)
        if group.leads:
            job.clear_request()
            writer.start(resumed=resume)
        with _told_failures(writer, group):
            try:
                return work(writer, group)
            except PauseRequested:
                return None


def read_job(folder: Path) -> TrainSpec:
    """Return the spec in a job folder; raises `TrainingError` when there is none."""
    return read_spec(
        folder, TrainSpec, TrainingError, of="a training", content="the settings of a training"
    )


@contextmanager
def _heard(
    job: JobFolder, echo: Callable[[Event], None] | None, group: Group
) -> Iterator[Callable[[Event], None] | None]:
    """Yield what hears the leader's events besides the job folder: the curves and `echo`."""
    if not group.leads:
        yield None
        return
    board = Board(job.path)

    def hear(event: Event) -> None:
        board.show(event)
        if echo is not None:
            echo(event)

    try:
        yield hear
    finally:
        board.close()


@contextmanager
def _told_failures(writer: JobWriter, group: Group) -> Iterator[None]:
    """Write what went wrong to the job's events before it goes on up."""
    try:
        yield
    except AppError as error:
        writer.write(Failed(time.time(), str(error)))
        raise
    except Exception as error:
        told = f"A fault of Overread, please report it: {type(error).__name__}: {error}"
        writer.write(Failed(time.time(), told))
        raise
    finally:
        if group.leads:
            writer.close()


def _train(spec: TrainSpec, writer: JobWriter, group: Group, *, resume: bool) -> Model | None:
    registry = Registry((models_folder(spec, writer.folder),))
    check_job(spec, registry)
    limit_job_threads(spec)
    device = resolve_device(spec.device)
    with turn(str(device), writer, group):
        plan = make_plan(spec)
        loop = _loop(plan, writer, (group, device), resume=resume)
        position = run_loop(loop, writer)
        if not group.leads:
            return None
        learnt = {case.id: case.origin for case in loop.sampler.cases}
        channels, folder = loop.learner.channels, writer.folder.path
        finished = Finished(spec, position, plan.split, channels, folder, learnt)
        model = publish(
            finished, loop.learner.network, registry, progress=beating(writer, 1.0, "scoring")
        )
    writer.write(Done(time.time(), model.spec.id, model.spec.metrics))
    return model


def run_loop(loop: Loop, writer: JobWriter) -> Position:
    """Train to the end of the loop; a pause is told in the job and goes on up."""
    try:
        return loop.run()
    except PauseRequested:
        if loop.learner.group.leads:
            writer.write(Paused(time.time(), loop.position.step))
            writer.folder.clear_request()
        raise


def models_folder(spec: TrainSpec, job: JobFolder) -> Path:
    """Return the folder the candidate goes to: the spec's, or one in the job folder."""
    return Path(spec.models) if spec.models else job.path / _MODELS_FOLDER


def check_job(spec: TrainSpec, registry: Registry) -> None:
    """Refuse at once what would only fail after hours of training."""
    if not spec.has_budget:
        raise TrainingError(
            "Expected a budget, found none. Give --epochs, --max-steps or --minutes."
        )
    check_id(spec.model_id)
    if (registry.roots[0] / spec.model_id / SPEC_FILE).exists():
        raise ModelError(
            f"{spec.model_id}: expected an id no model has yet, found one. Give another with --id."
        )


@contextmanager
def turn(device: str, writer: JobWriter, group: Group) -> Iterator[None]:
    """Wait until no other job is at work on the device; the leader waits for all processes."""
    if not group.leads:
        yield
        return
    told: list[bool] = []

    def waiting() -> None:
        writer.beat()
        if not told:
            told.append(True)
            writer.progress(0.0, f"waiting for another job on {device}")
        if writer.folder.requested() is not None:
            writer.write(Paused(time.time(), 0))
            writer.folder.clear_request()
            raise PauseRequested

    with device_turn(home(), device, waiting):
        yield


def _loop(
    plan: Plan, writer: JobWriter, where: tuple[Group, torch.device], *, resume: bool
) -> Loop:
    group, device = where
    ready = prepare(
        plan,
        writer.folder.path / DATA_FOLDER / str(group.rank),
        group=group,
        device=device,
        progress=beating(writer, 0.0, "reading"),
    )
    loop = Loop(ready.learner, ready.sampler, ready.selection, writer)
    if resume and writer.folder.checkpoint.exists():
        loop.resume()
        writer.log(f"Going on from step {loop.position.step}.")
    split, slices = plan.split, ready.sampler.slices
    writer.log(
        f"{len(split.fit)} cases to learn from ({slices} slices), {len(split.selection)} to "
        f"choose by, {len(split.val)} to score at the end."
    )
    return loop


def limit_job_threads(spec: TrainSpec) -> None:
    """Leave the window one core, where there is more than one."""
    if spec.threads:
        limit_threads(spec.threads)
        return
    limit_threads()
    limit_threads(max(1, torch.get_num_threads() - 1))


def beating(writer: JobWriter, fraction: float, doing: str) -> Progress:
    """Return a hook that shows the process lives and tells what it is doing."""

    def report(_: float, message: str) -> None:
        writer.beat()
        writer.progress(fraction, f"{doing} {message}")

    return report


def _take_up(folder: Path, *, resume: bool) -> None:
    if task_of(folder) == "segment":
        run(read_job(folder), JobFolder(folder), resume=resume, echo=tell)
        return
    # Loaded here, for it stands on this module.
    from training.triage.train import read_classify_job
    from training.triage.train import run as run_classifier

    run_classifier(read_classify_job(folder), JobFolder(folder), resume=resume, echo=tell)


def main(arguments: list[str]) -> int:
    """Take up the job in a folder; returns the exit status."""
    parser = argparse.ArgumentParser(description="Run the training that a job folder describes.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    given = parser.parse_args(arguments)
    keep_memory()
    if hasattr(os, "nice"):
        os.nice(_NICE)  # behind the window and the models it runs
    try:
        _take_up(given.folder, resume=given.resume)
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

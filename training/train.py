"""The entry point of a training: from a spec and a job folder to a candidate model.

As a program it takes up the job in a folder, which is how the window starts one:

    python -m training.train FOLDER [--resume]
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch

from core.dataset import scan
from core.errors import AppError, ModelError, reason
from core.inference import limit_threads, resolve_device
from core.jobs import (
    JOB_FILE,
    Done,
    Event,
    Failed,
    JobFolder,
    JobWriter,
    Logged,
    Measured,
    Paused,
    Progressed,
    create_job,
)
from core.models import Model, Registry, check_id
from core.networks.builder import build_network
from core.networks.spec import NetworkSpec
from core.progress import Progress
from core.train_spec import TrainSpec
from training.dataset import Sampler, load_cases, require_lesions
from training.errors import TrainingError
from training.loop import Loop, PauseRequested
from training.publish import Finished, publish
from training.split import Split, make_split, read_split
from training.start import load_start

_DATA_FOLDER = "data"
_MODELS_FOLDER = "models"


def start(spec: TrainSpec, folder: Path, **how: object) -> Model | None:
    """Make a job in `folder`, which must be new or empty, and run it; see `run`."""
    job = create_job(folder, spec)
    return run(spec, job, **how)  # type: ignore[arg-type]


def run(
    spec: TrainSpec,
    job: JobFolder,
    *,
    resume: bool = False,
    registry: Registry | None = None,
    echo: Callable[[Event], None] | None = None,
) -> Model | None:
    """Train as `spec` says and publish the best weights; None when the job was paused.

    The model goes to the first folder of `registry`, by default to `models` in the job folder.
    Raises `AppError`, after writing it to the job's events, when the training cannot go on; the
    last checkpoint and the best weights stay.
    """
    registry = registry or Registry((job.path / _MODELS_FOLDER,))
    writer = JobWriter(job, echo)
    job.clear_request()
    writer.start(resumed=resume)
    try:
        model = _train(spec, writer, registry, resume=resume)
    except PauseRequested:
        job.clear_request()
        writer.log("Paused; nothing is lost.")
        return None
    except AppError as error:
        writer.write(Failed(time.time(), str(error)))
        raise
    except Exception as error:
        writer.write(Failed(time.time(), f"A fault of Overread: {type(error).__name__}: {error}"))
        raise
    finally:
        writer.close()
    return model


def read_job(folder: Path) -> TrainSpec:
    """Return the spec in a job folder; raises `TrainingError` when there is none."""
    path = folder / JOB_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=TrainSpec)
    except OSError as error:
        raise TrainingError(
            f"{path}: expected the file of a training, found: {reason(error)}. Check the folder."
        ) from error
    except msgspec.DecodeError as error:
        raise TrainingError(
            f"{path}: expected the settings of a training, found: {error}. Start a new one."
        ) from error


@dataclass(frozen=True)
class _Room:
    """What a training needs before its first step."""

    split: Split
    loop: Loop


def _train(
    spec: TrainSpec, writer: JobWriter, registry: Registry, *, resume: bool
) -> Model | None:
    _check(spec, registry)
    _limit_threads(spec)
    room = _prepare(spec, writer, resume=resume)
    loop = room.loop
    try:
        position = loop.run()
    except PauseRequested:
        writer.write(Paused(time.time(), loop.position.step))
        raise
    writer.progress(1.0, "scoring val")
    finished = Finished(
        spec, position, room.split, loop.sampler.cases[0].channels, writer.folder.path
    )
    model = publish(finished, loop.network, registry, progress=_beating(writer, "scoring"))
    writer.write(Done(time.time(), model.spec.id, model.spec.metrics))
    return model


def _check(spec: TrainSpec, registry: Registry) -> None:
    """Refuse at once what would only fail after hours of training."""
    if not spec.has_budget:
        raise TrainingError(
            "Expected a budget, found none. Give --epochs, --max-steps or --minutes."
        )
    check_id(spec.model_id)
    if any(model.spec.id == spec.model_id for model in registry.models()[0]):
        raise ModelError(
            f"{spec.model_id}: expected an id no model has yet, found one. Give another with --id."
        )


def _prepare(spec: TrainSpec, writer: JobWriter, *, resume: bool) -> _Room:
    torch.manual_seed(spec.seed)
    split = make_split(
        read_split(Path(spec.split)),
        scan(Path(spec.data)),
        selection=spec.selection_cases,
        seed=spec.seed,
    )
    channels = _channels(split)
    planes = 2 * spec.preprocessing.neighbours + 1
    network = build_network(
        NetworkSpec(spec.architecture, channels * planes, spec.arguments),
        load_encoder=not spec.parent,
    )
    cases = load_cases(
        (*split.fit, *split.selection),
        spec,
        stride=network.stride,
        store=writer.folder.path / _DATA_FOLDER,
        progress=_beating(writer, "reading"),
    )
    fit, selection = cases[: len(split.fit)], cases[len(split.fit) :]
    require_lesions(fit)
    sampler = Sampler(fit, spec, torch.Generator().manual_seed(spec.seed))
    going_on = resume and writer.folder.checkpoint.exists()
    if not going_on:
        load_start(network, spec)
    loop = Loop(spec, network, sampler, selection, writer, resolve_device(spec.device))
    if going_on:
        loop.resume()
        writer.log(f"Going on from step {loop.position.step}.")
    writer.log(
        f"{len(fit)} cases to learn from ({sampler.slices} slices), {len(selection)} to choose by, "
        f"{len(split.val)} to score at the end."
    )
    return _Room(split, loop)


def _channels(split: Split) -> int:
    from core.reading import read_volume

    return len(read_volume(split.fit[0]).channels)


def _limit_threads(spec: TrainSpec) -> None:
    """Leave the window one core, where there is more than one."""
    if spec.threads:
        limit_threads(spec.threads)
        return
    limit_threads()
    limit_threads(max(1, torch.get_num_threads() - 1))


def _beating(writer: JobWriter, doing: str) -> Progress:
    def report(_: float, message: str) -> None:
        writer.beat()
        writer.progress(0.0, f"{doing} {message}")

    return report


def tell(event: Event) -> None:
    """Write an event to the terminal, as a line."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.time))
    sys.stderr.write(f"{clock} {_told(event)}\n")
    sys.stderr.flush()


def _told(event: Event) -> str:
    if isinstance(event, Progressed):
        left = "" if event.seconds_left is None else f", {event.seconds_left / 60:.1f} min left"
        return f"{event.fraction:6.1%} {event.message}{left}"
    if isinstance(event, Measured):
        values = ", ".join(f"{name} {value:.4f}" for name, value in event.values.items())
        return f"step {event.step}: {values}"
    if isinstance(event, Logged):
        return event.text
    if isinstance(event, Failed):
        return event.reason
    return type(event).__name__.lower()


def main(arguments: list[str]) -> int:
    """Take up the job in a folder; returns the exit status."""
    parser = argparse.ArgumentParser(description="Run the training that a job folder describes.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    given = parser.parse_args(arguments)
    try:
        run(read_job(given.folder), JobFolder(given.folder), resume=given.resume, echo=tell)
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

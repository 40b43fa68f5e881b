"""The entry point of a training: from a spec and a job folder to a candidate model.

As a program it takes up the job in a folder, which is how the window starts one; `torchrun` starts
several that train it together:

    python -m training.train FOLDER [--resume]
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch

from core.dataset import scan
from core.device_queue import device_turn
from core.errors import AppError, ModelError, reason
from core.inference import limit_threads, resolve_device
from core.jobs import JOB_FILE, Done, Event, Failed, JobFolder, JobWriter, Paused
from core.models import SPEC_FILE, Model, Registry, check_id
from core.networks.builder import build_network
from core.networks.spec import NetworkSpec
from core.progress import Progress
from core.reading import read_volume
from core.settings import home
from core.train_spec import TrainSpec
from training.dataset import Sampler, load_cases, require_lesions
from training.errors import TrainingError
from training.learner import Learner
from training.loop import Loop, PauseRequested
from training.memory import keep_memory
from training.parallel import Group, joined
from training.publish import Finished, publish
from training.split import Split, make_split, read_split
from training.start import load_start
from training.telling import tell

_DATA_FOLDER = "data"
_MODELS_FOLDER = "models"


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
    with joined() as group:
        writer = JobWriter(job, echo if group.leads else None)
        if group.leads:
            job.clear_request()
            writer.start(resumed=resume)
        with _told_failures(writer, group):
            try:
                return _train(spec, writer, group, resume=resume)
            except PauseRequested:
                return None


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
    _check(spec, registry)
    _limit_threads(spec)
    device = resolve_device(spec.device)
    with _turn(str(device), writer, group):
        split, loop = _prepare(spec, writer, (group, device), resume=resume)
        try:
            position = loop.run()
        except PauseRequested:
            if group.leads:
                writer.write(Paused(time.time(), loop.position.step))
                writer.folder.clear_request()
            raise
        if not group.leads:
            return None
        finished = Finished(spec, position, split, loop.learner.channels, writer.folder.path)
        model = publish(
            finished, loop.learner.network, registry, progress=_beating(writer, 1.0, "scoring")
        )
    writer.write(Done(time.time(), model.spec.id, model.spec.metrics))
    return model


def models_folder(spec: TrainSpec, job: JobFolder) -> Path:
    """Return the folder the candidate goes to: the spec's, or one in the job folder."""
    return Path(spec.models) if spec.models else job.path / _MODELS_FOLDER


def _check(spec: TrainSpec, registry: Registry) -> None:
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
def _turn(device: str, writer: JobWriter, group: Group) -> Iterator[None]:
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


def _prepare(
    spec: TrainSpec, writer: JobWriter, where: tuple[Group, torch.device], *, resume: bool
) -> tuple[Split, Loop]:
    group, device = where
    torch.manual_seed(spec.seed)
    found = read_split(Path(spec.split))
    dataset = scan(Path(spec.data))
    split = make_split(found, dataset, selection=spec.selection_cases, seed=spec.seed)
    channels = read_volume(split.fit[0]).channels
    planes = len(channels) * (2 * spec.preprocessing.neighbours + 1)
    network = build_network(
        NetworkSpec(spec.architecture, planes, spec.arguments), load_encoder=not spec.parent
    )
    cases = load_cases(
        (*split.fit, *split.selection),
        spec,
        stride=network.stride,
        store=writer.folder.path / _DATA_FOLDER / str(group.rank),
        progress=_beating(writer, 0.0, "reading"),
    )
    fit, selection = cases[: len(split.fit)], cases[len(split.fit) :]
    require_lesions(fit)
    load_start(network, spec)
    learner = Learner(spec, network, channels, device, group)
    generator = torch.Generator().manual_seed(spec.seed)
    sampler = Sampler(fit, spec, generator, group.rank, group.world)
    loop = Loop(learner, sampler, selection, writer)
    if resume and writer.folder.checkpoint.exists():
        loop.resume()
        writer.log(f"Going on from step {loop.position.step}.")
    writer.log(
        f"{len(fit)} cases to learn from ({sampler.slices} slices), {len(selection)} to choose by, "
        f"{len(split.val)} to score at the end."
    )
    return split, loop


def _limit_threads(spec: TrainSpec) -> None:
    """Leave the window one core, where there is more than one."""
    if spec.threads:
        limit_threads(spec.threads)
        return
    limit_threads()
    limit_threads(max(1, torch.get_num_threads() - 1))


def _beating(writer: JobWriter, fraction: float, doing: str) -> Progress:
    def report(_: float, message: str) -> None:
        writer.beat()
        writer.progress(fraction, f"{doing} {message}")

    return report


def main(arguments: list[str]) -> int:
    """Take up the job in a folder; returns the exit status."""
    parser = argparse.ArgumentParser(description="Run the training that a job folder describes.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    given = parser.parse_args(arguments)
    keep_memory()
    try:
        run(read_job(given.folder), JobFolder(given.folder), resume=given.resume, echo=tell)
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

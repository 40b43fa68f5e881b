"""Inference as the window runs it, alone and while a training is at work."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.inference.engine import Engine
from core.io.resource_paths import resource
from core.jobs.job_events import Progressed, Stage
from core.jobs.job_folder import JobFolder, create_job
from core.jobs.job_start import start_job
from core.models.registry import Registry
from core.models.train_spec import TrainSpec
from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import interleaved_seconds
from tests.synthetic import volume_of

_SLICES, _CASES = 20, 3
_RUNS = 5
_START_SECONDS = 120.0
_LEAST_SHARE = 0.25


def measure() -> list[Entry]:
    """Return slices a second on 20 × 256 × 256 alone and beside a training job of U-Net-16.

    Both through the window's engine, on the CPU. At least a quarter of the speed is promised.
    """
    volume = volume_of(example(_SLICES, 256).pixels)
    model = Registry((resource("models"),)).champion()
    with TemporaryDirectory(prefix="overread-bench-") as folder, closing(Engine()) as engine:

        def run() -> object:
            return engine.predict(volume, model, device="cpu")

        (alone,) = interleaved_seconds([run], runs=_RUNS)
        with _training(Path(folder)):
            (beside,) = interleaved_seconds([run], runs=_RUNS)
    said = f"alone: {_SLICES / alone:.1f} slices/s"
    return [
        Figure("inference_beside_training", _SLICES / beside, "slices/s").faster(
            alone / beside, said, bound=_LEAST_SHARE
        )
    ]


@contextmanager
def _training(folder: Path) -> Iterator[None]:
    """Train in a process of its own for the block, from its first step on."""
    names = [f"CASE_{number}" for number in range(_CASES)]
    for number, name in enumerate(names):
        write_example(folder / "data", name, example(_SLICES, 256, seed=number))
    (folder / "split.json").write_text(json.dumps({"train": names, "val": []}))
    spec = TrainSpec(
        architecture="unet",
        data=str(folder / "data"),
        split=str(folder / "split.json"),
        model_id="bench",
        arguments={"init_features": 16},
        minutes=60.0,
        device="cpu",
    )
    job = create_job(folder / "job", spec)
    start_job(job, "train")
    try:
        _wait(job, lambda: "learning" in _stages(job))
        yield
    finally:
        job.request("pause")
        _wait(job, lambda: job.state() != "running")


def _stages(job: JobFolder) -> list[Stage]:
    return [event.stage for event in job.events()[0] if isinstance(event, Progressed)]


def _wait(job: JobFolder, over: Callable[[], bool]) -> None:
    end = time.monotonic() + _START_SECONDS
    while not over():
        if time.monotonic() > end or job.state() == "failed":
            raise RuntimeError(f"the training did not answer: {job.log_path.read_text()[-500:]}")
        time.sleep(0.1)

"""Run a model on a volume. Imports torch: the window calls it through `core.inference.engine`."""

import contextlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.domain.errors import ModelError
from core.domain.prediction import OnSlices, Prediction, quantise
from core.domain.progress import Progress, silent
from core.domain.volume import Volume
from core.inference.preprocess import Prepared, from_grid, prepare
from core.models.networks.builder import build_network
from core.models.networks.network import Network
from core.models.networks.weights import load_weights, read_state_dict
from core.models.registry import Model, prediction_key

_CPU_BATCH = 4
_CUDA_BATCH = 16
_NO_MEMORY = re.compile("can't allocate memory|not enough memory|out of memory")


@dataclass(frozen=True)
class RunOptions:
    """How to run: `device` is `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.

    Slices nearest to the index `first` go first. `only` are the indices to look at, None for all;
    the others are left without lesion, as triage may ask for.
    """

    device: str = "auto"
    first: int = 0
    batch_size: int | None = None
    only: tuple[int, ...] | None = None

    @property
    def suffix(self) -> str:
        """What tells the key of a prediction of some slices from that of all."""
        return "" if self.only is None else f"-only-{'.'.join(map(str, sorted(self.only)))}"


@dataclass
class Runner:
    """A model's network in memory, ready for one volume after another on one device.

    Raises `ModelError` when the weights do not fit the specification.
    """

    model: Model
    network: Network = field(init=False)

    def __post_init__(self) -> None:
        """Build the network and load its weights, in float32 whatever they are stored as."""
        network = build_network(self.model.spec.network, load_encoder=False)
        state = {n: t.float() if t.is_floating_point() else t for n, t in self._state().items()}
        load_weights(network, state, source=str(self.model.weights))
        self.network = network.eval().to(memory_format=torch.channels_last)

    def predict(
        self,
        volume: Volume,
        options: RunOptions = RunOptions(),
        *,
        on_slices: OnSlices | None = None,
        progress: Progress = silent,
    ) -> Prediction:
        """Return the prediction for `volume`; see `predict`."""
        volume = self.model.fitted(volume)
        started = time.perf_counter()
        progress(0.0, "preparing")
        prepared = prepare(volume, self.model.spec.preprocessing, stride=self.network.stride)
        result = np.zeros(volume.geometry.shape, np.uint8)
        device = resolve_device(options.device)
        queue = nearest_first(volume.slices, options.first)
        if options.only is not None:
            queue = [index for index in queue if index in options.only]
        total = len(queue)
        batch = options.batch_size or (_CPU_BATCH if device.type == "cpu" else _CUDA_BATCH)
        done = 0
        for indices, probability, place in self._ladder(prepared, queue, batch, device, progress):
            device = place
            native = quantise(from_grid(probability, prepared.grid))
            result[indices] = native
            if on_slices is not None:
                on_slices(indices, native)
            done += len(indices)
            progress(done / total, _time_left(started, done, total, device))
        seconds = time.perf_counter() - started
        key = prediction_key(self.model, volume) + options.suffix
        return Prediction(result, self.model.spec.id, key, str(device), seconds)

    def _ladder(
        self,
        prepared: Prepared,
        queue: list[int],
        batch: int,
        device: torch.device,
        progress: Progress,
    ) -> Iterator[tuple[list[int], NDArray[np.float32], torch.device]]:
        """Yield batches; out of memory, halve the batch, and at one slice go to the CPU."""
        self.network.to(device)
        while queue:
            done = 1 - len(queue) / prepared.values.shape[1]
            indices = queue[:batch]
            output: NDArray[np.float32] | None = None
            # Nothing is mended while the error lives: its traceback pins the batch's tensors.
            with _memory_errors_ignored():
                output = self._probability(prepared.batch(indices), device)
            if output is not None:
                del queue[: len(indices)]
                yield indices, output, device
                continue
            if batch > 1:
                batch //= 2
                progress(done, f"out of memory on {device}: batches of {batch}")
            elif device.type != "cpu":
                device, batch = torch.device("cpu"), _CPU_BATCH
                progress(done, "out of memory on the graphics card: going on with the CPU")
                self.network.to(device)
            else:
                raise ModelError(
                    f"{self.model.spec.title}: expected memory for one slice, found none left. "
                    "Close other programs, or choose a smaller model."
                )
            release_memory()

    def _probability(
        self, values: NDArray[np.float32], device: torch.device
    ) -> NDArray[np.float32]:
        tensor = torch.from_numpy(values).to(device, memory_format=torch.channels_last)
        with torch.inference_mode(), autocast(device):
            logits = self.network(tensor).float()
            if self.model.spec.flips:
                logits = (logits + self.network(tensor.flip(-1)).float().flip(-1)) / 2
            probability: Tensor = torch.sigmoid(logits + self.model.spec.logit_offset)[:, 0]
        return probability.cpu().numpy()

    def _state(self) -> dict[str, Tensor]:
        return read_state_dict(self.model.weights)


def predict(
    volume: Volume,
    model: Model,
    options: RunOptions = RunOptions(),
    *,
    on_slices: OnSlices | None = None,
    progress: Progress = silent,
) -> Prediction:
    """Return the foreground probability of `volume` by `model`, on the native grid.

    Slices are handed to `on_slices` as they are ready. `progress` is called after each batch and
    may raise `Cancelled`. Raises `ModelError` when the model does not fit the volume. Ensembles
    run through `core.inference.inference_ensemble.open_runner`, as every model can.
    """
    return Runner(model).predict(volume, options, on_slices=on_slices, progress=progress)


def nearest_first(count: int, first: int) -> list[int]:
    """Return the indices 0 to `count` - 1 in order of distance from `first`."""
    return sorted(range(count), key=lambda index: (abs(index - first), index))


def devices() -> list[str]:
    """Return the devices a model can run on here, the fastest first."""
    found = [f"cuda:{n}" for n in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def resolve_device(wanted: str) -> torch.device:
    """Return the device `wanted`, or the fastest for `auto`; raises `ModelError` for others."""
    there = devices()
    if wanted == "auto":
        return torch.device(there[0])
    name = "cuda:0" if wanted == "cuda" else wanted
    if name not in there:
        raise ModelError(
            f"Expected a device among auto, {', '.join(there)}, found {wanted!r}. Choose one."
        )
    return torch.device(name)


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """Return the mixed precision that pays on `device`: bfloat16 where it is native, else fp16."""
    if device.type == "cpu":
        native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=bool(native))
    if device.type == "cuda":
        bf16 = torch.cuda.is_bf16_supported()
        return torch.autocast("cuda", dtype=torch.bfloat16 if bf16 else torch.float16)
    return torch.autocast(device.type, dtype=torch.float16)


def limit_threads(count: int | None = None) -> None:
    """Let torch use `count` threads; by default those this process may run on."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(count or allowed or 1)


@contextlib.contextmanager
def _memory_errors_ignored() -> Iterator[None]:
    """Let a block end early when memory runs out, on whatever device; other errors pass."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        return
    except RuntimeError as error:
        # The CPU and MPS say it in words alone.
        if not _NO_MEMORY.search(str(error)):
            raise


def release_memory() -> None:
    """Hand cached memory of the graphics card back to the system."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _time_left(started: float, done: int, total: int, device: torch.device) -> str:
    left = (time.perf_counter() - started) / done * (total - done)
    return f"{done} of {total} slices on {device}, {left:.0f} s left"

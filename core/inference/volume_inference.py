"""Run a model on a volume, by whatever engine computes its network."""

import contextlib
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from core.domain.errors import ModelError
from core.domain.model_output import ModelOutput
from core.domain.prediction import OnSlices, Prediction, prediction_of
from core.domain.progress import Progress, silent
from core.domain.volume import FloatArray, Volume
from core.inference.engines import open_network
from core.inference.loaded_network import (
    LoadedNetwork,
    MemoryShort,
    Pending,
    begin,
    require_numbers,
)
from core.inference.native_slices import NativeSlices
from core.inference.preprocess import Prepared, prepare
from core.models.registry import Model, prediction_key

_AHEAD = 2
"""Batches begun at once: while one is put back on the grid of the case, the next is computed."""


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

    `threads` are those a processor's engine may use, 0 for all this process may. Raises
    `ModelError` when the model cannot be run by its engine.
    """

    model: Model
    threads: int = 0
    network: LoadedNetwork = field(init=False)

    def __post_init__(self) -> None:
        """Load the network."""
        self.network = open_network(self.model, threads=self.threads)

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
        device = self.network.place(options.device)
        prepared = prepare(volume, self.model.spec.preprocessing, stride=self.network.stride)
        output = self.model.spec.several
        # One channel for each class or region; a binary model has the one of its lesion.
        count = len(output.channels) if output else 1
        result = np.zeros((count, *volume.geometry.shape), np.uint8)
        ways = [NativeSlices(prepared, options.only) for _ in range(count)]
        queue = ways[0].queue(options.first)
        total = len(queue)
        batch = options.batch_size or self.network.batch_size(device)
        # What is seen first comes sooner, unless a number of slices was asked for.
        sizes = (options.batch_size or max(batch // 2, 1), batch)
        done = 0
        for indices, probability, place in self._ladder(prepared, queue, sizes, device, progress):
            device = place
            done += len(indices)
            ready: list[int] = []
            for way, said, found in zip(ways, probability, result, strict=True):
                ready, native = way.take(indices, said)
                found[ready] = native
            if ready and on_slices is not None:
                on_slices(ready, result[:, ready] if output else native)
            progress(done / total, _time_left(started, done, total, device))
        seconds = time.perf_counter() - started
        key = prediction_key(self.model, volume) + options.suffix
        return prediction_of(
            result, output, model_id=self.model.spec.id, key=key, device=device, seconds=seconds
        )

    def _ladder(
        self,
        prepared: Prepared,
        queue: list[int],
        sizes: tuple[int, int],
        device: str,
        progress: Progress,
    ) -> Iterator[tuple[list[int], FloatArray, str]]:
        """Yield batches, of `sizes` the first and all others.

        Out of memory, halve the batch, and at one slice go to the CPU.
        """
        depth, running = prepared.values.shape[1], deque[tuple[list[int], list[Pending]]]()
        size, batch = sizes
        while queue or running:
            while queue and len(running) < _AHEAD:
                indices = queue[:size]
                running.append((indices, self._begin(prepared.batch(indices))))
                del queue[:size]
                size = batch
            indices, pending = running.popleft()
            output: FloatArray | None = None
            with contextlib.suppress(MemoryShort):
                output = self._probability(pending)
            if output is not None:
                yield indices, output, device
                continue
            # Nothing that was begun is waited for: it is begun anew, in smaller batches.
            queue[:0] = [*indices, *(index for each, _ in running for index in each)]
            running.clear()
            done = 1 - len(queue) / depth
            if batch > 1:
                batch //= 2
                progress(done, f"out of memory on {device}: batches of {batch}")
            elif device != "cpu":
                device = self.network.place("cpu")
                batch = self.network.batch_size(device)
                progress(done, "out of memory on the graphics card: going on with the CPU")
            else:
                raise ModelError(
                    f"{self.model.spec.title}: expected memory for one slice, found none left. "
                    "Close other programs, or choose a smaller model."
                )
            size = batch

    def _begin(self, values: FloatArray) -> list[Pending]:
        """Begin with what the model sees of slices (B, C, h, w): them, mirror images, or both."""
        return [
            begin(self.network, np.ascontiguousarray(values[..., ::-1]) if turned else values)
            for turned in self._turned
        ]

    @property
    def _turned(self) -> tuple[bool, ...]:
        """Whether what the model sees of a slice is its mirror image, for each time it does."""
        spec = self.model.spec
        return (False, True) if spec.flips else (spec.view == "mirrored",)

    def _probability(self, pending: list[Pending]) -> FloatArray:
        """Return the probabilities (K, B, h, w) of slices that were begun."""
        found = [
            each()[..., ::-1] if turned else each()
            for each, turned in zip(pending, self._turned, strict=True)
        ]
        logits = found[0] if len(found) == 1 else (found[0] + found[1]) * np.float32(0.5)
        output = self.model.spec.several
        if logits.shape[1] != self.model.spec.logits:
            raise ModelError(
                f"{self.model.spec.title}: expected {self.model.spec.logits} logits a pixel, found "
                f"{logits.shape[1]}. Import the network again with what it gives."
            )
        require_numbers(self.model.spec.title, logits)
        return probabilities(logits, output, self.model.spec.logit_offset)


def probabilities(
    logits: FloatArray, output: ModelOutput | None, logit_offset: float = 0.0
) -> FloatArray:
    """Return the probability (K, B, h, w) of each class or region of logits (B, K', h, w).

    A sigmoid each, of classes the softmax over them and the background, which is left out; the
    offset is added to all logits but the background's.
    """
    by_channel: FloatArray = np.moveaxis(logits, 1, 0)
    if output is None or output.kind == "regions":
        shifted = by_channel + np.float32(logit_offset)
        # The logistic function, which as 1 / (1 + exp(-x)) would overflow.
        half = np.float32(0.5)
        sigmoid: FloatArray = np.tanh(shifted * half) * half + half
        return sigmoid
    raised = by_channel - by_channel.max(axis=0)
    raised[1:] += np.float32(logit_offset)
    weights = np.exp(raised)
    softmax: FloatArray = weights[1:] / weights.sum(axis=0)
    return softmax


def predict(
    volume: Volume,
    model: Model,
    options: RunOptions = RunOptions(),
    *,
    on_slices: OnSlices | None = None,
    progress: Progress = silent,
) -> Prediction:
    """Return the foreground probability of `volume` by `model`, on the native grid.

    Slices are handed to `on_slices` as they are ready, of a model of several labels with all their
    channels (K, B, Y, X). `progress` is called after each batch and may raise `Cancelled`. Raises
    `ModelError` when the model does not fit the volume. Ensembles run through
    `core.inference.inference_ensemble.open_runner`, as every model can.
    """
    return Runner(model).predict(volume, options, on_slices=on_slices, progress=progress)


def _time_left(started: float, done: int, total: int, device: str) -> str:
    left = (time.perf_counter() - started) / done * (total - done)
    return f"{done} of {total} slices on {device}, {left:.0f} s left"

"""The process that runs models for a window; started by `core.inference.engine`, never by hand.

Loading torch holds Python's lock for most of a second and inference fights for it, so neither
happens in the window's own process. A crash or an exhausted memory ends this process alone.
"""

import os
import queue
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import AppError
from core.domain.grid import Grid
from core.domain.libraries import missing_library
from core.domain.progress import Cancelled
from core.domain.volume import Volume
from core.inference.click_server import ClickServer
from core.inference.engine_messages import (
    CancelRequest,
    ComplexityRequest,
    Devices,
    DevicesRequest,
    EngineReply,
    EngineRequest,
    GuideRequest,
    NetworkCost,
    Predicted,
    PredictRequest,
    RunFailed,
    RunProgressed,
    Slices,
    Stopped,
    Triaged,
    TriageRequest,
    read_request,
    write_message,
)
from core.inference.engines import devices
from core.inference.inference_ensemble import AnyRunner, open_runner
from core.inference.inference_triage import TriageRunner
from core.inference.volume_inference import RunOptions
from core.models.certificates import EngineChoice
from core.models.classifiers import ClassifierModel, read_classifier
from core.models.registry import Model, read_model


class Server:
    """Answers one request after the other; a cancel is heard while a run goes on."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        self._requests = requests
        self._replies = replies
        self._cancel = threading.Event()
        self._waiting: queue.SimpleQueue[EngineRequest | None] = queue.SimpleQueue()
        self._runner: AnyRunner | None = None
        self._triager: TriageRunner | None = None
        self._clicks = ClickServer(_threads())

    def serve(self) -> None:
        """Answer until the window closes the pipe."""
        threading.Thread(target=self._listen, daemon=True).start()
        while (request := self._waiting.get()) is not None:
            try:
                self._say(self._answer(request))
            except Cancelled:
                self._say(Stopped())
            except AppError as error:
                self._say(RunFailed(str(error)))
            # Whatever else goes wrong belongs in the window's bug dialog, not in a dead pipe.
            except Exception as error:  # noqa: BLE001
                missing = missing_library(error) if isinstance(error, ImportError) else None
                if missing is not None:
                    self._say(RunFailed(str(missing)))
                else:
                    self._say(RunFailed(str(error) or type(error).__name__, traceback.format_exc()))

    def _listen(self) -> None:
        while True:
            request = read_request(self._requests)
            if isinstance(request, CancelRequest):
                self._cancel.set()
                continue
            self._waiting.put(request)
            if request is None:
                self._cancel.set()
                return

    def _answer(self, request: EngineRequest) -> EngineReply:
        match request:
            case PredictRequest():
                return self._predict(request)
            case TriageRequest():
                return self._triage(request)
            case GuideRequest():
                return self._clicks.answer(request)
            case ComplexityRequest():
                return self._measure(read_model(Path(request.folder)))
            case DevicesRequest() | CancelRequest():
                return Devices(devices())

    def _predict(self, request: PredictRequest) -> EngineReply:
        self._cancel.clear()
        volume = _volume(request)
        model = read_model(Path(request.folder)).with_flips(request.flips)
        runner = self._ready(model.with_engine(EngineChoice(request.engine, request.precision)))
        options = RunOptions(request.device, request.first)
        done = runner.predict(
            volume, options, on_slices=self._send_slices, progress=self._send_progress
        )
        return Predicted(done.key, done.device, done.seconds)

    def _triage(self, request: TriageRequest) -> EngineReply:
        self._cancel.clear()
        runner = self._triage_ready(read_classifier(Path(request.folder)), request.device)
        found = runner.triage(_volume(request), progress=self._send_progress)
        return Triaged(found.probability.tolist(), found.device, found.seconds)

    def _triage_ready(self, model: ClassifierModel, device: str) -> TriageRunner:
        kept = self._triager
        if kept is None or (kept.model, kept.device) != (model, device):
            self._triager = kept = TriageRunner(model, device, _threads())
        return kept

    def _ready(self, model: Model) -> AnyRunner:
        """Keep the last model in memory: the next case starts without reading weights."""
        if self._runner is None or self._runner.model.computed != model.computed:
            self._send_progress(0.0, f"loading {model.spec.title}")
            self._runner = open_runner(model, threads=_threads())
        return self._runner

    def _measure(self, model: Model) -> NetworkCost:
        from core.inference.network_cost import complexity  # loads torch

        found = complexity(model)
        return NetworkCost(found.parameters, found.gmac, found.batch_megabytes)

    def _send_slices(self, indices: Sequence[int], probability: NDArray[np.uint8]) -> None:
        self._say(Slices(list(indices), probability.tobytes()))

    def _send_progress(self, fraction: float, message: str) -> None:
        if self._cancel.is_set():
            raise Cancelled
        self._say(RunProgressed(fraction, message))

    def _say(self, reply: EngineReply) -> None:
        write_message(self._replies, reply)


def _volume(request: PredictRequest | TriageRequest) -> Volume:
    pixels = np.frombuffer(request.pixels, np.dtype(request.dtype)).reshape(request.shape)
    numbers = tuple(range(1, request.shape[1] + 1))
    grid = Grid(request.shape[1:], known_spacing_mm=request.spacing_mm)
    return Volume(pixels, request.channels, numbers, grid)


def _threads() -> int:
    """Leave one core to the window: a slice step waits half as long, and a run ends no later."""
    return max((os.cpu_count() or 2) - 1, 1)


def main() -> None:
    """Serve the window over standard input and output until it closes them."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # A library that prints must not write into the frames.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        Server(sys.stdin.buffer, replies).serve()
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()

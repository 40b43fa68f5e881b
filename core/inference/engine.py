"""Run models in a process of their own and talk to it from a worker thread. Imports no torch."""

import subprocess
import tempfile
import threading
from collections.abc import Callable
from typing import IO, TypeAlias

import numpy as np

from core.domain.errors import ModelError
from core.domain.prediction import OnSlices, Prediction, prediction_of
from core.domain.progress import Cancelled, Progress, silent
from core.domain.triage import Triage
from core.domain.volume import FloatArray, Volume
from core.inference.child_environment import child_command, child_environment
from core.inference.engine_messages import (
    Answered,
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
    read_reply,
    write_message,
)
from core.models.classifiers import ClassifierModel
from core.models.guides import GuideModel
from core.models.registry import Model

_LOG_TAIL = 2000
_EXIT_SECONDS = 2.0

Take: TypeAlias = Callable[[Slices], None]


class EngineFault(Exception):
    """A fault of Overread inside the engine; its text holds the traceback."""


class Engine:
    """One process that runs models, started at the first request and again after a crash.

    Requests of several threads wait for each other. Closing it ends the process.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._retired = False
        self._log: IO[bytes] | None = None

    def predict(
        self,
        volume: Volume,
        model: Model,
        *,
        device: str = "auto",
        first: int = 0,
        on_slices: OnSlices | None = None,
        progress: Progress = silent,
    ) -> Prediction:
        """Return the prediction of `model` for `volume`, as `volume_inference.predict` does.

        `on_slices` and `progress` are called on the calling thread; when `progress` raises
        `Cancelled`, the run stops within one batch. Raises `ModelError`.
        """
        volume = model.fitted(volume)
        pixels = volume.pixels
        request = PredictRequest(
            folder=str(model.folder),
            pixels=pixels.tobytes(),
            shape=pixels.shape,
            dtype=pixels.dtype.str,
            channels=volume.channels,
            device=device,
            first=first,
            flips=model.spec.flips,
            engine=model.wanted.engine,
            precision=model.wanted.precision,
            spacing_mm=volume.geometry.spacing_mm,
        )
        output = model.spec.several
        count = len(output.channels) if output else 1
        result = np.zeros((count, *volume.geometry.shape), np.uint8)

        def take(reply: Slices) -> None:
            plane = volume.geometry.shape[1:]
            values = np.frombuffer(reply.probability, np.uint8).reshape(count, -1, *plane)
            result[:, reply.indices] = values
            if on_slices is not None:
                on_slices(reply.indices, values if output else values[0])

        with self._lock:
            done = self._run(request, take, progress)
        assert isinstance(done, Predicted)
        return prediction_of(
            result,
            output,
            model_id=model.spec.id,
            key=done.key,
            device=done.device,
            seconds=done.seconds,
        )

    def triage(
        self,
        volume: Volume,
        model: ClassifierModel,
        *,
        device: str = "auto",
        progress: Progress = silent,
    ) -> Triage:
        """Return which slices of `volume` are likely to hold a lesion; raises `ModelError`."""
        volume = model.fitted(volume)
        pixels = volume.pixels
        request = TriageRequest(
            folder=str(model.folder),
            pixels=pixels.tobytes(),
            shape=pixels.shape,
            dtype=pixels.dtype.str,
            channels=volume.channels,
            device=device,
            spacing_mm=volume.geometry.spacing_mm,
        )
        with self._lock:
            done = self._run(request, None, progress)
        assert isinstance(done, Triaged)
        probability = np.asarray(done.probability, np.float64)
        numbers, model_id = volume.slice_numbers, model.spec.id
        return Triage(probability, numbers, model_id, done.device, done.seconds)

    def answer_click(self, guide: GuideModel, values: FloatArray) -> FloatArray:
        """Return the logits (B, 1, h, w) of a guide for what it sees (B, C, h, w).

        Raises `ModelError`.
        """
        batch, planes, height, width = values.shape
        request = GuideRequest(str(guide.folder), values.tobytes(), (batch, planes, height, width))
        with self._lock:
            done = self._run(request, None, silent)
        assert isinstance(done, Answered)
        return np.frombuffer(done.logits, np.float32).reshape(batch, 1, height, width)

    def devices(self) -> list[str]:
        """Return the devices a model can run on; starts the process, so that runs begin at once."""
        with self._lock:
            reply = self._run(DevicesRequest(), None, silent)
        assert isinstance(reply, Devices)
        return reply.names

    def complexity(self, model: Model) -> NetworkCost:
        """Return what `model` costs, measured."""
        with self._lock:
            reply = self._run(ComplexityRequest(str(model.folder)), None, silent)
        assert isinstance(reply, NetworkCost)
        return reply

    def close(self) -> None:
        """End the process; a run in hand fails with `ModelError`."""
        with self._starting:
            self._end()

    def retire(self) -> None:
        """End the process and never start another: every later request fails with `ModelError`.

        A worker that is just about to start the process would otherwise leave it behind.
        """
        with self._starting:
            self._retired = True
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, self._log):
                if stream is not None:
                    _close_quietly(stream)

    def _run(self, request: EngineRequest, take: Take | None, progress: Progress) -> EngineReply:
        answer: EngineReply | None = None
        try:
            answer = self._answer(request, take, progress)
        finally:
            # What a run broken off by its own hooks still sends would answer the next request.
            if answer is None:
                self.close()
        match answer:
            case RunFailed(message=message, details=details):
                raise EngineFault(details) if details else ModelError(message)
            case Stopped():
                raise Cancelled
        return answer

    def _answer(self, request: EngineRequest, take: Take | None, progress: Progress) -> EngineReply:
        """Return the reply that ends a request; raises what the hooks raise, but `Cancelled`."""
        stdin, stdout = self._streams()
        self._send(stdin, request)
        cancelled = False
        while True:
            match self._receive(stdout):
                case Slices() as reply:
                    if take is not None and not cancelled:
                        take(reply)
                case RunProgressed() as reply:
                    if not cancelled and not _passed_on(reply, progress):
                        self._send(stdin, CancelRequest())
                        cancelled = True
                case RunFailed() as reply:
                    return reply
                case reply:
                    return Stopped() if cancelled else reply

    def _send(self, stdin: IO[bytes], request: EngineRequest) -> None:
        try:
            write_message(stdin, request)
        except (OSError, ValueError) as error:
            raise self._ended() from error

    def _receive(self, stdout: IO[bytes]) -> EngineReply:
        try:
            reply = read_reply(stdout)
        except (OSError, ValueError) as error:
            raise self._ended() from error
        if reply is None:
            raise self._ended()
        return reply

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return the process's input and output; starts it when there is none or it has died."""
        with self._starting:
            return self._started()

    def _started(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._retired:
            raise ModelError("Expected a window to run models for, found that it is closed.")
        if self._process is None or self._process.poll() is not None:
            self._end()
            # A file and not a pipe: nobody would read a pipe while the process writes into it.
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
            self._process = subprocess.Popen(
                child_command("core.inference.engine_process"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=child_environment(),
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def _ended(self) -> ModelError:
        """Say that the process has died, with the last it wrote."""
        tail, how = "", "before it was asked"
        with self._starting:
            if self._process is not None:
                how = _exit_of(self._process)
            if self._log is not None and not self._log.closed:
                self._log.seek(0)
                tail = self._log.read().decode(errors="replace")[-_LOG_TAIL:].strip()
            self._end()
        last = tail.splitlines()[-1] if tail else "no message"
        return ModelError(
            "Expected the model's process to answer, found that it has ended "
            f"({how}: {last}). Run the case again; if that ends so too, close other programs first."
        )


def _passed_on(reply: RunProgressed, progress: Progress) -> bool:
    """Pass progress on; return False when the caller has cancelled."""
    try:
        progress(reply.fraction, reply.message)
    except Cancelled:
        return False
    return True


def _exit_of(process: subprocess.Popen[bytes]) -> str:
    """Say how a process ended that has closed its pipes and so is about to."""
    try:
        code = process.wait(timeout=_EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        return "it closed its pipes"
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _close_quietly(stream: IO[bytes]) -> None:
    """Close a pipe whose other end may be gone, with bytes still in its buffer."""
    try:
        stream.close()
    except OSError:
        return

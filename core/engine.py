"""Run models in a process of their own and talk to it from a worker thread. Imports no torch."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np

from core.engine_messages import (
    CancelRequest,
    ComplexityRequest,
    Devices,
    DevicesRequest,
    Failed,
    Measured,
    Predicted,
    PredictRequest,
    Progressed,
    Reply,
    Request,
    Slices,
    Stopped,
    read_reply,
    write_message,
)
from core.errors import ModelError
from core.models import Model
from core.prediction import OnSlices, Prediction
from core.progress import Cancelled, Progress, silent
from core.volume import Volume

_ROOT = Path(__file__).resolve().parent.parent
_LOG_TAIL = 2000

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
        """Return the prediction of `model` for `volume`, as `core.inference.predict` does.

        `on_slices` and `progress` are called on the calling thread; when `progress` raises
        `Cancelled`, the run stops within one batch. Raises `ModelError`.
        """
        model.check(volume)
        pixels = volume.pixels
        request = PredictRequest(
            folder=str(model.folder),
            pixels=pixels.tobytes(),
            shape=pixels.shape,
            dtype=pixels.dtype.str,
            device=device,
            first=first,
            flips=model.spec.flips,
        )
        result = np.zeros(volume.geometry.shape, np.uint8)

        def take(reply: Slices) -> None:
            plane = volume.geometry.shape[1:]
            values = np.frombuffer(reply.probability, np.uint8).reshape(-1, *plane)
            result[reply.indices] = values
            if on_slices is not None:
                on_slices(reply.indices, values)

        with self._lock:
            done = self._run(request, take, progress)
        assert isinstance(done, Predicted)
        return Prediction(result, model.spec.id, done.key, done.device, done.seconds)

    def devices(self) -> list[str]:
        """Return the devices a model can run on; starts the process, so that runs begin at once."""
        with self._lock:
            reply = self._run(DevicesRequest(), None, silent)
        assert isinstance(reply, Devices)
        return reply.names

    def complexity(self, model: Model) -> Measured:
        """Return what `model` costs, measured."""
        with self._lock:
            reply = self._run(ComplexityRequest(str(model.folder)), None, silent)
        assert isinstance(reply, Measured)
        return reply

    def close(self) -> None:
        """End the process; a run in hand fails with `ModelError`."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, self._log):
                if stream is not None:
                    _close_quietly(stream)

    def _run(self, request: Request, take: Take | None, progress: Progress) -> Reply:
        stdin, stdout = self._streams()
        cancelled = False
        try:
            write_message(stdin, request)
            while (reply := read_reply(stdout)) is not None:
                match reply:
                    case Failed(message=message, details=details):
                        if details:
                            raise EngineFault(details)
                        raise ModelError(message)
                    case Stopped():
                        raise Cancelled
                    case Predicted() | Devices() | Measured():
                        if cancelled:
                            raise Cancelled
                        return reply
                    case Slices() if take is not None and not cancelled:
                        take(reply)
                    case Progressed() if not cancelled:
                        cancelled = self._report(reply, progress, stdin)
                    case _:
                        pass
        except (OSError, ValueError) as error:
            raise self._ended() from error
        raise self._ended()

    def _report(self, reply: Progressed, progress: Progress, stdin: IO[bytes]) -> bool:
        """Pass progress on; return whether the caller has cancelled."""
        try:
            progress(reply.fraction, reply.message)
        except Cancelled:
            write_message(stdin, CancelRequest())
            return True
        return False

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return the process's input and output; starts it when there is none or it has died."""
        if self._process is None or self._process.poll() is not None:
            self.close()
            # A file and not a pipe: nobody would read a pipe while the process writes into it.
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
            path = os.pathsep.join(p for p in (str(_ROOT), os.environ.get("PYTHONPATH")) if p)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "core.engine_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env={**os.environ, "PYTHONPATH": path},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def _ended(self) -> ModelError:
        """Say that the process has died, with the last it wrote."""
        tail = ""
        if self._log is not None and not self._log.closed:
            self._log.seek(0)
            tail = self._log.read().decode(errors="replace")[-_LOG_TAIL:].strip()
        self.close()
        last = tail.splitlines()[-1] if tail else "no message"
        return ModelError(
            "Expected the model's process to answer, found that it has ended "
            f"({last}). Memory may have run out: close other programs and run the case again."
        )


def _close_quietly(stream: IO[bytes]) -> None:
    """Close a pipe whose other end may be gone, with bytes still in its buffer."""
    try:
        stream.close()
    except OSError:
        return

"""One of two programs that are timed in turns: it makes a pass whenever it is told to.

The program prints a line of JSON about itself when it is ready, and a line of JSON with its times
after each pass; lines that are no JSON object are others' chatter. A pass is asked for by a line on
its standard input, whose end tells it to leave.
"""

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from threading import Thread, Timer
from types import TracebackType
from typing import Self

from tests.bench.isolated import MeasurementFailed, kill, last_line, started

_START_SECONDS = 120.0
_PASS_SECONDS = 60.0
_LEAVE_SECONDS = 20.0


class Side:
    """The program's process; raises `MeasurementFailed` when it breaks off or takes too long."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = started(command, environment)
        self._said: list[str] = []
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        try:
            self.about = self._answer(_START_SECONDS)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def make_pass(self) -> str:
        """Ask for a pass and return the line of JSON it gives."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("pass\n")
            self._process.stdin.flush()
        except OSError as error:
            raise MeasurementFailed(self._last_words()) from error
        return self._answer(_PASS_SECONDS)

    def _answer(self, patience_seconds: float) -> str:
        assert self._process.stdout is not None
        clock = Timer(patience_seconds, kill, [self._process])
        clock.start()
        try:
            for line in self._process.stdout:
                if line.startswith("{"):
                    return line
        finally:
            clock.cancel()
        raise MeasurementFailed(self._last_words() or f"silent for {patience_seconds:.0f} s")

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self._said.extend(self._process.stderr)

    def _last_words(self) -> str:
        self._listener.join(_LEAVE_SECONDS)
        return last_line("".join(self._said))

    def _end(self) -> None:
        process = self._process
        assert process.stdin is not None
        with process:  # closes the pipes
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(_LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                kill(process)
            self._listener.join(_LEAVE_SECONDS)

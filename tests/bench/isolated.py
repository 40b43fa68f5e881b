"""Run one measurement in a process of its own: `python -m tests.bench.isolated NAME FILE`.

A measurement is a module of this package with a function `measure` that returns entries.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.entry import Entry, decode, encode

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_SECONDS = 300.0


class MeasurementFailed(Exception):
    """A measurement's process broke off; the text is the last thing it said."""


def run_isolated(name: str) -> list[Entry]:
    """Return the entries of the measurement `name`."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        file = Path(folder) / "entries.json"
        run_program([sys.executable, "-m", "tests.bench.isolated", name, str(file)])
        return decode(file.read_bytes())


def run_program(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    timeout_seconds: float = _TIMEOUT_SECONDS,
) -> str:
    """Run a command in the project's folder and return what it printed.

    Raises `MeasurementFailed` when it cannot be run, takes too long or ends with an error.
    """
    with started(command, environment) as process:
        try:
            printed, said = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise MeasurementFailed(f"not done after {timeout_seconds:.0f} s") from error
        finally:
            kill(process)
    if process.returncode != 0:
        raise MeasurementFailed(last_line(said or printed) or f"exit status {process.returncode}")
    return printed


def started(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a command in the project's folder, with pipes and in a process group of its own."""
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
            start_new_session=True,
        )
    except OSError as error:
        raise MeasurementFailed(str(error)) from error


def kill(process: subprocess.Popen[str]) -> None:
    """End a command that still runs, with all it has started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def last_line(text: str) -> str:
    """Return the last line that says something: of a traceback, the error itself."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def main() -> None:
    """Make the measurement named first and write its entries to the file named second."""
    name, file = sys.argv[1:]
    entries: list[Entry] = import_module(f"tests.bench.{name}").measure()
    Path(file).write_bytes(encode(entries))


if __name__ == "__main__":
    main()

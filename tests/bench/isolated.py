"""Run one measurement in a process of its own: `python -m tests.bench.isolated NAME FILE`.

A measurement is a module of this package with a function `measure` that returns entries.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.entry import Entry, decode, encode

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_SECONDS = 1200.0


class MeasurementFailed(Exception):
    """A measurement's process broke off; the text is the last thing it said."""


def run_isolated(
    name: str, *, prefix: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> list[Entry]:
    """Return the entries of the measurement `name`; `prefix` goes before the command."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        file = Path(folder) / "entries.json"
        run_program(
            [*prefix, sys.executable, "-m", "tests.bench.isolated", name, str(file)], environment
        )
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
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_seconds,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MeasurementFailed(str(error)) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise MeasurementFailed(said[-1] if said else f"exit status {done.returncode}")
    return done.stdout


def main() -> None:
    """Make the measurement named first and write its entries to the file named second."""
    name, file = sys.argv[1:]
    entries: list[Entry] = import_module(f"tests.bench.{name}").measure()
    Path(file).write_bytes(encode(entries))


if __name__ == "__main__":
    main()

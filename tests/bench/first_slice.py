"""From the start of the process to the first slice on screen."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from core.workspace.settings import HOME_VARIABLE
from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.first_slice_start import FirstSlice
from tests.bench.isolated import run_program

_RUNS = 9
_BOUND_SECONDS = 1.5


def measure(*, runs: int = _RUNS) -> list[Entry]:
    """Return the median of nine starts on a 20-slice case, files and byte code in the cache.

    Each start is a process of its own that runs `main.py open DIR` (see `first_slice_start`), timed
    from just before it is created to the end of the first paint with the slice in it. The measure
    fails when torch was loaded by then.
    """
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        write_example(data, "CASE_A", example(20, 256))
        environment = _environment(Path(folder), home)
        found = [_start(data, environment) for _ in range(runs + 1)][1:]
    figure = Figure("first_slice", float(np.median([run.seconds for run in found])), "s")
    fastest, slowest = (pick(run.seconds for run in found) for pick in (min, max))
    busy = float(np.median([run.processor_seconds for run in found]))
    loaded = any(run.torch for run in found)
    said = (
        f"{fastest:.2f} to {slowest:.2f} s in {runs} starts, {busy:.2f} s on the processors; "
        f"torch {'was' if loaded else 'not'} loaded"
    )
    entry = figure.at_most(_BOUND_SECONDS, against=said)
    return [msgspec.structs.replace(entry, ok=entry.ok and not loaded)]


def _start(data: Path, environment: Mapping[str, str]) -> FirstSlice:
    module = "tests.bench.first_slice_start"
    command = [sys.executable, "-m", module, repr(time.time()), str(data)]
    printed = run_program(command, environment, timeout_seconds=60)
    return msgspec.json.decode(printed.strip().splitlines()[-1], type=FirstSlice)


def _environment(folder: Path, home: Path) -> dict[str, str]:
    """Let the first start, which is not counted, keep the byte code for the others."""
    kept = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, HOME_VARIABLE: str(home), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}

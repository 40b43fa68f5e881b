"""The command `predict` on one case, from the start of the process to its end."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.workspace.settings import HOME_VARIABLE
from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.isolated import run_program
from tests.bench.timing import seconds

_RUNS = 5
_SLICES = 40
_BOUND_SECONDS = 1.5


def measure(*, runs: int = _RUNS, slices: int = _SLICES) -> list[Entry]:
    """Return the median of five runs on a case of 40 slices by lite0, beside torch in float32.

    The first of each, which compiles the graph and the byte code, is not counted.
    """
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        place = Path(folder)
        write_example(place / "data", "CASE_A", example(slices, 256))
        ours = [_predict(place, f"ours{n}") for n in range(runs + 1)][1:]
        theirs = [
            _predict(place, f"torch{n}", "--engine", "torch", "--precision", "float32")
            for n in range(2)
        ][1:]
    figure = Figure("predict_command", float(np.median(ours)), "s")
    said = f"{min(ours):.2f} to {max(ours):.2f} s; by torch in float32 {min(theirs):.2f} s"
    return [figure.at_most(_BOUND_SECONDS, against=said)]


def _predict(place: Path, name: str, *how: str) -> float:
    kept = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    environment = {
        **kept,
        HOME_VARIABLE: str(place / "home"),
        "PYTHONPYCACHEPREFIX": str(place / "bytecode"),
    }
    command = [sys.executable, "main.py", "predict", str(place / "data"), "--model", "lite0"]
    out = ["--out", str(place / name)]
    return seconds(lambda: run_program([*command, *out, *how], environment))

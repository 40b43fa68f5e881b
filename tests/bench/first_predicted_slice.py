"""From the key that runs the model to the first slice of its prediction on screen."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.window import Stage, opened, wait_until

_CASES, _SLICES = 4, 40
_BOUND_SECONDS = 0.3


def measure() -> list[Entry]:
    """Return the median over three cases, and the first, for which the model is loaded."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        for number in range(_CASES):
            write_example(data, f"CASE_{number}", example(_SLICES, 256, seed=number))
        with opened(data, home) as stage:
            times = [_from_key(stage, f"CASE_{number}") for number in range(_CASES)]
    figure = Figure("first_predicted_slice", float(np.median(times[1:])), "s")
    return [figure.at_most(_BOUND_SECONDS, against=f"{times[0]:.2f} s for the first case")]


def _from_key(stage: Stage, case_id: str) -> float:
    session, desk = stage.program.session, stage.program.prediction.desk
    stage.program.operations.choose_case(case_id)
    wait_until(lambda: session.current == case_id)
    stage.settle()
    started = time.perf_counter()
    desk.run_case()
    wait_until(lambda: session.result is not None and session.result.ready != frozenset())
    found = time.perf_counter() - started
    wait_until(lambda: session.result is not None and session.result.prediction is not None)
    return found

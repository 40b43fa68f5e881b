"""Step through slices while a model runs: does the window answer all the while?"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer

from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS
from tests.bench.window import Stage, opened, wait_until

_CASES, _SLICES, _SIZE = 3, 40, 256
_TICK_MS = 4
_BOUND_MS = 16.0
_NAME = "window_while_running"


class _Ticks(QObject):
    """Notes when a timer of four milliseconds was heard."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._timer.start(_TICK_MS)

    def stop(self) -> list[float]:
        """Return the gaps between ticks since `start`."""
        self._timer.stop()
        gaps = np.diff(self.times).tolist()
        self.times.clear()
        return gaps

    def _tick(self) -> None:
        self.times.append(time.perf_counter())


def measure() -> list[Entry]:
    """Return slice-change times during runs on three cases, and the longest silence of the window.

    The model runs in its own process on all threads, on the case on screen, and what it finds is
    drawn as it arrives. Steps come thirty a second, timed as in `slice_change`. A silence is the
    longest time between two ticks of a timer of four milliseconds.
    """
    steps: list[float] = []
    gaps: list[float] = []
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        for number in range(_CASES):
            write_example(data, f"CASE_{number}", example(_SLICES, _SIZE, seed=number))
        with opened(data, home) as stage:
            for number in range(_CASES):
                during, silent = _run(stage, f"CASE_{number}")
                steps += during
                gaps += silent
            busy = np.array(stage.busy_seconds) * MILLISECONDS
    figures, silence = np.array(steps) * MILLISECONDS, max(gaps) * MILLISECONDS
    median, p95 = (float(np.percentile(figures, percent)) for percent in (50, 95))
    said = f"{len(figures)} steps, longest {figures.max():.1f} ms"
    return [
        Figure(f"{_NAME}_median", median, "ms").plain(said),
        Figure(f"{_NAME}_p95", p95, "ms").at_most(
            _BOUND_MS, against=f"{np.percentile(busy, 95):.1f} ms on the processor; {said}"
        ),
        Figure(f"{_NAME}_silence", silence, "ms").plain(f"longest of {len(gaps)} timer ticks"),
    ]


def _run(stage: Stage, case_id: str) -> tuple[list[float], list[float]]:
    """Return the times of steps and the gaps between ticks while one case is predicted."""
    program, ticks = stage.program, _Ticks()
    program.operations.choose_case(case_id)
    wait_until(lambda: _shows(stage, case_id))
    stage.settle()
    program.operations.run_case()
    ticks.start()
    steps = []
    direction = 1
    while program.session.queue.active:
        index = program.session.view.slice_index
        direction = -1 if index == _SLICES - 1 else 1 if index == 0 else direction
        steps.append(stage.paced_step_seconds(direction))
    gaps = ticks.stop()
    state = program.session.case_states[case_id]
    assert state.scored, f"the run failed: {state.problem}"
    return steps, gaps


def _shows(stage: Stage, case_id: str) -> bool:
    case = stage.program.session.open_case
    return case is not None and case.loaded.case.id == case_id

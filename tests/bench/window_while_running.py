"""Step, zoom and paint while a model runs: does the window answer all the while?"""

import time
from collections.abc import Callable, Iterator
from itertools import chain, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt, QTimer

from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS
from tests.bench.window import FRAME_SECONDS, Stage, idle, opened, wait_until
from tests.gui.pointing import CTRL, LEFT, move, press, release, wheel

_CASES, _OTHERS, _SLICES, _SIZE = 3, 2, 40, 256
_TICK_MS = 4
_BOUND_MS = 16.0
_NAME = "window_while_running"
_NOTCH = 120
_BRUSH_PX, _SAMPLES, _REACH = 15, 8, 9
_STEPS = 12

Times: TypeAlias = dict[str, list[float]]
Gestures: TypeAlias = Iterator[tuple[str, Callable[[], object]]]


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
    """Return the times of steps, zooms and brush samples during runs, and the longest silence.

    The model runs in its own process. Gestures come thirty a second, each timed from the event to
    the end of the paint. First three cases are browsed while each of them is predicted and what is
    found is drawn as it arrives: twelve slices, four notches of zoom, and again. Then a predicted
    case is corrected with a 15 px brush while two others are predicted. A silence is the longest
    time between two ticks of a timer of four milliseconds.
    """
    times: Times = {"step": [], "zoom": [], "brush": []}
    gaps: list[float] = []
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        for number in range(_CASES + _OTHERS):
            write_example(data, f"CASE_{number}", example(_SLICES, _SIZE, seed=number))
        with opened(data, home) as stage:
            for number in range(_CASES):
                _show(stage, f"CASE_{number}")
                stage.program.prediction.desk.run_case()
                idle(FRAME_SECONDS)
                gaps += _watch(stage, _browsing(stage), times)
            _show(stage, "CASE_0")
            stage.program.annotation.set_tool("brush")
            stage.program.annotation.paint_tools.change(size=_BRUSH_PX)
            stage.program.prediction.desk.run_all()
            while not stage.program.session.queue.active:  # what is kept is looked up first
                idle(FRAME_SECONDS)
            gaps += _watch(stage, _painting(stage), times)
            _check(stage)
            busy = float(np.percentile(stage.busy_seconds, 95)) * MILLISECONDS
    silence = max(gaps) * MILLISECONDS
    return [
        *chain.from_iterable(_entries(kind, found, busy) for kind, found in times.items()),
        Figure(f"{_NAME}_silence", silence, "ms").plain(f"longest of {len(gaps)} timer ticks"),
    ]


def _entries(kind: str, seconds: list[float], busy: float) -> list[Entry]:
    figures = np.array(seconds) * MILLISECONDS
    median, p95 = (float(np.percentile(figures, percent)) for percent in (50, 95))
    said = f"{len(figures)} of them, longest {figures.max():.1f} ms"
    processor = f"{busy:.1f} ms on the processor, all gestures; {said}"
    return [
        Figure(f"{_NAME}_{kind}_median", median, "ms").plain(said),
        Figure(f"{_NAME}_{kind}_p95", p95, "ms").at_most(_BOUND_MS, against=processor),
    ]


def _watch(stage: Stage, gestures: Gestures, times: Times) -> list[float]:
    """Add the times of gestures while models run; return the gaps between ticks."""
    program, ticks = stage.program, _Ticks()
    ticks.start()
    for kind, gesture in gestures:
        if not program.session.queue.active:
            break
        if kind:
            times[kind].append(stage.paced_seconds(gesture))
        else:
            gesture()
            idle(FRAME_SECONDS)
    gaps = ticks.stop()
    release(program.window.view, LEFT, QPoint())
    stage.settle()
    return gaps


def _check(stage: Stage) -> None:
    """Make sure that what was timed has happened: every case is predicted, one is corrected."""
    session = stage.program.session
    for state in session.case_states.values():
        assert state.scored, f"the run of {state.case.id} failed: {state.problem}"
    assert session.correction is not None, "the brush left nothing"
    assert session.correction.can_undo, "the brush left nothing"


def _browsing(stage: Stage) -> Gestures:
    """Yield steps and notches of zoom without end, with what each is timed as."""
    view, session = stage.program.window.view, stage.program.session
    middle = QPoint(view.width() // 2, view.height() // 2)
    for way in cycle((1, -1)):
        for _ in range(_STEPS):
            # Away from the ends of the volume: every notch shows another slice.
            turn = -way if session.view.slice_index in range(2, _SLICES - 2) else way
            yield "step", lambda turn=turn: wheel(view, _NOTCH * turn)
        for step in (1, 1, -1, -1):
            yield "zoom", lambda step=step: wheel(view, _NOTCH * step, at=middle, keys=CTRL)


def _painting(stage: Stage) -> Gestures:
    """Yield strokes of the brush without end; press and release are not timed."""
    view = stage.program.window.view
    middle = QPoint(view.width() // 2, view.height() // 2)
    for way in cycle((1, -1)):
        start = middle - QPoint(_REACH * _SAMPLES // 2, way * _REACH * _SAMPLES // 2)
        yield "", lambda start=start: press(view, LEFT, start)
        for number in range(1, _SAMPLES + 1):
            at = start + QPoint(_REACH * number, way * _REACH * number)
            yield "brush", lambda at=at: move(view, at, LEFT)
        yield "", lambda at=at: release(view, LEFT, at)


def _show(stage: Stage, case_id: str) -> None:
    stage.program.operations.choose_case(case_id)
    wait_until(lambda: _shows(stage, case_id))
    stage.settle()


def _shows(stage: Stage, case_id: str) -> bool:
    case = stage.program.session.open_case
    return case is not None and case.loaded.case.id == case_id

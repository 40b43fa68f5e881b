"""The first stroke on large cases: when it shows, and how long the window stood still for it."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtCore import QObject, QTimer

from core.domain.mask import Mask
from tests.bench.data import Example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS
from tests.bench.window import Stage, idle, keep_prediction, opened
from tests.gui.pointing import LEFT, move, point_of, press, release

SHAPES = ((200, 512), (60, 1024))
_CASE = "CASE_A"
_BOUND_MS = 50.0
_TICK_MS = 1
_REPEATS = 5


def measure(*, shapes: tuple[tuple[int, int], ...] = SHAPES) -> list[Entry]:
    """Return, per case, the median time of a first sample, and the longest standstill.

    The sample is timed from the press to the end of the paint, the tool having been in hand for a
    while, as it has under a hand that moves to the image. The standstill is the longest time in
    which the event loop did not turn, from the moment the tool is taken to the end of a stroke that
    begins in the same moment: nothing could be prepared for that one. Every first stroke is undone
    and the correction discarded before the next.
    """
    return [entry for slices, side in shapes for entry in _measured(slices, side)]


def _measured(slices: int, side: int) -> list[Entry]:
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        made = _large(slices, side)
        write_example(data, _CASE, made)
        keep_prediction(home, data, _CASE, made.prediction)
        with opened(data, home) as stage:
            stage.program.viewer.verbs.go_to_slice(slices // 2)
            stage.settle()
            stage.busy_seconds.clear()
            samples = [_first_sample(stage) for _ in range(_REPEATS)]
            busy = float(np.median(stage.busy_seconds)) * MILLISECONDS
            still = [_standstill(stage) for _ in range(_REPEATS)]
    said = f"{side} × {side} × {slices}, {_REPEATS} first strokes"
    name = f"first_stroke_{side}x{slices}"
    sample, longest = (float(np.median(each)) * MILLISECONDS for each in (samples, still))
    return [
        Figure(f"{name}_sample", sample, "ms").at_most(
            _BOUND_MS, against=f"{busy:.0f} ms on the processor; {said}"
        ),
        Figure(f"{name}_standstill", longest, "ms").at_most(
            _BOUND_MS, against=f"{said} in the moment the tool is taken"
        ),
    ]


def _first_sample(stage: Stage) -> float:
    """Press with the brush where there is no correction; return the time until it is painted."""
    view, program = stage.program.window.view, stage.program
    program.annotation.set_tool("brush")
    stage.settle()
    at = point_of(view, _beside(stage))
    found = stage.painted_seconds(lambda: press(view, LEFT, at))
    release(view, LEFT, at)
    assert program.session.correction is not None, "nothing was painted"
    _forget(stage)
    return found


def _standstill(stage: Stage) -> float:
    """Take the brush and draw at once; return the longest time the event loop did not turn."""
    view, program = stage.program.window.view, stage.program
    y, x = _beside(stage)
    path = [point_of(view, (y, x + step)) for step in (0, 10, 20)]
    turns = _Turns()
    turns.watch(lambda: program.annotation.set_tool("brush"))
    turns.watch(lambda: press(view, LEFT, path[0]))
    for at in path[1:]:
        turns.watch(lambda at=at: move(view, at, LEFT))  # type: ignore[misc]
    turns.watch(lambda: release(view, LEFT, path[-1]))
    idle(0.5)
    stage.settle()
    turns.stop()
    assert program.session.correction is not None, "the stroke was lost"
    _forget(stage)
    return turns.longest


def _forget(stage: Stage) -> None:
    """Discard the correction and put the tool back."""
    stage.settle()
    stage.program.annotation.desk.discard()
    stage.program.annotation.set_tool("pan")
    stage.settle()


def _beside(stage: Stage) -> tuple[int, int]:
    """Return a voxel beside the lesion."""
    centre = stage.program.window.view.centre
    return int(centre.y() * 1.5), int(centre.x())


class _Turns(QObject):
    """Notes how long the event loop takes to come round, and how long a gesture holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    def watch(self, gesture: Callable[[], None]) -> None:
        """Make a gesture, then let the loop turn for a frame."""
        self._last = time.perf_counter()
        gesture()
        self._turn()
        idle(0.008)

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _turn(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now


def _large(slices: int, side: int) -> Example:
    """Return a large case of one ball, and a prediction beside it: made in a moment."""
    y, x = np.ogrid[:side, :side]
    truth, prediction = (np.zeros((slices, side, side), np.uint8) for _ in range(2))
    for mask, shift in ((truth, 0), (prediction, side // 100)):
        _ball(mask, shift)
    plane = ((y + x) % 200 + 20).astype(np.uint8)
    pixels = np.broadcast_to(plane, (3, slices, side, side)).copy()
    pixels[1][truth > 0] = 240
    return Example(pixels, truth, prediction)


def _ball(mask: Mask, shift: int) -> None:
    slices, side, _ = mask.shape
    y, x = np.ogrid[:side, :side]
    for z in range(slices):
        left = 1 - (2 * (z - slices / 2) / (0.8 * slices)) ** 2
        if left > 0:
            reach = (side / 6) ** 2 * left
            mask[z] = (y - side / 2) ** 2 + (x - side / 2 - shift) ** 2 < reach

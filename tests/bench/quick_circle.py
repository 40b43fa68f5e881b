"""A circle drawn at leisure and in a flick, by a pointer of the system, against the ideal path.

`python -m tests.bench.quick_circle SECONDS …` draws under the platform it is started on.
"""

import json
import math
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from core.annotation import strokes
from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.isolated import MeasurementFailed, run_program
from tests.bench.window import Stage, idle, keep_prediction, opened

SECONDS = (0.3, 0.04)
_CASE, _SLICES, _SIDE = "CASE_A", 8, 256
_SIZE, _RADIUS, _SAMPLES, _STEPS = 5, 180, 100, 4000
_MOST_MISSING = 0
_START = "0.1"


class Drawn(msgspec.Struct, frozen=True):
    """What became of one circle; `seconds` is what the pointer took, the others are voxels."""

    asked: float
    seconds: float
    path: int
    missing: int
    ideal_missing: int


def measure() -> list[Entry]:
    """Return how many voxels of the pointer's path a circle of 5 px lacks, per speed.

    The pointer of an X screen stops at whole pixels, `_SAMPLES` of them: what the stroke has to
    hold is the line through these. What the circle through no pixels would hold more is said.
    """
    if not shutil.which("xvfb-run") or not shutil.which("xdotool"):
        said = "no screen without a monitor (xvfb-run) or no pointer to move (xdotool) here"
        return [_entry(seconds, None, said) for seconds in SECONDS]
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]
    asked = [str(seconds) for seconds in SECONDS]
    command = [*screen, sys.executable, "-m", "tests.bench.quick_circle", *asked]
    try:
        printed = run_program(command, {**os.environ, "QT_QPA_PLATFORM": "xcb"})
    except MeasurementFailed as error:
        return [_entry(seconds, None, f"not drawn: {error}") for seconds in SECONDS]
    found = msgspec.json.decode(printed.splitlines()[-1], type=list[Drawn])
    return [_entry(drawn.asked, drawn, "") for drawn in found]


def _entry(seconds: float, drawn: Drawn | None, said: str) -> Entry:
    name = f"circle_{seconds:g}_s_missing"
    if drawn is None:
        return Entry(name, unit="voxels", against=said, bound=_MOST_MISSING)
    said = (
        f"{drawn.path:,} voxels through {_SAMPLES} pixels in {drawn.seconds:.2f} s; "
        f"{drawn.ideal_missing} less than a circle between pixels"
    )
    return Figure(name, drawn.missing, "voxels").at_most(_MOST_MISSING, against=said)


def main() -> None:
    """Draw circles and print what became of each."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        made = example(_SLICES, _SIDE)
        write_example(data, _CASE, made)
        keep_prediction(home, data, _CASE, np.zeros_like(made.prediction))
        with opened(data, home) as stage:
            stage.program.window.move(0, 0)
            stage.program.annotation.set_tool("brush")
            stage.program.annotation.paint_tools.change(size=_SIZE)
            stage.settle()
            found = [_circle(stage, float(seconds)) for seconds in sys.argv[1:]]
    sys.stdout.write(json.dumps(msgspec.to_builtins(found)) + "\n")


def _circle(stage: Stage, seconds: float) -> Drawn:
    """Draw a circle in about `seconds`, say what it lacks, and take it back."""
    program, view = stage.program, stage.program.window.view
    middle = QPointF(view.viewport().rect().center())
    origin = view.viewport().mapToGlobal(QPointF(0, 0)).toPoint()
    stops = [at.toPoint() for at in _around(middle, _SAMPLES)]
    moves = [f"mousemove {at.x() + origin.x()} {at.y() + origin.y()}".split() for at in stops]
    steps = [word for move in moves[1:] for word in (*move, "sleep", f"{seconds / _SAMPLES:.6f}")]
    command = ["xdotool", *moves[0], "sleep", _START, "mousedown", "1", *steps, "mouseup", "1"]
    started = time.perf_counter()
    with subprocess.Popen(command) as pointer:
        while pointer.poll() is None:
            idle(0.002)
    took = time.perf_counter() - started - float(_START)
    stage.settle()
    correction = program.session.correction
    drawn = np.zeros((_SIDE, _SIDE), np.uint8)
    if correction is not None:
        drawn = correction.mask[program.session.view.slice_index].copy()
    path = _covered(stage, [QPointF(stop) for stop in stops])
    ideal = _covered(stage, _around(middle, _STEPS))
    program.annotation.desk.undo()
    stage.settle()
    return Drawn(
        seconds,
        took,
        int(path.sum()),
        int((path & ~drawn & 1).sum()),
        int((ideal & ~path & 1).sum()),
    )


def _around(middle: QPointF, count: int) -> list[QPointF]:
    """Return points of a circle, the first of them once more at the end."""
    angles = [2 * math.pi * step / count for step in range(count + 1)]
    return [middle + _RADIUS * QPointF(math.cos(a), math.sin(a)) for a in angles]


def _covered(stage: Stage, points: list[QPointF]) -> NDArray[np.uint8]:
    """Return the voxels that a brush covers along points of the view."""
    voxels = [stage.program.window.view.voxel_at(point) for point in points]
    plane = np.zeros((_SIDE, _SIDE), np.uint8)
    found = strokes.covered(plane.shape, [(at.y(), at.x()) for at in voxels], _SIZE)
    if found is not None:
        where, block = found
        plane[where] = block
    return plane


if __name__ == "__main__":
    main()

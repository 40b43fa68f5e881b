"""From a notch of the wheel to three linked planes painted, at 512 × 512 with all overlays.

`python -m tests.bench.planes_step` is our side of the comparison with napari; see `side`.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtWidgets import QApplication

from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.isolated import MeasurementFailed
from tests.bench.napari_comparison import (
    Contest,
    compared,
    napari_python,
    platforms,
    unmeasured,
)
from tests.bench.slice_change import SIZE, SLICES
from tests.bench.timing import MILLISECONDS
from tests.bench.window import FRAME_SECONDS, PaintCount, Stage, idle, keep_prediction, opened
from tests.gui.finding import turn_wheel

_CASE = "CASE_A"
_PASSES = 4
_MEDIAN_MS, _P95_MS = 16.0, 30.0
_NOTCH = 120
CONTEST = Contest("planes_step_vs_napari", ("tests.bench.planes_step",), ("napari_side.py",), 2.0)


@dataclass(frozen=True, eq=False)
class Planes:
    """The window with three planes; `busy_seconds` is what each step took of its thread."""

    stage: Stage
    paints: tuple[PaintCount, ...]
    busy_seconds: list[float] = field(default_factory=list)

    def step_seconds(self) -> float:
        """Turn the wheel over the large view; return the time until all three are painted."""
        viewport = self.stage.program.window.view.viewport()
        return self.painted_seconds(lambda: turn_wheel(viewport, -_NOTCH))

    def painted_seconds(self, gesture: Callable[[], object]) -> float:
        """Make a gesture, wait until every view is painted, then rest until a frame is over."""
        before = [paint.count for paint in self.paints]
        started, worked = time.perf_counter(), time.thread_time()
        gesture()
        while any(paint.count == count for paint, count in zip(self.paints, before, strict=True)):
            QApplication.processEvents()
        self.busy_seconds.append(time.thread_time() - worked)
        whole = time.perf_counter() - started
        idle(FRAME_SECONDS - whole)
        return whole


def measure(*, passes: int = _PASSES, slices: int = SLICES, size: int = SIZE) -> list[Entry]:
    """Return median and 95th percentile of a slice step in three linked planes, and beside napari.

    The real window, large view and two small ones, truth and prediction as contours, errors filled.
    A step changes the slice of the large view and the crosshair in the others; `crosshair` moves it
    so that all three show another slice. Timed from the event to the end of the last paint. napari
    shows one plane of the same layers, for it links no planes: see `napari_comparison`.
    """
    with _stage(slices, size) as planes:
        steps = [time for _ in range(passes) for time in _pass(planes, slices)]
        busy = list(planes.busy_seconds)
        moved = _moves(planes, slices)
    entries = [
        *_figures("planes_step_512", steps, busy, bounds=(_MEDIAN_MS, _P95_MS)),
        *_figures("planes_crosshair_512", *moved, bounds=None),
    ]
    return [*entries, _beside_napari()]


def main() -> None:
    """Step through all slices once for every line read and print the times."""
    with _stage(SLICES, SIZE) as planes:
        _say({"platform": planes.stage.platform})
        for _ in sys.stdin:
            _say({"whole": _pass(planes, SLICES)})


def _say(found: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def _figures(
    name: str, times: list[float], busy: list[float], *, bounds: tuple[float, float] | None
) -> list[Entry]:
    (median, p95), work = (
        (np.percentile(each, (50, 95)) * MILLISECONDS).tolist() for each in (times, busy)
    )
    found = []
    for part, value, worked, bound in zip(
        ("median", "p95"), (median, p95), work, bounds or (0, 0), strict=True
    ):
        figure, said = Figure(f"{name}_{part}", value, "ms"), f"{worked:.1f} ms on the processor"
        found.append(figure.at_most(bound, against=said) if bounds else figure.plain(said))
    return found


def _beside_napari() -> Entry:
    try:
        python = napari_python()
    except MeasurementFailed as error:
        return unmeasured(f"not installed: {error}", CONTEST)
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        file, made = Path(folder) / "case.npz", example(SLICES, SIZE)
        np.savez(file, image=made.pixels[1], truth=made.truth, prediction=made.prediction)
        return compared(python, file, platforms(), CONTEST)


@contextmanager
def _stage(slices: int, size: int) -> Iterator[Planes]:
    """Open the window on a large case with its prediction, in three planes."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        made = example(slices, size)
        write_example(data, _CASE, made)
        keep_prediction(home, data, _CASE, made.prediction)
        with opened(data, home) as stage:
            stage.program.window.actions["planes_view"].trigger()
            stage.settle()
            views = stage.program.window.planes.views
            assert len(views) == 3, "three planes are shown"
            yield Planes(stage, tuple(PaintCount(view.viewport()) for view in views))


def _pass(planes: Planes, slices: int) -> list[float]:
    planes.stage.program.viewer.verbs.go_to_slice(0)
    planes.stage.settle()
    return [planes.step_seconds() for _ in range(slices - 1)]


def _moves(planes: Planes, slices: int) -> tuple[list[float], list[float]]:
    """Move the crosshair through the volume, so that every view shows another slice each time."""
    verbs, size = planes.stage.program.viewer.verbs, SIZE // slices
    verbs.go_to((0, 0, 0))
    planes.stage.settle()
    planes.busy_seconds.clear()
    times = [
        planes.painted_seconds(lambda n=n: verbs.go_to((n, n * size, n * size)))  # type: ignore[misc]
        for n in range(1, slices)
    ]
    return times, list(planes.busy_seconds)


if __name__ == "__main__":
    main()

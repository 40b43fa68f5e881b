"""From a move of the brush to the painted slice, and from its release to the journal's disk.

`python -m tests.bench.brush_window SIZE` is our side of the comparison with napari; see `side`.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QLabel

from gui.annotation.correction.correction_desk import CorrectionDesk
from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.isolated import MeasurementFailed
from tests.bench.napari_comparison import Contest, compared, napari_python, platforms, unmeasured
from tests.bench.timing import MILLISECONDS
from tests.bench.window import Stage, idle, keep_prediction, opened
from tests.gui.pointing import LEFT, move, point_of, press, release

SLICES, SIDE = 40, 512
SAMPLES = 12  # of one stroke
_CASE = "CASE_A"
_STROKES, _PASS_STROKES, _FOLLOWED_STROKES = 30, 6, 6
_MARGIN = 60
_FRAME_SECONDS = 1 / 60
_BOUND_MS = {15: 8.0, 150: 16.0}
_JOURNAL_BOUND_MS, _FIGURES_BOUND_MS = 30.0, 50.0


def measure(*, strokes: int = _STROKES, slices: int = SLICES, side: int = SIDE) -> list[Entry]:
    """Return median and 95th percentile of a sample, of its figures, of a release; ratio to napari.

    The real window, slice view 1000 × 700, all overlays on: contours of truth, prediction and
    correction, errors filled. A sample is timed from the move of the mouse to the end of the paint,
    the journal from the release of the button to the word that the stroke is on the disk. Between
    two samples the event loop runs until a sixtieth of a second is over, as under a real hand.
    """
    entries: list[Entry] = []
    released: list[float] = []
    followed: list[float] = []
    with _stage(slices, side) as stage:
        for size in _BOUND_MS:
            samples: list[float] = []
            stage.busy_seconds.clear()
            for path in winding(strokes, side, seed=size):
                samples += _stroke(stage, path, size)
                released += _release_seconds(stage, path[-1])
            entries += _samples(size, samples, stage.busy_seconds)
            for path in winding(_FOLLOWED_STROKES, side, seed=size):
                followed += _figures_seconds(stage, path)
                _release_seconds(stage, path[-1])
    said = f"{len(followed)} samples, from the move of the mouse"
    for name, at, bound in (
        ("brush_figures_follow", 50, _FRAME_SECONDS * MILLISECONDS),
        ("brush_figures_follow_p95", 95, _FIGURES_BOUND_MS),
    ):
        value = float(np.percentile(followed, at)) * MILLISECONDS
        entries.append(Figure(name, value, "ms").at_most(bound, against=said))
    said = f"{len(released)} strokes, transaction synced to the disk"
    for name, at in (("brush_released_to_journal", 50), ("brush_released_to_journal_p95", 95)):
        value = float(np.percentile(released, at)) * MILLISECONDS
        entries.append(Figure(name, value, "ms").at_most(_JOURNAL_BOUND_MS, against=said))
    return [*entries, *_against_napari()]


def main() -> None:
    """Draw a few strokes for every line read and print the times."""
    size = int(sys.argv[1])
    with _stage(SLICES, SIDE) as stage:
        _say({"platform": stage.platform})
        for _ in sys.stdin:
            found: list[float] = []
            for path in winding(_PASS_STROKES, SIDE, seed=size):
                found += _stroke(stage, path, size)
                _release_seconds(stage, path[-1])
            _say({"whole": found})


def winding(count: int, side: int, *, seed: int) -> NDArray[np.float64]:
    """Return winding strokes (strokes, samples, 2) as (y, x), away from the edges of the slice."""
    random = np.random.default_rng(seed)
    made = np.empty((count, SAMPLES + 1, 2))
    for path in made:
        path[0] = random.uniform(0.25 * side, 0.75 * side, 2)
        heading = float(random.uniform(0, 2 * np.pi))
        for index in range(SAMPLES):
            heading += float(random.normal(0, 0.4))
            reach = float(random.uniform(3, 18))
            for turned in (heading, heading + np.pi):
                ahead = path[index] + reach * np.array([np.sin(turned), np.cos(turned)])
                if ((ahead > _MARGIN) & (ahead < side - _MARGIN)).all():
                    path[index + 1], heading = ahead, turned
                    break
    return made


def _samples(size: int, samples: Sequence[float], busy: Sequence[float]) -> list[Entry]:
    bound, entries = _BOUND_MS[size], []
    for name, at in (
        (f"brush_sample_shown_{size}px", 50),
        (f"brush_sample_shown_{size}px_p95", 95),
    ):
        value, work = (float(np.percentile(each, at)) * MILLISECONDS for each in (samples, busy))
        said = f"{work:.1f} ms on the processor; {len(samples)} samples, 512 × 512"
        entries.append(Figure(name, value, "ms").at_most(bound, against=said))
    return entries


def _against_napari() -> list[Entry]:
    """Return how many times longer a sample on napari's labels layer takes, for both sizes."""
    contests = [
        Contest(
            f"brush_sample_{size}px_vs_napari",
            ("tests.bench.brush_window", str(size)),
            ("napari_brush.py", str(size)),
            bound=1.0,
        )
        for size in _BOUND_MS
    ]
    try:
        python = napari_python()
    except MeasurementFailed as error:
        return [unmeasured(f"not installed: {error}", contest) for contest in contests]
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        made, entries = example(SLICES, SIDE), []
        for size, contest in zip(_BOUND_MS, contests, strict=True):
            file = Path(folder) / f"case-{size}.npz"
            strokes = winding(_PASS_STROKES, SIDE, seed=size)
            np.savez(
                file,
                image=made.pixels[1],
                truth=made.truth,
                prediction=made.prediction,
                strokes=strokes,
            )
            entries.append(compared(python, file, platforms(), contest))
        return entries


@contextmanager
def _stage(slices: int, side: int) -> Iterator[Stage]:
    """Open the window on a large case with its prediction, the brush in hand."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        made = example(slices, side)
        write_example(data, _CASE, made)
        keep_prediction(home, data, _CASE, made.prediction)
        with opened(data, home) as stage:
            stage.program.annotation.set_tool("brush")
            stage.program.viewer.verbs.go_to_slice(slices // 2)
            stage.settle()
            yield stage


def _stroke(stage: Stage, path: NDArray[np.float64], size: int) -> list[float]:
    """Press and move along a path; return the time until each move was painted."""
    view = stage.program.window.view
    stage.program.annotation.paint_tools.change(size=size)
    points = [point_of(view, (y, x)) for y, x in path.astype(int)]
    press(view, LEFT, points[0])
    idle(_FRAME_SECONDS)
    found = []
    for point in points[1:]:
        before, started, worked = stage.paints.count, time.perf_counter(), time.thread_time()
        move(view, point, LEFT)
        while stage.paints.count == before:
            QApplication.processEvents()
        found.append(time.perf_counter() - started)
        stage.busy_seconds.append(time.thread_time() - worked)
        idle(_FRAME_SECONDS - found[-1])
    return found


def _figures_seconds(stage: Stage, path: NDArray[np.float64]) -> list[float]:
    """Press and move along a path; return the time until the status bar counts each move."""
    program = stage.program
    points = [point_of(program.window.view, (y, x)) for y, x in path.astype(int)]
    press(program.window.view, LEFT, points[0])
    idle(_FIGURES_BOUND_MS / MILLISECONDS)
    correction = program.session.correction
    assert correction is not None
    labels = program.window.status.findChildren(QLabel)
    (label,) = (each for each in labels if "voxels changed" in each.text())
    found = []
    for point in points[1:]:
        before, started = correction.revision, time.perf_counter()
        move(program.window.view, point, LEFT)
        while f"{correction.figures().voxels_changed:,} voxels" not in label.text():
            QApplication.processEvents()
        if correction.revision != before:
            found.append(time.perf_counter() - started)
    return found


def _release_seconds(stage: Stage, last: NDArray[np.float64]) -> list[float]:
    """Let the button come up; return the time until the stroke is in the journal, and undo it.

    Empty for a stroke over nothing but what was painted before.
    """
    program = stage.program
    heard = _Heard(program.annotation.desk)
    y, x = last.astype(int)
    started = time.perf_counter()
    release(program.window.view, LEFT, point_of(program.window.view, (y, x)))
    if not heard.stepped:
        return []
    while not heard.saved:
        QApplication.processEvents()
    found = time.perf_counter() - started
    program.annotation.desk.undo()
    stage.settle()
    return [found]


class _Heard(QObject):
    """Counts what the correction says."""

    def __init__(self, correction_desk: CorrectionDesk) -> None:
        super().__init__()
        self.stepped = self.saved = 0
        correction_desk.stepped.connect(self._on_stepped)
        correction_desk.saved.connect(self._on_saved)

    def _on_stepped(self) -> None:
        self.stepped += 1

    def _on_saved(self) -> None:
        self.saved += 1


def _say(found: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Scroll a worklist of a thousand cases with the wheel."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QListView

from gui.worklist.worklist_model import WorklistRow
from gui.worklist.worklist_panel import Worklist
from tests.bench.data import example, link_case, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS
from tests.bench.window import PaintCount, idle, opened
from tests.gui.finding import turn_wheel

_CASES = 1000
_WAYS = (-1, 1, -1)
"""Down, up, down: the sign of the wheel's angle."""
_BOUND_MS = 33.0
_NOTCH = 120
_Times = list[tuple[float, float]]
_PACE_SECONDS = 1 / 60


def measure(*, cases: int = _CASES) -> list[Entry]:
    """Return the longest gap of a scroll from the first case to the last, back, and down again.

    A gap is the time from a notch of the wheel to the end of the paint and of all the events it
    brought. First the worklist alone, which gets each thumbnail in the same turn of the event loop;
    then the one in the real window, whose thumbnails are read from files on a worker while it
    scrolls, at sixty notches a second. The median of the longest gaps of the three ways.
    """
    return [_alone(cases), _in_window(cases)]


def _alone(cases: int) -> Entry:
    application = QApplication.instance() or QApplication(["bench"])
    worklist = Worklist()
    worklist.thumbnails_wanted.connect(lambda ids: _give(worklist, ids))
    worklist.resize(272, 900)
    worklist.show()
    worklist.set_rows([_row(number) for number in range(cases)])
    gaps = [_scroll(worklist, way, pace_seconds=0.0) for way in _WAYS]
    worklist.close()
    del application
    return _entry("worklist_scroll_1000", gaps)


def _in_window(cases: int) -> Entry:
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        source = write_example(Path(folder), "SOURCE", example(20, 256))
        for number in range(cases):
            link_case(source, data, f"CASE_{number:04}")
        with opened(data, home) as stage:
            worklist = stage.program.window.worklist
            gaps = [_scroll(worklist, way, pace_seconds=_PACE_SECONDS) for way in _WAYS]
    return _entry("worklist_scroll_1000_window", gaps)


def _entry(name: str, ways: list[_Times]) -> Entry:
    longest, busiest = np.transpose([np.max(times, axis=0) for times in ways]) * MILLISECONDS
    median = float(np.median(np.concatenate(ways), axis=0)[0]) * MILLISECONDS
    said = (
        f"{np.median(busiest):.1f} ms on the processor; median step {median:.1f} ms, "
        f"longest of each way {', '.join(f'{gap:.0f}' for gap in longest)}"
    )
    return Figure(name, float(np.median(longest)), "ms").at_most(_BOUND_MS, against=said)


def _scroll(worklist: Worklist, way: int, *, pace_seconds: float) -> _Times:
    """Return the time of every notch until the list's end, and what it took of the processor."""
    view = worklist.findChild(QListView)
    assert isinstance(view, QListView), "the worklist has no list"
    bar, paints = view.verticalScrollBar(), PaintCount(view.viewport())
    idle(0.3)
    times = []
    end = bar.maximum() if way < 0 else bar.minimum()
    while bar.value() != end:
        started, worked, before = time.perf_counter(), time.thread_time(), paints.count
        turn_wheel(view.viewport(), way * _NOTCH)
        QApplication.processEvents()
        while paints.count == before:
            QApplication.processEvents()
        times.append((time.perf_counter() - started, time.thread_time() - worked))
        if pace_seconds:
            idle(pace_seconds - times[-1][0])
    assert times, "there is nothing to scroll"
    return times


def _give(worklist: Worklist, case_ids: list[str]) -> None:
    for case_id in case_ids:
        image = QImage(80, 80, QImage.Format.Format_RGB32)
        image.fill(QColor("#406080"))
        worklist.set_thumbnail(case_id, image)


def _row(number: int) -> WorklistRow:
    return WorklistRow(
        f"CASE_{number:04}", slices=20, dsc=0.3 + 0.6 * number / _CASES, status="unreviewed"
    )

"""Overread's real window for the measurements: opened on a case, stepped, its paints counted."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from core.domain.mask import Mask
from core.domain.prediction import Prediction
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.models.registry import prediction_key
from core.workspace import prediction_cache
from core.workspace.settings import HOME_VARIABLE
from core.workspace.workspace_folder import open_workspace, registry, workspace_folder
from gui.app.program import Program
from tests.gui.finding import turn_wheel

VIEW_SIZE = (1000, 700)
FRAME_SECONDS = 1 / 30
_PATIENCE_SECONDS = 120.0
_NOTCH = 120


class PaintCount(QObject):
    """Counts the paint events of a widget."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        self.count += event.type() == QEvent.Type.Paint
        return False


@dataclass(frozen=True, eq=False)
class Stage:
    """A window that is open and at rest.

    `busy_seconds` is what each step so far took of the window's thread: the same as its time on a
    machine that does nothing else.
    """

    program: Program
    paints: PaintCount
    busy_seconds: list[float] = field(default_factory=list)

    @property
    def platform(self) -> str:
        """Qt's name of the platform plugin: `offscreen`, `xcb`."""
        return QApplication.platformName()

    def step_seconds(self, step: int) -> float:
        """Turn the wheel by a notch over the slice; return the time until it is painted."""
        viewport = self.program.window.view.viewport()
        return self.painted_seconds(lambda: turn_wheel(viewport, -_NOTCH * step))

    def painted_seconds(self, gesture: Callable[[], object]) -> float:
        """Make a gesture over the slice; return the time until it is painted."""
        before, started, worked = self.paints.count, time.perf_counter(), time.thread_time()
        gesture()
        while self.paints.count == before:
            QApplication.processEvents()
        self.busy_seconds.append(time.thread_time() - worked)
        return time.perf_counter() - started

    def paced_step_seconds(self, step: int) -> float:
        """Step as `step_seconds`, then let the window go on until a thirtieth second is over."""
        viewport = self.program.window.view.viewport()
        return self.paced_seconds(lambda: turn_wheel(viewport, -_NOTCH * step))

    def paced_seconds(self, gesture: Callable[[], object]) -> float:
        """Make a gesture as `painted_seconds`, then wait until a thirtieth second is over."""
        started = time.perf_counter()
        found = self.painted_seconds(gesture)
        idle(FRAME_SECONDS - (time.perf_counter() - started))
        return found

    def settle(self) -> None:
        """Wait until nothing is under way any more."""
        wait_until(lambda: not self.program.lanes.busy and not self.program.session.queue.active)
        idle(0.1)


@contextmanager
def opened(folder: Path, home: Path) -> Iterator[Stage]:
    """Open the window on a dataset, its slice view as large as `VIEW_SIZE`, and let it settle."""
    os.environ[HOME_VARIABLE] = str(home)
    application = QApplication.instance() or QApplication(["bench"])
    assert isinstance(application, QApplication)
    program = Program(application)
    program.open(folder)
    view = program.window.view
    wait_until(lambda: program.session.open_case is not None)
    for _ in range(3):
        wider, higher = VIEW_SIZE[0] - view.width(), VIEW_SIZE[1] - view.height()
        program.window.resize(program.window.width() + wider, program.window.height() + higher)
        idle(0.05)
    stage = Stage(program, PaintCount(view.viewport()))
    stage.settle()
    try:
        yield stage
    finally:
        program.context.stopping.asks = False
        program.window.close()


def keep_prediction(home: Path, folder: Path, case_id: str, mask: Mask) -> None:
    """Put a prediction into the workspace as if the champion had made it; the window finds it."""
    dataset = scan(folder)
    loaded = read_case(dataset.case(case_id))
    workspace = open_workspace(workspace_folder(home, dataset.root))
    model = registry(home, workspace.folder).champion()
    key = prediction_key(model, loaded.volume)
    made = Prediction(np.asarray(mask * np.uint8(255)), model.spec.id, key, "cpu", 1.0)
    prediction_cache.keep_prediction(loaded, model, workspace, made)
    workspace.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Let the window work until `condition` holds; raises `TimeoutError` when it never does."""
    deadline = time.perf_counter() + _PATIENCE_SECONDS
    while not condition():
        idle(0.01)
        if time.perf_counter() > deadline:
            raise TimeoutError("the window did not come to rest")


def idle(seconds: float) -> None:
    """Run the event loop for that long, blocked as a real one while nothing happens."""
    loop, timer = QEventLoop(), QTimer(singleShot=True)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(loop.quit)
    timer.start(max(round(seconds * 1000), 0))
    loop.exec()

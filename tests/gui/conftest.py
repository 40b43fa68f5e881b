"""A whole window over a tiny dataset, and the proof that it leaves nothing behind."""

import gc
import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import getCppPointer, isValid

from core.models.preprocessing import Preprocessing
from core.workspace.settings import load_settings, save_settings, settings_path
from core.workspace.workspace_folder import registry
from gui.app.program import Program
from gui.shell.tasks import Fault
from gui.viewer.slice_view import SliceView
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.running import LONG
from tests.gui.tiny import SIDE, keep_predictions, settle, write_dataset
from tests.processes import children
from tests.synthetic import publish_unet, write_case

Start = Callable[..., Program]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three tiny cases on disk."""
    return write_dataset(tmp_path / "tiny cases")


@pytest.fixture
def predicted(home: Path, dataset: Path) -> Path:
    """The tiny cases, every one with a prediction in the workspace."""
    keep_predictions(home, dataset, "A_1", "B_2", "C_10")
    return dataset


@pytest.fixture
def start(qapp: QApplication, qtbot: QtBot, home: Path) -> Iterator[Start]:
    """Start windows on folders; all are closed at the end and must leave nothing behind."""
    with_look = (qapp.styleSheet(), qapp.font(), qapp.palette())
    opened: list[Program] = []
    faults: list[Fault] = []
    before = _alive(qapp)
    # What is alive by now need not be searched again for what this test leaves behind.
    gc.freeze()

    def open_window(
        folder: Path | None,
        *,
        wait: bool = True,
        engine: bool = False,
        active: bool = True,
        predictions: Path | None = None,
        reader: str = "Ann",
    ) -> Program:
        kept = load_settings(settings_path())
        if reader != kept.reader:
            save_settings(settings_path(), msgspec.structs.replace(kept, reader=reader))
        program = Program(qapp)
        opened.append(program)
        # A reader who looks as long as it takes; what is too early has tests of its own.
        program.context.readiness.clock = partial(next, count())
        program.lanes.reports.faulted.connect(faults.append)
        if not engine:
            # The devices are known: no process need be started to ask for them.
            program.session.set_devices(("cpu",), "")
        program.open(folder, predictions=predictions)
        if active:  # waiting for it lets everything else go on too
            program.window.activateWindow()
            qtbot.waitUntil(program.window.isActiveWindow)
        if wait:
            settle(qtbot, program)
        return program

    yield open_window
    for program in opened:
        shut(program)
    opened.clear()
    assert faults == []
    qapp.setStyleSheet(with_look[0])
    qapp.setFont(with_look[1])
    qapp.setPalette(with_look[2])
    assert _alive(qapp) - before == set()


@pytest.fixture
def program(start: Start, predicted: Path) -> Program:
    """A window on the tiny cases with their predictions; the first case is on screen."""
    return start(predicted)


@pytest.fixture
def quiet_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let threads of the model's process wait without spinning: the cores may be shared."""
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture
def tiny(home: Path, quiet_engine: None) -> str:
    """Make a U-Net of a few parameters the champion; returns its id."""
    model = publish_unet(home / "models")
    registry(home).promote(model.spec.id)
    return model.spec.id


@pytest.fixture
def slow(home: Path, quiet_engine: None) -> str:
    """Make a U-Net the champion that takes its time on `LONG` slices; returns its id."""
    large = Preprocessing(size=128)
    arguments = {"init_features": 16}
    model = publish_unet(home / "models", "slow", arguments=arguments, preprocessing=large)
    registry(home).promote(model.spec.id)
    return model.spec.id


@pytest.fixture
def long_case(tmp_path: Path) -> Path:
    """A case whose run lasts, and a short one."""
    place = tmp_path / "long"
    write_case(place, "LONG_1", LONG, (SIDE, SIDE))
    write_case(place, "LONG_2", 2, (SIDE, SIDE), seed=1)
    return place


@pytest.fixture
def press(program: Program, qtbot: QtBot) -> Press:
    """The keyboard of that window."""
    return Press(program, qtbot)


@pytest.fixture
def hand(program: Program, qtbot: QtBot) -> Hand:
    """The mouse over the slice of that window."""
    return Hand(program, qtbot)


@pytest.fixture
def slice_view(qtbot: QtBot) -> Iterator[SliceView]:
    """A slice view on screen, inside a window as it always is."""
    # A view of pyqtgraph that is closed itself takes its viewport apart under Qt's hands.
    window = QWidget()
    qtbot.addWidget(window)
    view = SliceView(window)
    view.resize(500, 400)
    window.resize(500, 400)
    window.show()
    qtbot.waitExposed(window)
    yield view
    window.close()


def shut(program: Program) -> None:
    """Close a window as its reader does, and let Qt take it apart; twice does nothing."""
    if isValid(program.window):
        program.window.close()
        program.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _alive(application: QApplication) -> set[str]:
    """Name the threads, child processes and top-level widgets there are."""
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    threads = {f"thread {thread.name} {thread.ident}" for thread in threading.enumerate()}
    widgets = {
        # Qt makes some widgets itself (the list of a combo box); Python wraps those anew each time.
        f"widget {type(widget).__name__} {getCppPointer(widget)[0]:#x}"
        for widget in application.topLevelWidgets()
    }
    return threads | widgets | {f"process {number}" for number in children()}

"""A whole window over a tiny dataset, and the proof that it leaves nothing behind."""

import gc
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete, getCppPointer, isValid

from core.inference.engine import Engine
from core.workspace.settings import (
    HOME_VARIABLE,
    load_settings,
    save_settings,
    settings_path,
)
from core.workspace.workspace_folder import registry, workspace_folder
from gui.app.program import Program
from gui.shell.tasks import Fault
from gui.viewer.slice.slice_view import SliceView
from tests import patience
from tests.gui.comparing import compare_both, copy_compared, publish_both
from tests.gui.hand import Hand
from tests.gui.lent_engine import LentEngine, Triages
from tests.gui.lent_window import LentWindow
from tests.gui.pressing import Press
from tests.gui.running import LONG, publish_slow
from tests.gui.tiny import SIDE, keep_predictions, settle, write_dataset
from tests.patient_bot import PatientBot
from tests.processes import children
from tests.synthetic import publish_unet, write_case

Start = Callable[..., Program]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny cases and their workspace with a prediction of each, to be copied."""
    place = tmp_path_factory.mktemp("made once")
    dataset = write_dataset(place / "dataset")
    keep_predictions(place / "home", dataset, "A_1", "B_2", "C_10")
    workspace_folder(place / "home", dataset).rename(place / "workspace")
    return place


@pytest.fixture
def dataset(tmp_path: Path, made_once: Path) -> Path:
    """Three tiny cases on disk."""
    return shutil.copytree(made_once / "dataset", tmp_path / "tiny cases")


@pytest.fixture
def predicted(home: Path, dataset: Path, made_once: Path) -> Path:
    """The tiny cases, every one with a prediction of the champion in the workspace."""
    if (home / "models").exists():  # another champion than the bundled one may be there
        keep_predictions(home, dataset, "A_1", "B_2", "C_10")
    else:
        shutil.copytree(made_once / "workspace", workspace_folder(home, dataset))
    return dataset


@pytest.fixture(scope="session")
def compared_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny cases, and a home in which two models were compared over them, to be copied."""
    place = tmp_path_factory.mktemp("compared once")
    dataset = write_dataset(place / "dataset")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(place / "home"))
        publish_both(place / "home")
        compare_both(place / "home", dataset)
    return place


@pytest.fixture
def compared(home: Path, dataset: Path, compared_once: Path) -> Path:
    """The tiny cases, over which two models of a few parameters were compared."""
    copy_compared(compared_once, home, dataset)
    return dataset


@pytest.fixture(autouse=True)
def nobody_at_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """No dialog of the system waits for a reader whom no test has: it is answered with Cancel."""
    for question, answer in (
        ("getExistingDirectory", ""),
        ("getOpenFileName", ("", "")),
        ("getSaveFileName", ("", "")),
    ):
        monkeypatch.setattr(QFileDialog, question, lambda *_, answer=answer, **__: answer)


@pytest.fixture(scope="session")
def triages() -> Triages:
    """What the classifier said of the volumes of these tests."""
    return {}


@pytest.fixture
def start(
    qapp: QApplication, qtbot: QtBot, home: Path, lender: Engine, triages: Triages
) -> Iterator[Start]:
    """Start windows on folders; all are closed at the end and must leave nothing behind.

    With `engine` a window starts the process that runs models itself, and ends it.
    """
    with _windows(qapp, qtbot, lender, triages) as open_window:
        yield open_window


@contextmanager
def _windows(qapp: QApplication, qtbot: QtBot, lender: Engine, triages: Triages) -> Iterator[Start]:
    with_look = (qapp.styleSheet(), qapp.font(), qapp.palette())
    opened: list[Program] = []
    faults: list[Fault] = []
    lender.devices()  # where a test before has ended its process, there is another one now
    before = _alive(qapp)
    # What is alive by now need not be searched again for what this test leaves behind.
    gc.freeze()

    def open_window(
        folder: Path | None,
        *,
        wait: bool = True,
        engine: bool = False,
        active: bool = True,
        predictions: tuple[Path, ...] = (),
        reader: str = "Ann",
    ) -> Program:
        kept = load_settings(settings_path())
        if reader != kept.reader:
            save_settings(settings_path(), msgspec.structs.replace(kept, reader=reader))
        program = Program(qapp, None if engine else LentEngine(lender, triages))
        opened.append(program)
        # A reader who looks as long as it takes; what is too early has tests of its own.
        program.context.readiness.clock = partial(next, count())
        program.window.toasts.seconds = patience.PROCESS_SECONDS
        program.lanes.reports.faulted.connect(faults.append)
        if not engine:
            # The devices are known: no process need be asked for them.
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
    _take_apart()


@pytest.fixture
def program(start: Start, predicted: Path) -> Program:
    """A window on the tiny cases with their predictions; the first case is on screen."""
    return start(predicted)


@pytest.fixture(scope="module")
def lent_window(
    qapp: QApplication,
    request: pytest.FixtureRequest,
    lender: Engine,
    triages: Triages,
    made_once: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LentWindow]:
    """A window as `program` is, which the tests of a module have one after the other.

    For tests that look and press keys, and make nothing that lasts.
    """
    place = tmp_path_factory.mktemp("lent")
    dataset = shutil.copytree(made_once / "dataset", place / "tiny cases")
    shutil.copytree(made_once / "workspace", workspace_folder(place / "home", dataset))
    qtbot = PatientBot(request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(place / "home"))
        with _windows(qapp, qtbot, lender, triages) as open_window:
            yield LentWindow(open_window(dataset), qtbot)


@pytest.fixture
def lent(lent_window: LentWindow) -> Iterator[Program]:
    """That window, as it was when it was opened; the test gives it back so."""
    yield lent_window.program
    lent_window.take_back()


@pytest.fixture
def tiny(home: Path) -> str:
    """Make a U-Net of a few parameters the champion; returns its id."""
    model = publish_unet(home / "models")
    registry(home).promote(model.spec.id)
    return model.spec.id


@pytest.fixture
def slow(home: Path) -> str:
    """Make a U-Net the champion that takes its time on `LONG` slices; returns its id."""
    model = publish_slow(home, "slow")
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
        program.context.stopping.asks = False
        program.window.close()
        program.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _take_apart() -> None:
    """Delete what stood behind windows that are gone.

    Python does not see that Qt's connections lead from a session back to itself, and would keep all
    of it for good. The objects of before are frozen, so that only those of this test are found.
    """
    for found in gc.get_objects():
        ours = issubclass(type(found), QObject) and type(found).__module__.startswith("gui.")
        if ours and isValid(found) and found.parent() is None:
            delete(found)


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

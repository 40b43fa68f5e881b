"""The real window without pytest, for long runs: opened, waited for, closed, its faults kept."""

import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QDialog

from core.inference.engine import Engine
from gui.app.program import Program
from gui.shell.messages import FaultDialog
from gui.shell.tasks import Fault
from tests import patience
from tests.gui.resting import is_at_rest


class Stuck(Exception):
    """The window did not come to rest; the text says what was under way."""


class Offscreen:
    """One application, and every fault that it meets, as the text of its dialog."""

    def __init__(self) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        application = QApplication.instance() or QApplication(["overread"])
        assert isinstance(application, QApplication)
        self.application = application
        self.faults: list[str] = []
        qInstallMessageHandler(_unheard)
        sys.excepthook = self._on_unforeseen

    def open(
        self, folder: Path | None, *, devices: bool = False, engine: Engine | None = None
    ) -> Program:
        """Open the window on a folder; without `devices` the model's process is not asked."""
        program = Program(self.application, engine)
        program.lanes.reports.faulted.connect(self._on_fault)
        if not devices:
            program.session.set_devices(("cpu",), "")
        program.open(folder)
        return program

    def wait(self, condition: Callable[[], bool], *, seconds: float = patience.SECONDS) -> None:
        """Let the window work until a condition holds; raises `Stuck` when it never does."""
        deadline = time.monotonic() + seconds
        QApplication.processEvents()
        while not condition():
            rest(0.005)
            if time.monotonic() > deadline:
                raise Stuck(f"waited {seconds:.0f} s")

    def settle(self, program: Program, *, seconds: float = patience.SECONDS) -> None:
        """Wait until nothing is under way or put off, whether a case could be shown or not."""
        self.wait(lambda: is_at_rest(program.lanes), seconds=seconds)

    def close_dialogs(self) -> int:
        """Close what stands before the window, faults too; returns how many there were."""
        found = [
            widget
            for widget in self.application.topLevelWidgets()
            if isinstance(widget, QDialog) and widget.isVisible()
        ]
        for dialog in found:
            if isinstance(dialog, FaultDialog):
                self.faults.append(dialog.details())
            dialog.reject()
        QApplication.processEvents()
        return len(found)

    def shut(self, program: Program) -> None:
        """Close a window and let Qt take it apart."""
        with suppress(RuntimeError):
            program.window.close()
            program.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()

    def _on_fault(self, fault: Fault) -> None:
        self.faults.append(fault.details)

    def _on_unforeseen(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.faults.append("".join(traceback.format_exception(kind, error, trace)))
        # What ends the run itself is heard by whoever started it.
        sys.__excepthook__(kind, error, trace)


def _unheard(*_: object) -> None:
    """Let pass what the platform says that it cannot do."""


def rest(seconds: float) -> None:
    """Run the event loop for that long, blocked as a real one while nothing happens."""
    loop, timer = QEventLoop(), QTimer(singleShot=True)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(loop.quit)
    timer.start(max(round(seconds * 1000), 0))
    loop.exec()

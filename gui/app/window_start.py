"""Start the window and keep it alive: Qt, its hooks, and the way out."""

import gc
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from gui.app.program import Program
from gui.shell.messages import show_fault

_SIGNAL_CHECK_MS = 200


def run(
    folder: Path | None, predictions: Sequence[Path] = (), *, resample: bool | None = None
) -> int:
    """Show the window on `folder`, on what was open last, or on the demo; returns the exit code."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Overread")
    application.setOrganizationName("Overread")
    application.setDesktopFileName("overread")
    program = Program(application)
    _install_hooks(program)
    program.open(folder, predictions=predictions, resample=resample)
    QTimer.singleShot(0, program.window, _collect_again)
    code = application.exec()
    # Python would take the parts of the window apart in an order of its own, after Qt has gone.
    delete(program.window)
    return code


def _collect_again() -> None:
    """Look for garbage from now on, but not in the modules and the window, which stay.

    Among a hundred thousand things that stay, one look takes longer than three frames.
    """
    gc.freeze()
    gc.enable()


def _end(program: Program) -> None:
    """Close without a question about runs: a signal waits for no answer."""
    program.context.stopping.asks = False
    program.window.close()


def _install_hooks(program: Program) -> None:
    def on_fault(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            close()
            return
        show_fault(program.window, "".join(traceback.format_exception(kind, error, trace)))

    def close() -> None:
        _end(program)

    sys.excepthook = on_fault
    for number in (signal.SIGINT, signal.SIGTERM):
        # Heard between two steps of Python, in the middle of a drawing too: closed after that.
        signal.signal(number, lambda *_: QTimer.singleShot(0, program.window, close))
    # Python hears a signal only between two of its own steps: give it one now and then.
    timer = QTimer(program.window)
    timer.timeout.connect(lambda: None)
    timer.start(_SIGNAL_CHECK_MS)

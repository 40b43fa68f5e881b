"""Start the bundle's window on a folder, say when the first slice was drawn, and close it.

`overread -P -m bundle_first_slice TIME DIR`, where TIME is the clock just before the start.
"""

import sys
import time

from overread.gui.app import window_start
from overread.gui.app.program import Program
from overread.main import main
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication


class FirstPaint(QObject):
    """Waits for the first paint of the slice view with a case in it."""

    def __init__(self, program: Program, started: float) -> None:
        super().__init__()
        self.program, self.started = program, started
        program.session.case_changed.connect(self.watch)

    def watch(self) -> None:
        """Look at the next paint."""
        self.program.window.view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Report after the first paint."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self.report)
        return False

    def report(self) -> None:
        """Say how long it took, and close."""
        seconds = time.time() - self.started
        # What it took of the processors is what is left on a machine that does nothing else.
        sys.stdout.write(f"first slice {time.process_time():.3f} {seconds:.3f}\n")
        sys.stdout.flush()
        self.program.context.stopping.asks = False
        self.program.window.close()


def run(started: float, folder: str) -> None:
    """Run the command `open` with a program that is watched."""

    class Watched(Program):
        def __init__(self, application: QApplication) -> None:
            super().__init__(application)
            self.first_paint = FirstPaint(self, started)

    window_start.__dict__["Program"] = Watched
    sys.argv[1:] = ["open", folder]
    main()


if __name__ == "__main__":
    run(float(sys.argv[1]), sys.argv[2])

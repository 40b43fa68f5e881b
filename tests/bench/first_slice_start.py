"""Start Overread as `main.py open DIR` does, say when the first slice is drawn, and close it.

`python -m tests.bench.first_slice_start TIME DIR`, where TIME is the clock just before the start.
`main.py` itself is run and imports what it needs in its own order; the paint events of the slice
view are watched in addition, from when its window waits for events.
"""

import inspect
import runpy
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from gui.app.program import Program

_MAIN = Path(__file__).resolve().parents[2] / "main.py"


class FirstSlice(msgspec.Struct, frozen=True):
    """Seconds from the start to the first slice on screen, and whether torch was loaded then.

    `processor_seconds` is what the process took of the processors until then: what is left of
    `seconds` on a machine that does nothing else, but for the reading of files.
    """

    seconds: float
    processor_seconds: float
    torch: bool


class _FirstPaint(QObject):
    def __init__(self, program: "Program", started: float) -> None:
        super().__init__()
        self._program = program
        self._started = started
        program.session.case_changed.connect(self._watch)

    def _watch(self) -> None:
        self._program.window.view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            # The filter comes before the paint; the timer runs when the window is on screen.
            QTimer.singleShot(0, self._report)
        return False

    def _report(self) -> None:
        seconds = time.time() - self._started
        found = FirstSlice(seconds, time.process_time(), "torch" in sys.modules)
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        self._program.context.stopping.asks = False
        self._program.window.close()


def main() -> None:
    """Run `main.py open DIR` with a program that is watched."""
    started, folder = float(sys.argv[1]), sys.argv[2]
    wait = QApplication.exec
    watches = []

    def watched() -> int:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        watches.append(_FirstPaint(frame.f_back.f_locals["program"], started))
        return wait()

    QApplication.exec = staticmethod(watched)  # type: ignore[method-assign]
    sys.argv = [str(_MAIN), "open", folder]
    runpy.run_path(str(_MAIN), run_name="__main__")


if __name__ == "__main__":
    main()

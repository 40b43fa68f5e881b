"""What is done once that which leads to it has rested."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Later(QTimer):
    """Does something once, so many milliseconds after it was last started.

    All that the window puts off goes by this class, so that whoever has to know whether the window
    has come to rest finds it. What keeps its time for the reader's eye or looks again and again, a
    toast or the watch of a job, is no rest, and has a timer of its own.
    """

    def __init__(self, parent: QObject, milliseconds: int, act: Callable[[], object]) -> None:
        super().__init__(parent, singleShot=True, interval=milliseconds)
        self.timeout.connect(act)

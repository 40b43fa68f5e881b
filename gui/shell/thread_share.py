"""What can wait a frame gives way to the slice under the reader's hand."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject

from gui.widgets.later import Later

_GESTURE_SECONDS = 0.016


class GestureDelay(QObject):
    """Does something at once, or a frame later while gestures follow each other."""

    def __init__(
        self,
        act: Callable[[], None],
        parent: QObject | None = None,
        *,
        seconds: float = _GESTURE_SECONDS,
    ) -> None:
        super().__init__(parent)
        self._act, self._seconds = act, seconds
        self._moved = 0.0
        self._late = Later(self, round(seconds * 1000), act)

    def note_gesture(self) -> None:
        """The reader has just moved something."""
        self._moved = time.monotonic()

    def do(self, *, can_wait: bool) -> None:
        """Do it; a frame after a gesture when it can wait, once however often it is asked."""
        if not can_wait or time.monotonic() - self._moved >= self._seconds:
            self._act()
        elif not self._late.isActive():
            self._late.start()

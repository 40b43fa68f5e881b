"""A question about what is pointed at: asked once the pointer rests, answered on a worker."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from gui.shell.tasks import Lanes, Task
from gui.widgets.later import Later

_REST_MS = 40

A = TypeVar("A")
T = TypeVar("T")


class RestedQuestion(QObject, Generic[A, T]):
    """Answers by `find` on a worker; the last question alone, and an older one is never shown.

    `answer` is what is shown, None for nothing; `changed` comes with each other one.
    """

    changed = Signal()

    def __init__(self, lanes: Lanes, find: Callable[[A], T]) -> None:
        super().__init__()
        self._lanes, self._find = lanes, find
        self._asked: Callable[[], A | None] | None = None
        self._task: Task[T] | None = None
        self.answer: T | None = None
        self._rest = Later(self, _REST_MS, self._look)

    def ask(self, asked: Callable[[], A | None]) -> None:
        """Show soon what is asked by then; what was shown before stays until then."""
        self._asked = asked
        self._rest.start()

    def drop(self) -> None:
        """Show nothing."""
        self._asked = None
        self._rest.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._show(None)

    def _look(self) -> None:
        if self._task is not None or self._asked is None:
            return  # asked again when the one before is done
        asked, self._asked = self._asked(), None
        if asked is None:
            self._show(None)
            return
        task: Task[T] | None = None

        def finish() -> None:
            if task is self._task:
                self._task = None
                self._look()

        find = self._find
        task = self._task = self._lanes.run(
            "io", lambda _: find(asked), self._show, finished=finish
        )

    def _show(self, answer: T | None) -> None:
        if answer is not None or self.answer is not None:
            self.answer = answer
            self.changed.emit()

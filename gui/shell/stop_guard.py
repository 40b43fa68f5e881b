"""The question before many runs are stopped, whatever would stop them."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui.shell.session import Session
from gui.widgets.confirm import confirm


class StopGuard(QObject):
    """Asks before what stops runs that wait; one run alone may be stopped without a question.

    `asks` is False where nobody is there to answer.
    """

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._open = False
        self.asks = True

    @property
    def left(self) -> int:
        """How many runs would not be made any more."""
        queue = self._session.queue
        return queue.total - queue.done - queue.failed

    @property
    def has_question(self) -> bool:
        """Whether stopping now has to be asked about."""
        return self.asks and self.left > 1

    def ask(
        self,
        then: Callable[[], object],
        *,
        otherwise: Callable[[], object] = lambda: None,
        doing: str = "Stop the runs",
    ) -> None:
        """Do `then`, which stops the runs, at once or when the reader agrees; else `otherwise`.

        `doing` is what the button says.
        """
        if not self.has_question:
            then()
            return
        if self._open:
            return
        self._open = True
        queue = self._session.queue
        detail = (
            f"{queue.done} of {queue.total} cases are predicted and stay so. "
            f"{self.left} would not be run."
        )
        title = f"Stop {self.left} runs?"
        box = confirm(self._window, (title, detail, doing), lambda: _do(then))
        box.rejected.connect(lambda: otherwise())
        box.finished.connect(self._on_finished)

    def _on_finished(self) -> None:
        self._open = False


def _do(act: Callable[[], object]) -> None:
    act()

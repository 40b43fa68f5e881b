"""The question before many runs are stopped, whatever would stop them."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMessageBox, QWidget

from core.domain.figure_text import counted
from gui.shell.session import Session
from gui.widgets.confirm import confirm, say


class StopGuard(QObject):
    """Asks before what stops runs that wait; one run alone may be stopped without a question.

    The runs go on while it asks, and its figures with them; once none is left, what was asked for
    stops nothing and is done. `asks` is False where nobody is there to answer.
    """

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._box: QMessageBox | None = None
        self._then: Callable[[], object] = lambda: None
        self.asks = True
        session.queue_changed.connect(self._on_queue_changed)

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
        if self._box is not None:
            return
        title, detail = self._words()
        self._then = then
        self._box = confirm(self._window, (title, detail, doing), self._on_agreed)
        self._box.rejected.connect(lambda: otherwise())
        self._box.finished.connect(self._on_finished)

    def _words(self) -> tuple[str, str]:
        """Return title and detail of the question, as the runs are now."""
        queue, left = self._session.queue, self.left
        detail = (
            f"{queue.done} of {queue.total} cases are predicted and stay so. "
            f"{left} would not be run."
        )
        return f"Stop {counted(left, 'run')}?", detail

    def _on_queue_changed(self) -> None:
        if self._box is None:
            return
        if self.left > 0:
            say(self._box, *self._words())
            return
        self._box.accept()
        QTimer.singleShot(0, self._then)  # whoever ends the last run comes to his end first

    def _on_agreed(self) -> None:
        self._box = None  # what ends the runs is not to answer once more
        self._then()

    def _on_finished(self) -> None:
        self._box = None

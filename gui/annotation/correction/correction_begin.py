"""What a first stroke would begin, made ready on a worker while a tool is in hand."""

from PySide6.QtCore import QObject, Signal

from core.domain.errors import AppError
from gui.annotation.correction.correction_book import Book
from gui.annotation.correction.correction_start import CorrectionGround, Start
from gui.shell.tasks import Lanes, Task


class Beginning(QObject):
    """Holds at most one correction nobody has drawn on; `ready` comes when it is made."""

    ready = Signal()
    failed = Signal(str)

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes
        self._wanted: tuple[CorrectionGround, Start] | None = None
        self._task: Task[Book] | None = None
        self._book: Book | None = None

    @property
    def waiting(self) -> bool:
        """True while it is being made."""
        return self._task is not None

    def prepare(self, ground: CorrectionGround, start: Start) -> None:
        """Make a correction that starts so; one that is ready for the same start stays."""
        if self._fits(ground, start) and (self.waiting or self._book is not None):
            return
        self.drop()
        self._wanted = ground, start
        self._task = self._lanes.run(
            "io", lambda _: ground.begin(start), self._keep, failed=self._fail
        )

    def take(self, ground: CorrectionGround, start: Start) -> Book | None:
        """Give away what is ready for this start, made at once where it is not.

        None when it cannot be made, which `failed` says.
        """
        if self._fits(ground, start) and self._book is not None:
            book, self._book = self._book, None
            return book
        try:
            return ground.begin(start)
        except AppError as error:
            self.failed.emit(str(error))
            return None

    def peek(self) -> Book | None:
        """Return what is ready, without taking it."""
        return self._book

    def drop(self) -> None:
        """Want it no more."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._book = self._wanted = None

    def _fits(self, ground: CorrectionGround, start: Start) -> bool:
        if self._wanted is None:
            return False
        known, before = self._wanted
        same = known.opened is ground.opened and known.predicted is ground.predicted
        return same and known.place is ground.place and before.same_as(start)

    def _keep(self, book: Book) -> None:
        self._task, self._book = None, book
        self.ready.emit()

    def _fail(self, sentence: str) -> None:
        self._task = self._wanted = None
        self.failed.emit(sentence)

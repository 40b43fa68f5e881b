"""Writes corrections to their journals, and remembers what could not be written."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from core.annotation.draft import Step
from core.workspace.store import Store
from gui.annotation.correction.correction_book import Book
from gui.shell.tasks import Lanes


class Keeping(QObject):
    """Everything goes through the `journal` lane, in order; `writing` counts what is on its way."""

    saved = Signal()
    save_failed = Signal(str)

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes
        self._unsaved: dict[tuple[Store, str], Book] = {}
        self.writing = 0

    @property
    def unsaved(self) -> list[Book]:
        """The corrections of which something could not be written."""
        return list(self._unsaved.values())

    def unsaved_of(self, store: Store, case_id: str) -> Book | None:
        """Return the correction of a case when something of it could not be written."""
        return self._unsaved.get((store, case_id))

    def forget(self, store: Store, case_id: str) -> None:
        """Nothing of a case has to be written any more."""
        self._unsaved.pop((store, case_id), None)

    def record(self, book: Book, step: Step) -> None:
        """Hand an edit to the journal; `saved` comes when it is on the disk."""
        self._write(book, lambda: book.record(step))

    def retry(self) -> None:
        """Try again where there may be room now."""
        for book in self.unsaved:
            self._write(book, book.retry)

    def _write(self, book: Book, write: Callable[[], None]) -> None:
        key = (book.store, book.correction.case_id)

        def show(_: None) -> None:
            self.writing -= 1
            self._unsaved.pop(key, None)
            self.saved.emit()

        def tell(sentence: str) -> None:
            self.writing -= 1
            self._unsaved[key] = book
            self.save_failed.emit(sentence)

        self.writing += 1
        self._lanes.run("journal", lambda _: write(), show, failed=tell)

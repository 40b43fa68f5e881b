"""The questions before a window closes over clicks that wait, and what could not be written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from core.annotation.export import export_correction
from core.domain.errors import AppError
from core.domain.figure_text import counted
from gui.annotation.correction.correction_book import Book
from gui.annotation.correction.correction_start import provenance_of
from gui.annotation.install import AnnotationFeature
from gui.shell.tasks import Lanes
from gui.widgets.labels import plain_tip

Choice = Literal["again", "elsewhere", "lose", "stay"]


class CloseGuard:
    """Closes a window only over what is accepted and written, or what the reader gives up."""

    def __init__(self, window: QWidget, lanes: Lanes, annotation: AnnotationFeature) -> None:
        self._window = window
        self._lanes = lanes
        self._correction_desk = annotation.desk
        self._guided = annotation.paint_tools.guided
        self._asking = False

    def may_close(self) -> bool:
        """Write what was not written; True when that went well, or the reader wants to close.

        Clicks that are to be accepted and not answered yet close the window later.
        """
        if self._asking:
            return False
        self._asking = True
        try:
            return self._clicks_settled() and self._settled()
        finally:
            self._asking = False

    def _clicks_settled(self) -> bool:
        """Ask what becomes of clicks that are not accepted; False while the window is to stay."""
        count = len(self._guided.clicks)
        if not count:
            return True
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Not accepted")
        box.setTextFormat(Qt.TextFormat.PlainText)
        case_id, verb = self._guided.case_id, "is" if count == 1 else "are"
        box.setText(f"{counted(count, 'click')} on {case_id} {verb} not accepted yet.")
        them = "it" if count == 1 else "them"
        box.setInformativeText(
            f"If the window closes without {them}, the mask stays without {them}."
        )
        role = QMessageBox.ButtonRole
        accept = box.addButton("Accept and close", role.AcceptRole)
        leave = box.addButton(f"Close without {them}", role.DestructiveRole)
        stay = box.addButton("Do not close", role.RejectRole)
        box.setDefaultButton(accept)
        box.setEscapeButton(stay)
        box.exec()
        chosen = box.clickedButton()
        box.deleteLater()
        if chosen is accept:
            self._guided.finish(self._close_accepted)
            return not self._guided.clicks
        return chosen is leave

    def _close_accepted(self) -> None:
        """Go on closing once the clicks are accepted; those that would change nothing go."""
        self._guided.drop()
        if not self._asking:
            self._window.close()

    def _settled(self) -> bool:
        refused = self._refused()
        while refused:
            choice = self._ask(refused)
            if choice == "lose":
                return True
            if choice == "stay" or (choice == "elsewhere" and self._export(refused)):
                return choice == "elsewhere"
            refused = self._refused()
        return True

    def _refused(self) -> dict[Book, str]:
        """Try again what could not be written; returns why, by correction, where it still fails."""
        if self._correction_desk.writing:
            self._lanes.finish("journal", lambda: None)
            QCoreApplication.sendPostedEvents()  # which say what came of it
        refused = {}
        for book in self._correction_desk.unsaved:
            try:
                self._lanes.finish("journal", book.retry)
            except AppError as error:
                refused[book] = str(error)
        return refused

    def _ask(self, refused: Mapping[Book, str]) -> Choice:
        lost = [book for book in refused if not _kept_in(book)]
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Not saved")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(_at_stake([book.case.id for book in lost or refused], lost=bool(lost)))
        said = "\n\n".join(_line(book, why) for book, why in refused.items())
        box.setInformativeText(plain_tip(said))
        role = QMessageBox.ButtonRole
        again = box.addButton("Try again", role.AcceptRole)
        elsewhere = box.addButton("Save elsewhere…", role.ActionRole)
        leave = f"Close and lose {'it' if len(lost) == 1 else 'them'}" if lost else "Close"
        lose = box.addButton(leave, role.DestructiveRole)
        stay = box.addButton("Do not close", role.RejectRole)
        choices: dict[object, Choice] = {again: "again", elsewhere: "elsewhere", lose: "lose"}
        box.setDefaultButton(again)
        box.setEscapeButton(stay)
        box.exec()
        choice = choices.get(box.clickedButton(), "stay")
        box.deleteLater()
        return choice

    def _export(self, refused: Mapping[Book, str]) -> bool:
        """Write the masks into a folder the reader chooses; False when it did not work."""
        folder = QFileDialog.getExistingDirectory(
            self._window, "Save the masks in a folder outside the dataset", str(Path.home())
        )
        if not folder:
            return False
        try:
            for book in refused:
                made = provenance_of(book.correction, self._correction_desk.reader)
                correction = book.correction
                export_correction(
                    book.case,
                    correction.snapshot_map(),
                    Path(folder),
                    dataset_root=book.root,
                    provenance=made,
                )
        except AppError as error:
            QMessageBox.warning(self._window, "Not saved", plain_tip(str(error)))
            return False
        return True


def _at_stake(names: list[str], *, lost: bool) -> str:
    """Say what closing now does to the corrections of the cases named."""
    one = len(names) == 1
    what = f"The correction of {names[0]} is" if one else f"{len(names)} corrections are"
    if lost:
        return f"{what} not saved. If the window closes now, the work is lost."
    masks = "Its mask is" if one else "Their masks are"
    return f"{what} not in the journal. {masks} safe; if the window closes now, undo is lost."


def _line(book: Book, why: str) -> str:
    where = _kept_in(book)
    safe = f" The mask as it is now is in {where}." if where else ""
    return f"{_edits(book.pending)} in memory only.{safe} {why}"


def _kept_in(book: Book) -> str:
    """Say what else than the journal holds the mask as it is now; empty when nothing does."""
    correction = book.correction
    return correction.exported or ("" if correction.dirty else "its last version")


def _edits(count: int) -> str:
    return "1 edit" if count == 1 else f"{count} edits"

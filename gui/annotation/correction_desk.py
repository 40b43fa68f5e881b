"""The correction of the case on screen: begun, painted, undone, journalled, saved as a version."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from core.annotation.correction import Correction
from core.annotation.draft import Draft, Step, new_draft
from core.annotation.journal import discard_draft, load_draft
from core.annotation.patch import Patch
from core.annotation.versions import Version
from core.domain.components import Box
from core.domain.mask import Mask
from core.workspace.store import Store
from gui.annotation.correction_book import Book
from gui.annotation.correction_later import LaterEdit
from gui.annotation.correction_start import open_book, predicted_mask, starting_mask
from gui.annotation.version_reader import VersionReader
from gui.shell.readiness import is_unsettled
from gui.shell.session import Session
from gui.shell.tasks import Lanes

T = TypeVar("T")


class CorrectionDesk(QObject):
    """Owns the correction of a session; every change of it goes to the journal before it is safe.

    All methods are for the GUI thread. What is written goes through the `journal` lane, in order.
    `found` says how many edits a case that was opened came with beyond its last version. `failed`
    tells an error, `noted` what the reader should know. `refused` means that another window holds
    the workspace. `versions` are those of the case on screen.
    """

    failed = Signal(str, str, str)
    noted = Signal(str, str)
    refused = Signal()
    stepped = Signal()
    saved = Signal()
    save_failed = Signal(str)
    found = Signal(int)
    reverted = Signal(object)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session, self._lanes = session, lanes
        self._book: Book | None = None
        self._unsaved: dict[tuple[Store, str], Book] = {}
        self._loaded = False
        self._asides: list[tuple[int, Callable[[], None]]] = []
        self.damage = ""
        self.writing = 0
        self.later = LaterEdit(session, lanes)
        self.versions = VersionReader(session, lanes)
        self.versions.refused.connect(self.refused)
        self.later.made.connect(lambda tool, patch: self.apply(tool, lambda _: patch))
        for part in (self.later, self.versions):
            part.failed.connect(self.failed)
            part.noted.connect(self.noted)
        session.case_leaving.connect(self.end)
        session.case_changed.connect(self._on_case_changed)
        session.result_changed.connect(self._on_result_changed)
        self.versions.version_saved.connect(self._on_version_saved)

    @property
    def reader(self) -> str:
        """Who corrects."""
        return self._session.reader

    @property
    def problem(self) -> str:
        """Why nothing can be painted now; empty when it can."""
        place = self._session.place
        if self._session.open_case is None or place is None:
            return "No case is open."
        if place.held:
            return place.held
        if not self._loaded:
            return self.damage or "The correction is being read."
        if self._session.correction is not None:
            return ""
        if self._session.seeking:
            return "The prediction is being read."
        if self._session.case_states[self._session.current].run == "running":
            return "The model is running on this case. Wait for it, or stop it first."
        # Begun now, a correction would start from nothing, or from the mask of another threshold.
        return "The figures are not settled yet." if is_unsettled(self._session) else ""

    @property
    def unsaved(self) -> list[Book]:
        """The corrections of which something could not be written."""
        return list(self._unsaved.values())

    @property
    def can_undo(self) -> bool:
        """True when there is an edit to take back, or what was said without one."""
        correction = self._session.correction
        return correction is not None and (correction.can_undo or self._aside is not None)

    def begin(self, tool: str, z: int) -> Correction | None:
        """Start a gesture on slice `z`; None when nothing can be painted, which is then said."""
        correction = self._ensure()
        if correction is not None and not correction.painting:
            correction.begin(tool, z)
        return correction

    def paint(self, patch: Patch | None) -> None:
        """Go on with the gesture."""
        correction = self._session.correction
        if correction is not None and correction.painting:
            self._show(correction.paint(patch))

    def end(self) -> None:
        """Finish the gesture: one edit, journalled; nothing when it changed nothing."""
        correction = self._session.correction
        if correction is not None and correction.painting:
            self._keep(correction.end())

    def cancel(self) -> bool:
        """Take the gesture in hand back; False when there is none."""
        correction = self._session.correction
        if correction is None or not correction.painting:
            return False
        self._show(correction.cancel())
        return True

    def apply(
        self,
        tool: str,
        make: Callable[[Mask], Patch | None],
        *,
        aside: Callable[[], None] | None = None,
    ) -> bool:
        """Make one edit of the slice on screen from the mask as it is; False when it cannot be.

        An edit that changes nothing is none, and the reader is told; unless something was said
        with it all the same: then `aside` is what the next undo here calls to take that back.
        """
        correction = self._ensure()
        if correction is None or correction.painting:
            return False
        step = correction.apply(tool, self._session.view.slice_index, make(correction.mask))
        if step is not None:
            self._show(step.box)
            self._keep(step)
        elif aside is not None:
            self._asides.append((correction.head, aside))
            self.stepped.emit()
        else:
            self.noted.emit(tool.capitalize(), "Nothing there to change.")
        return True

    def apply_later(self, tool: str, make: Callable[[Mask], Patch | None]) -> None:
        """Make one edit on a worker, see `later`; dropped when the mask has changed meanwhile."""
        correction = self._ensure()
        if correction is not None and not correction.painting:
            self.later.start(tool, correction, make)

    def undo(self) -> int | None:
        """Take the last edit back; returns the slice it was on.

        What was said since then without an edit goes first, and leaves the slice alone.
        """
        aside = None if self.problem else self._aside
        if aside is not None:
            self._asides.remove(aside)
            aside[1]()
            self.stepped.emit()
            return None
        return self._step(lambda correction: correction.undo())

    def redo(self) -> int | None:
        """Make the edit again that was taken back last; returns the slice it is on."""
        return self._step(lambda correction: correction.redo())

    def discard(self) -> None:
        """Forget the correction of the case and its journal; versions stay."""
        place, opened = self._session.place, self._session.open_case
        if place is None or opened is None or self._refuse():
            return
        store, case_id = place.workspace.store, opened.loaded.case.id
        self._book, self._loaded, self.damage = None, True, ""
        self._unsaved.pop((store, case_id), None)
        self._session.set_correction(None)
        self._lanes.run(
            "journal",
            lambda _: discard_draft(store, case_id),
            failed=lambda sentence: self.failed.emit("Nothing was discarded", sentence, ""),
        )

    def mask_now(self) -> Mask | None:
        """Return the mask an edit would be made of: the correction, or what one would start from.

        None when nothing can be painted. It is not to be changed.
        """
        opened, correction = self._session.open_case, self._session.correction
        if correction is not None:
            return correction.mask
        return None if self.problem or opened is None else starting_mask(self._session, opened)[0]

    def save_version(self) -> None:
        """Write the mask as it is as an immutable version."""
        self.versions.save_version()

    def only_here(self, title: str, act: Callable[..., object]) -> Callable[..., None]:
        """Return `act` as it may be done later: only while the case on screen now still is.

        Where another is on screen by then, the reader is told under `title`.
        """
        opened, case_id = self._session.open_case, self._session.current

        def act_here(*given: object) -> None:
            if self._session.open_case is opened:
                act(*given)
            else:
                self.noted.emit(title, f"{case_id} is no longer on screen: nothing was changed.")

        return act_here

    def _refuse(self) -> bool:
        """Say so when another window holds the workspace, and return whether it does."""
        place = self._session.place
        held = place is not None and bool(place.held)
        if held:
            self.refused.emit()
        return held

    def _ensure(self) -> Correction | None:
        """Return the correction, begun from the prediction or empty when there is none yet."""
        if self._refuse():
            return None
        if self.problem:
            self.noted.emit("Nothing can be painted", self.problem)
            return None
        opened, place = self._session.open_case, self._session.place
        if self._session.correction is None and opened is not None and place is not None:
            mask, origin = starting_mask(self._session, opened)
            draft = new_draft(opened.loaded.case.id, mask, origin, author=self._session.reader)
            self._show_book(open_book(self._session, opened, draft, place))
        return self._session.correction

    @property
    def _aside(self) -> tuple[int, Callable[[], None]] | None:
        """What was said last in the state the correction is in; it may have been another before."""
        correction = self._session.correction
        if correction is None or correction.painting:
            return None
        return next((said for said in self._asides[::-1] if said[0] == correction.head), None)

    def _show_book(self, book: Book) -> None:
        self._book = book
        self._session.set_correction(book.correction)

    def _on_case_changed(self) -> None:
        self._book, self._loaded, self.damage = None, False, ""
        self._asides.clear()
        self.later.cancel()
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None:
            return
        store, case_id = place.workspace.store, opened.loaded.case.id
        shape = opened.loaded.volume.geometry.shape

        def show(draft: Draft | None) -> None:
            if self._session.open_case is not opened:
                return
            self._loaded = True
            unsaved = self._unsaved.get((store, case_id))
            if unsaved is not None:
                self._show_book(unsaved)
            elif draft is not None:
                self._show_book(open_book(self._session, opened, draft, place))
            self.found.emit(0 if draft is None else draft.history.since(draft.saved_head))

        def tell(sentence: str) -> None:
            if self._session.open_case is opened:
                self.damage = sentence
            self.failed.emit("The correction cannot be read", sentence, "")

        self._lanes.run("journal", lambda _: load_draft(store, case_id, shape), show, failed=tell)

    def _on_result_changed(self) -> None:
        correction = self._session.correction
        if correction is not None:
            correction.set_prediction(predicted_mask(self._session))

    def _step(self, change: Callable[[Correction], Step | None]) -> int | None:
        correction = self._session.correction
        step = None if correction is None or self.problem else change(correction)
        if step is None:
            return None
        self._show(step.box)
        self._keep(step)
        self.reverted.emit(step)
        return step.z

    def _show(self, box: Box | None) -> None:
        if box is not None:
            self._session.note_painted(box)

    def _keep(self, step: Step | None) -> None:
        """Hand an edit to the journal; the status bar says so when it is on the disk."""
        book = self._book
        if step is not None and book is not None:
            self.stepped.emit()
            self._journal(book, lambda: book.record(step))

    def _on_version_saved(self, version: Version) -> None:
        state = self._session.case_states.get(version.case_id)
        if state is not None:
            self._session.set_case_state(replace(state, version=version.number))
        self._write_unsaved()

    def _write_unsaved(self) -> None:
        """Try again where there is room for a version now."""
        for book in self.unsaved:
            self._journal(book, book.retry)

    def _journal(self, book: Book, write: Callable[[], None]) -> None:
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

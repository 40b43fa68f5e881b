"""The correction of the case on screen: begun, painted, undone, journalled, saved as a version."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.annotation import regions
from core.annotation.correction import HAND, Correction, FocusView, Of, Writes
from core.annotation.draft import Step
from core.annotation.patch import Patch
from core.domain.label_set import LabelMap, LabelSet
from core.domain.mask import Mask
from core.domain.plane import Cut
from gui.annotation.correction.correction_begin import Beginning
from gui.annotation.correction.correction_book import Book, discarded
from gui.annotation.correction.correction_keeper import Keeping
from gui.annotation.correction.correction_later import LaterAim, LaterEdit
from gui.annotation.correction.correction_start import (
    CorrectionGround,
    Start,
    filled_label,
    ground_of,
    predicted_mask,
    start_of,
    unready,
)
from gui.annotation.correction.version_reader import VersionReader
from gui.shell.session import Session
from gui.shell.tasks import Lanes

_NOT_PAINTED = "Nothing can be painted"
_MADE_A_MAP = "label map"


class CorrectionDesk(QObject):
    """Owns the correction of a session; every change of it goes to the journal before it is safe.

    All methods are for the GUI thread. What is written goes through the `journal` lane, in order.
    `found` says how many edits a case that was opened came with beyond its last version. `failed`
    tells an error, `noted` what the reader should know. `refused` means that another window holds
    the workspace. `relabelled` tells the label set that an edit or its undo has left. `versions`
    are those of the case on screen. `ready` comes when a first stroke
    need not wait any more, `begun` with what it started from.

    The session has the correction while there is something of it: one that was undone whole lies
    over nothing and is compared with nothing, but can be made again.
    """

    failed = Signal(str, str, str)
    noted = Signal(str, str)
    refused = Signal()
    stepped = Signal()
    saved = Signal()
    save_failed = Signal(str)
    found = Signal(int)
    reverted = Signal(object)
    relabelled = Signal(object)
    ready = Signal()
    begun = Signal(str)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session, self._lanes = session, lanes
        self._book: Book | None = None
        self._loaded = self._drawing = False
        self._asides: list[tuple[int, Callable[[], None]]] = []
        self.damage = ""
        self.finishing: Callable[[Callable[[], None]], None] = lambda then: then()
        self.keeping = Keeping(lanes)
        self.later = LaterEdit(lanes, lambda: self.known)
        self.versions = VersionReader(session, lanes)
        self._beginning = Beginning(lanes)
        self._connect()

    def _connect(self) -> None:
        session, keeping, beginning = self._session, self.keeping, self._beginning
        keeping.saved.connect(self.saved)
        keeping.save_failed.connect(self.save_failed)
        self.versions.refused.connect(self.refused)
        self.versions.version_saved.connect(
            lambda version: self._on_version_saved(version.case_id, version.number)
        )
        self.later.made.connect(self._make)
        for part in (self.later, self.versions):
            part.failed.connect(self.failed)
            part.noted.connect(self.noted)
        beginning.ready.connect(self.ready)
        beginning.failed.connect(lambda said: self.failed.emit(_NOT_PAINTED, said, ""))
        beginning.failed.connect(lambda _: self.ready.emit())
        session.case_leaving.connect(self.end)
        session.case_changed.connect(self._on_case_changed)
        session.result_changed.connect(self._on_result_changed)
        for signal in (session.settings_changed, session.seeking_changed):
            signal.connect(self._prepare)
        session.case_state_changed.connect(self._on_case_state_changed)
        session.labels_changed.connect(self._on_labels_changed)

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
        return unready(self._session)

    @property
    def known(self) -> Correction | None:
        """The correction of the case, also one that was undone whole."""
        return None if self._book is None else self._book.correction

    @property
    def start(self) -> Start | None:
        """What a first edit would start from; None once there is a correction, or without a case.

        A correction that was undone whole starts anew where the start is another one by now.
        """
        opened = self._session.open_case
        if opened is None or self._session.correction is not None:
            return None
        return start_of(self._session, opened)

    def mask_now(self) -> Mask | None:
        """Return the mask an edit would be made of: the correction, or what one would start from.

        It is of the region in focus. None when nothing can be painted, or where a version is not
        read yet. It is not to be changed.
        """
        correction, start, opened = self._session.correction, self.start, self._session.open_case
        if correction is not None:
            return correction.mask
        if self.problem or start is None or opened is None:
            return None
        if start.origin.kind == "empty":
            return np.zeros(opened.loaded.volume.geometry.shape, np.uint8)
        return start.mask

    def ground_now(self) -> Mask | None:
        """Return what a tool that writes the label in hand would work on, as `mask_now` does.

        Where there are several labels, None until `ready` says that a correction can begin.
        """
        if self._session.labels.labels.is_binary:
            return self.mask_now()
        correction = self._under_hand()
        return None if correction is None else correction.ground(correction.aim())

    def values_now(self) -> LabelMap | None:
        """Return a copy of the label values that belong to `ground_now`; None for one label."""
        if self._session.labels.labels.is_binary:
            return None
        correction = self._under_hand()
        return None if correction is None else correction.snapshot_map()

    def _under_hand(self) -> Correction | None:
        """Return the correction, or the one that a first stroke would begin."""
        correction, book = self._session.correction, self._beginning.peek()
        if correction is None and book is not None and not self.problem:
            correction = book.correction
            correction.set_rule(self._session.labels.rule)
        return correction

    @property
    def waiting(self) -> bool:
        """True while what a first stroke would begin is being made."""
        return self._session.correction is None and self._beginning.waiting

    @property
    def unsaved(self) -> list[Book]:
        """The corrections of which something could not be written."""
        return self.keeping.unsaved

    @property
    def writing(self) -> int:
        """How many edits are on their way to the disk."""
        return self.keeping.writing

    @property
    def can_undo(self) -> bool:
        """True when there is an edit to take back, or what was said without one."""
        correction = self.known
        there = correction is not None and correction.can_undo
        return not self.problem and (there or self._aside is not None)

    @property
    def can_redo(self) -> bool:
        """True when there is an edit that was taken back."""
        correction = self.known
        return not self.problem and correction is not None and correction.can_redo

    def expect_drawing(self, drawing: bool) -> None:
        """Have a correction ready for the first stroke while a drawing tool is in hand."""
        self._drawing = drawing
        self._prepare()

    def begin(self, tool: str, cut: Cut, of: Of = "hand") -> Correction | None:
        """Start a gesture on a slice; None when nothing can be painted, which is then said.

        Its patches are of the label in hand, or of what `of` says.
        """
        correction = self._ensure()
        if correction is not None and self.is_stuck(of):
            return None
        if correction is not None and not correction.painting:
            correction.begin(tool, cut, correction.aim(of))
        return correction

    def paint(self, patch: Patch | None) -> None:
        """Go on with the gesture."""
        correction = self.known
        if correction is None or not correction.painting:
            return
        box = correction.paint(patch)
        if self._session.correction is correction:
            self._session.note_painted(box)
        else:
            self._follow()  # which shows all of it

    def end(self) -> None:
        """Finish the gesture: one edit, journalled; nothing when it changed nothing."""
        correction = self.known
        if correction is not None and correction.painting:
            self._keep(correction.end())
            self._follow()

    def cancel(self) -> bool:
        """Take the gesture in hand back; False when there is none."""
        correction = self.known
        if correction is None or not correction.painting:
            return False
        self._session.note_painted(correction.cancel())
        self._follow()
        return True

    def apply(
        self,
        tool: str,
        make: Callable[[Mask], Patch | None],
        *,
        aside: Callable[[], None] | None = None,
        cut: Cut | None = None,
        writes: Writes = HAND,
    ) -> bool:
        """Make one edit from the mask as it is; False when it cannot be.

        The mask is of the label in hand, or what `writes` says. It is kept as one of the slice
        `cut`, by default the one the reader works on.

        An edit that changes nothing is none, and the reader is told; unless something was said
        with it all the same: then `aside` is what the next undo here calls to take that back.
        """
        correction = self._ensure()
        if correction is None or correction.painting:
            return False
        aim = correction.aim(writes.of, source=writes.source)
        patch, cut = make(correction.ground(aim)), cut or self._session.view.cut
        step = correction.apply(tool, cut, patch, clicks=writes.clicks, aim=aim)
        self._follow()
        if step is not None:
            self._show_step(step)
        elif aside is not None:
            self._asides.append((correction.head, aside))
            self.stepped.emit()
        else:
            self._say_nothing_changed(tool, writes.of)
        return True

    def apply_later(
        self,
        tool: str,
        make: Callable[[Mask], Patch | None],
        *,
        cut: Cut | None = None,
        of: Of = "hand",
    ) -> None:
        """Make one edit on a worker, see `later`; dropped when the mask has changed meanwhile."""
        correction = self._ensure()
        if correction is not None and not correction.painting:
            cut = cut or self._session.view.cut
            self.later.start(correction, make, LaterAim(tool, cut, correction.aim(of)))

    def change_labels(
        self, tool: str, labels: LabelSet, make: Callable[[LabelMap], Patch | None]
    ) -> bool:
        """Make one edit of another label set, and of the values it needs; False when none can be.

        It is put whatever is locked.
        """
        correction = self._ensure()
        if correction is None or correction.painting:
            return False
        z, patch = self._session.view.slice_index, make(correction.label_map)
        step = correction.change_labels(tool, z, labels, patch)
        self._follow()
        if step is not None:
            self._show_step(step)
            self._tell_labels(step)
        return step is not None

    def _make(self, aimed: LaterAim, patch: Patch | None) -> None:
        """Make the edit that a worker computed, as it was aimed then."""
        correction = self._ensure()
        if correction is None or correction.painting:
            return
        step = correction.apply(aimed.tool, aimed.cut, patch, aim=aimed.aim)
        self._follow()
        if step is not None:
            self._show_step(step)
        else:
            self._say_nothing_changed(aimed.tool, "hand")

    def _show_step(self, step: Step) -> None:
        self._session.note_painted(step.box)
        self._keep(step)

    def _say_nothing_changed(self, tool: str, of: Of) -> None:
        if not self.is_stuck(of, tool):
            self.noted.emit(tool, "Nothing there to change.")

    def is_stuck(self, of: Of, tool: str = _NOT_PAINTED) -> bool:
        """Say so where the label in hand is locked, which no tool writes, and return whether."""
        state = self._session.labels
        stuck = of == "hand" and state.rule.stuck and not state.labels.is_binary
        if stuck:
            said = (
                f"{state.labels.label(state.in_hand).name} is locked. Unlock it, or take another."
            )
            self.noted.emit(tool, said)
        return stuck

    def undo(self) -> Cut | None:
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

    def redo(self) -> Cut | None:
        """Make the edit again that was taken back last; returns the slice it is on."""
        return self._step(lambda correction: correction.redo())

    def discard(self) -> None:
        """Forget the correction of the case and its journal; versions stay."""
        place, opened = self._session.place, self._session.open_case
        if place is None or opened is None or self._refuse():
            return
        self._loaded, self.damage = True, ""
        self._forget_book()
        self._follow()
        self._tell_state()
        self._prepare()

    def finish(self, then: Callable[[], None]) -> None:
        """Make the edits that are shown and wait to be accepted, then do `then`."""
        self.finishing(then)

    def save_version(self) -> None:
        """Write the mask as it is shown, with what waits to be accepted, as a version."""
        self.finish(self.versions.save_version)

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
        """Return the correction, begun where there is none yet; a label map where the case is."""
        correction = self._begun()
        several = not self._session.labels.labels.is_binary
        if correction is not None and several and not correction.several:
            self._tell_labels_apart(correction)
        return correction

    def _tell_labels_apart(self, correction: Correction) -> None:
        """Make a mask a label map, as one edit: its labels are those of the truth it began from.

        Anywhere else it is the label that a mask of the focus gets.
        """
        ground, labels = ground_of(self._session), self._session.labels.labels
        assert ground is not None, "a case is open"
        first = correction.labels.labels[0]
        named = first.value in labels.values and labels.label(first.value).name == first.name
        fills = first.value if named else filled_label(self._session)
        values = correction.mask * np.uint8(fills)
        truth = ground.opened.loaded.labels
        if truth is not None and correction.origin.kind == "ground_truth":
            values = np.where((values > 0) & (truth > 0), truth, values)
        z, patch = self._session.view.slice_index, regions.replace(correction.label_map, values)
        step = correction.change_labels(_MADE_A_MAP, z, labels, patch)
        correction.set_focus(ground.labels.focus, ground.references)
        if step is not None:
            self._keep(step)

    def _begun(self) -> Correction | None:
        """Return the correction, begun from what the settings say when there is none yet."""
        if self._refuse():
            return None
        if self.problem:
            self.noted.emit(_NOT_PAINTED, self.problem)
            return None
        ground, start, known = ground_of(self._session), self.start, self.known
        if ground is None or start is None:
            return self._session.correction
        if known is not None and _starts_so(known, start):
            return known  # undone whole: the next edit goes on from the same mask
        book = self._beginning.take(ground, start)
        if book is None:
            return None
        if known is not None:
            self._forget_book()
        self._book = book
        book.correction.set_rule(self._session.labels.rule)
        self.begun.emit(start.title)
        return book.correction

    def _prepare(self) -> None:
        """Have the first stroke's correction made while there is none and a tool is in hand."""
        ground, start = ground_of(self._session), self.start
        if not self._drawing or self.problem or ground is None or start is None:
            self._beginning.drop()
        elif self.known is None or self.known.origin != start.origin:
            self._beginning.prepare(ground, start)

    def _follow(self) -> None:
        """Lay the correction over the case while there is something of it."""
        known = self.known
        shown = known if known is not None and known.begun else None
        if self._session.correction is not shown:
            self._session.set_correction(shown)
            self._prepare()

    def _forget_book(self) -> None:
        """Forget the correction and its journal."""
        place, case_id = self._session.place, self._session.current
        self._book = None
        self._asides.clear()
        if place is None:
            return
        store = place.workspace.store
        self.keeping.forget(store, case_id)
        self._lanes.run(
            "journal",
            lambda _: discarded(store, case_id),
            failed=lambda sentence: self.failed.emit("Nothing was discarded", sentence, ""),
        )

    @property
    def _aside(self) -> tuple[int, Callable[[], None]] | None:
        """What was said last in the state the correction is in; it may have been another before."""
        correction = self.known
        if correction is None or correction.painting:
            return None
        return next((said for said in self._asides[::-1] if said[0] == correction.head), None)

    def _on_case_changed(self) -> None:
        before, self._book = self._book, None
        self._loaded, self.damage = False, ""
        self._asides.clear()
        self.later.cancel()
        self._beginning.drop()
        ground = ground_of(self._session)
        if ground is None:
            return
        if before is not None and _is_same(before, ground):
            self._look_otherwise(before, ground)
        else:
            self._read(ground)

    def _look_otherwise(self, book: Book, ground: CorrectionGround) -> None:
        """Show the correction of the same case again, of the region that is in focus now."""
        correction, opened = book.correction, ground.opened
        references, focus = ground.references, ground.labels.focus

        def show(view: FocusView) -> None:
            if self._session.open_case is not opened:
                return
            if not correction.look(view):  # it was painted meanwhile
                self._look_otherwise(book, ground)
                return
            book.case = opened.loaded.case
            self._book, self._loaded = book, True
            correction.set_prediction(predicted_mask(self._session))
            self._on_labels_changed()
            self._follow()
            self._prepare()
            self.stepped.emit()  # of one that was undone whole nothing else tells

        self._lanes.run("io", lambda _: correction.focused(focus, references), show)

    def _read(self, ground: CorrectionGround) -> None:
        """Read the correction of the case on screen, if there is one."""
        opened, store = ground.opened, ground.place.workspace.store
        case_id = opened.loaded.case.id

        def show(found: Book | None) -> None:
            if self._session.open_case is not opened:
                return
            self._loaded = True
            self._book = self.keeping.unsaved_of(store, case_id) or found
            if self._book is not None:
                self._book.correction.set_prediction(predicted_mask(self._session))
            self._follow()
            self._tell_state()
            self._prepare()
            self.found.emit(0 if found is None else found.unsaved)

        def tell(sentence: str) -> None:
            if self._session.open_case is opened:
                self.damage = sentence
            self.failed.emit("The correction cannot be read", sentence, "")

        self._lanes.run("journal", lambda _: ground.stored(), show, failed=tell)

    def _on_labels_changed(self) -> None:
        """Tools write another label from now on, or labels are called otherwise."""
        correction, state = self.known, self._session.labels
        if correction is not None:
            correction.set_rule(state.rule)
            correction.call(state.labels)
            self._see_hand(correction)
        self._prepare()

    def _see_hand(self, correction: Correction) -> None:
        """Have all ready for a stroke of the label in hand: of a large case that takes a while."""
        if not correction.sees_hand:
            self._lanes.run("io", lambda _: correction.hand_view(), correction.see_hand)

    def _tell_labels(self, step: Step) -> None:
        """Let the session know of the labels that an edit, or its undo, has left."""
        correction, told = self.known, step.edit.labels is not None
        # That a mask became a map, or is one again, says nothing of what the dataset's labels are.
        if told and step.tool != _MADE_A_MAP and correction is not None:
            self.relabelled.emit(correction.labels)

    def _on_result_changed(self) -> None:
        if self.known is not None:
            self.known.set_prediction(predicted_mask(self._session))
        self._prepare()

    def _on_case_state_changed(self, case_id: str) -> None:
        if case_id == self._session.current:  # a run that ended lets a correction begin
            self._prepare()

    def _step(self, change: Callable[[Correction], Step | None]) -> Cut | None:
        correction = self.known
        step = None if correction is None or self.problem else change(correction)
        if step is None:
            return None
        self._follow()
        self._show_step(step)
        self._tell_labels(step)
        self.reverted.emit(step)
        return step.cut

    def _keep(self, step: Step | None) -> None:
        """Hand an edit to the journal; the status bar says so when it is on the disk."""
        book = self._book
        if step is not None and book is not None:
            self.stepped.emit()
            self.keeping.record(book, step)
            self._tell_state()

    def _on_version_saved(self, case_id: str, number: int) -> None:
        state = self._session.case_states.get(case_id)
        if state is not None:
            self._session.set_case_state(replace(state, version=number))
        self.keeping.retry()
        self._tell_state()

    def _tell_state(self) -> None:
        """Let the worklist know at once whether the case has a correction no version holds."""
        known, state = self.known, self._session.case_states.get(self._session.current)
        begun = known is not None and known.begun and known.dirty
        if state is not None and state.begun != begun:
            self._session.set_case_state(replace(state, begun=begun))


def _starts_so(correction: Correction, start: Start) -> bool:
    """Tell whether a correction began with the same mask."""
    if correction.origin != start.origin:
        return False
    of_labels = start.values is not None or correction.several
    return of_labels or start.mask is None or np.array_equal(correction.start, start.mask)


def _is_same(book: Book, ground: CorrectionGround) -> bool:
    """Tell whether a correction is that of the case on screen, seen as another region perhaps."""
    store, loaded = ground.place.workspace.store, ground.opened.loaded
    same = book.store is store and book.case.id == loaded.case.id
    return same and book.correction.label_map.shape == loaded.volume.geometry.shape

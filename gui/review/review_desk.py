"""What the reader says of cases: accept, correct, reject, rating, note; and the time it took."""

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
from PySide6.QtCore import QObject, Signal

from core.review.reviews import (
    Review,
    ReviewChange,
    Status,
    put_review,
    review_of,
    reviews,
    undo_review,
)
from core.review.time_spent import add_seconds
from core.review.worklist import next_unreviewed
from gui.shell.session import Session
from gui.shell.tasks import Lanes

T = TypeVar("T")

LONGEST_READING_PAUSE_SECONDS = 30.0
SAVING = "review"  # the subject of one that was not saved
_VERBS: dict[Status, str] = {"accepted": "accept", "rejected": "reject"}


class ReviewDesk(QObject):
    """Keeps reviews in the workspace; each change of one is a transaction and can be undone.

    `clock` gives seconds that never go back: the time spent on a case is counted by it. `refused`
    means that another window holds the workspace.
    """

    failed = Signal(str, str, str)
    noted = Signal(str, str)
    refused = Signal()
    said = Signal(object)
    undone = Signal(object)
    next_wanted = Signal(str)

    def __init__(
        self, session: Session, lanes: Lanes, shown_order: Callable[[], list[str]]
    ) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._order = shown_order
        self.clock: Callable[[], float] = time.monotonic
        self._last_action = self.clock()
        self._spent = 0.0
        self._timed = ""
        session.place_changed.connect(self._on_place_changed)
        session.case_changed.connect(self._on_case_changed)
        session.view_changed.connect(self._count_time)
        session.post_changed.connect(self._count_time)
        session.mask_painted.connect(self._count_time)

    def may_say(self, status: Status) -> bool:
        """Return whether the case on screen can be said to be that, and tell why it cannot.

        Without a prediction there is nothing to accept or to reject.
        """
        return status == "corrected" or self._is_predicted(_VERBS[status])

    def may_rate(self) -> bool:
        """Return whether there is a prediction to rate, and tell when there is none."""
        return self._is_predicted("rate")

    def say(self, status: Status, *, go_on: bool) -> None:
        """Set the status of the case on screen; then the next unreviewed one, when `go_on`."""
        if self.may_say(status):
            self._put(ReviewChange(status=status), go_on=go_on)

    def rate(self, rating: int) -> None:
        """Rate the prediction from 1 to 5; the same rating again takes it away."""
        if self.may_rate():
            same = self._session.standing(self._session.current).rating == rating
            self._put(ReviewChange(rating=0 if same else rating))

    def note(self, case_id: str, text: str) -> None:
        """Keep a note on a case."""
        review = self._session.reviews.get(case_id)
        if case_id in self._session.case_states and text != ("" if review is None else review.note):
            self._put(ReviewChange(note=text), case_id=case_id)

    def go_on_when_decided(self) -> None:
        """Open the next case, unless nothing was decided on this one, which is told.

        What was to be corrected, and of which a version was saved meanwhile, is corrected.
        """
        case_id = self._session.current
        status = self._session.standing(case_id).status
        saved = self._session.subject(case_id).version
        if status == "corrected" and self._session.correction is None and not saved:
            self.noted.emit(
                "Nothing is corrected",
                f"{case_id} is marked as one to be corrected. Correct it, or accept (A) or reject "
                "(X) it; Ctrl+PgDn goes on without.",
            )
            return
        if status == "corrected" and self._is_saved_since(case_id):
            self.say("corrected", go_on=True)
            return
        if status != "unreviewed":
            self.go_on()
            return
        said, stands = self._session.reviews.get(case_id), self._session.standing(case_id)
        gone = said is not None and said.decided and not stands.decided
        was = f"was {said.said()}, which is not what is shown" if said and gone else ""
        self.noted.emit(
            "Not decided",
            f"{case_id} {was or 'has no decision yet'}. Accept (A), Correct (C) or Reject (X); "
            "Ctrl+PgDn goes on without.",
        )

    def go_on(self) -> None:
        """Open the next case nobody has reviewed as it is now."""
        following = next_unreviewed(self._order(), self._session.standings, self._session.current)
        if following is None:
            self.noted.emit("All done", "Every case of the list is reviewed.")
        else:
            self.next_wanted.emit(following)

    def undo(self) -> None:
        """Take back what was said last, of whichever case, and go there."""
        place = self._session.place
        if place is None or self._refused():
            return

        def show(review: Review | None) -> None:
            if review is None:
                self.noted.emit("Nothing to undo", "No review has been given yet.")
                return
            self._session.set_review(review)
            self.undone.emit(review)

        self._run(lambda: undo_review(place.workspace.store), show, "Nothing was taken back")

    def keep_time(self) -> None:
        """Write the time spent on the case so far."""
        self._count_time()
        place, case_id, spent = self._session.place, self._timed, self._spent
        self._spent = 0.0
        if place is not None and not place.held and case_id and spent >= 1.0:
            store, reader = place.workspace.store, self._session.reader

            def work() -> Review:
                add_seconds(store, case_id, reader, spent)
                return review_of(store, case_id)

            self._write(work, self._session.set_review)

    def _put(self, change: ReviewChange, *, case_id: str = "", go_on: bool = False) -> None:
        place, case_id = self._session.place, case_id or self._session.current
        if place is None or not case_id or self._refused():
            return

        def show(review: Review) -> None:
            self._session.set_review(review)
            self.said.emit(review)
            if go_on and not self._session.pending:
                self.go_on()  # elsewhere than the reader is already on the way to

        store = place.workspace.store
        subject, reader = self._session.subject(case_id), self._session.reader
        whole = msgspec.structs.replace(change, subject=subject, reader=reader)
        self._write(lambda: put_review(store, case_id, change=whole), show)

    def _is_saved_since(self, case_id: str) -> bool:
        """Return whether another version was saved after the last word on the case."""
        review, saved = self._session.reviews.get(case_id), self._session.subject(case_id).version
        subject = None if review is None else review.subject
        return bool(saved) and subject is not None and subject.version != saved

    def _is_predicted(self, verb: str) -> bool:
        """Say so when the case on screen has no prediction, and return whether it has one."""
        case_id, model = self._session.current, self._session.models.current
        hidden = self._session.open_case is not None and self._session.result is None
        if not case_id or (self._session.subject(case_id).model and not hidden):
            return True
        of = "any model" if model is None else model.spec.title
        self.noted.emit(
            f"Nothing to {verb}",
            f"{case_id} has no prediction of {of} yet. Run it first (Ctrl+R), or correct the case "
            "(C).",
        )
        return False

    def _refused(self) -> bool:
        place = self._session.place
        if place is not None and place.held:
            self.refused.emit()
            return True
        return False

    def _on_place_changed(self) -> None:
        place = self._session.place
        self._timed, self._spent = "", 0.0
        if place is not None:
            store = place.workspace.store
            self._run(
                lambda: reviews(store), self._session.set_reviews, "The reviews were not read"
            )

    def _on_case_changed(self) -> None:
        self.keep_time()
        self._timed = self._session.current
        self._last_action = self.clock()

    def _count_time(self) -> None:
        """A pause counts as reading up to a limit; a reader who went away is not counted on."""
        now = self.clock()
        self._spent += min(now - self._last_action, LONGEST_READING_PAUSE_SECONDS)
        self._last_action = now

    def _write(self, work: Callable[[], T], show: Callable[[T], None]) -> None:
        self._run(work, show, "The review was not saved", SAVING)

    def _run(
        self, work: Callable[[], T], show: Callable[[T], None], not_done: str, subject: str = ""
    ) -> None:
        """Do `work` on the dataset that is open; of one that is left nothing is shown."""
        place = self._session.place
        store = None if place is None else place.workspace.store

        def keep(found: T) -> None:
            now = self._session.place
            if now is not None and now.workspace.store is store:
                show(found)

        self._lanes.run(
            "journal",
            lambda _: work(),
            keep,
            failed=lambda sentence: self.failed.emit(not_done, sentence, subject),
        )

"""Keeps the review in step with what the reader said, and asks for names."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer

from core.review.reviews import Review
from gui.review.contradiction_queue import ContradictionQueue, QueueWalk
from gui.review.disagreement_panel import DisagreementPanel
from gui.review.disagreement_queue import DisagreementQueue
from gui.review.review_desk import SAVING, ReviewDesk
from gui.review.review_panel import ReviewPanel
from gui.shell.context import Context, Edits
from gui.viewer.install import Viewer

_DONE = {"accepted": "Accepted", "corrected": "Corrected", "rejected": "Rejected"}


@dataclass(frozen=True, eq=False)
class ReviewViews:
    """What of the window shows the review and what is to be reviewed."""

    viewer: Viewer
    review: ReviewPanel
    disagreements: DisagreementPanel


@dataclass(frozen=True, eq=False)
class ReviewDesks:
    """What keeps the reviews and the queues of one window; `edits` is the correction."""

    context: Context
    views: ReviewViews
    edits: Edits
    review_desk: ReviewDesk
    disagreement_queue: DisagreementQueue
    contradiction_queue: ContradictionQueue
    walk: QueueWalk


class ReviewPresenter(QObject):
    """Listens to the session and to what is said of cases."""

    def __init__(self, desks: ReviewDesks) -> None:
        super().__init__()
        context, views = desks.context, desks.views
        self._desks, self._context, self._views = desks, context, views
        self._session = context.session
        self._closing = False
        self._unasked: list[Callable[[], None]] = []
        session, review_desk, panel = context.session, desks.review_desk, views.review
        for changed in (session.place_changed, session.case_changed):
            changed.connect(self._show_review)
        session.reviews_changed.connect(self._show_review)
        session.review_changed.connect(lambda _: self._show_review())
        session.case_state_changed.connect(self._on_case_state_changed)
        session.post_changed.connect(self._show_review)
        session.models_changed.connect(self._show_review)
        review_desk.said.connect(self._on_said)
        review_desk.undone.connect(self._on_undone)
        review_desk.next_wanted.connect(context.operations.choose_case)
        review_desk.failed.connect(context.toasts.show_error)
        review_desk.noted.connect(context.toasts.show_toast)
        review_desk.refused.connect(context.takeover.ask)
        panel.command_asked.connect(context.trigger)
        panel.note_written.connect(self._on_note)
        context.closing.connect(self._on_closing)
        self._show_review()

    def keep(self) -> None:
        """Keep what was written and how long it took, as the reader goes; nobody is asked."""
        before, self._closing = self._closing, True
        self._views.review.keep_note()
        self._closing = before
        for keep in self._take_unasked():
            keep()
        self._desks.review_desk.keep_time()

    def _show_review(self) -> None:
        case_id = self._session.current
        if not case_id:
            self._views.review.set_review(None)
            return
        now, said = self._session.subject(case_id), self._session.reviews.get(case_id)
        other = said is not None and not said.holds(now)
        self._views.review.set_review(self._session.standing(case_id))
        self._views.review.set_subject(now, said if other else None)

    def _on_case_state_changed(self, case_id: str) -> None:
        if case_id == self._session.current:
            self._show_review()

    def _on_note(self, case_id: str, text: str) -> None:
        """Keep a note, under the name of its reader; on the way out nobody is asked."""
        keep = partial(self._desks.review_desk.note, case_id, text)
        if self._session.settings.reader or self._closing:
            keep()
        else:  # not while the focus is on its way
            self._unasked.append(keep)
            QTimer.singleShot(0, self, self._ask)

    def _ask(self) -> None:
        for keep in self._take_unasked():
            if self._session.settings.reader:
                keep()
            else:
                self._context.readers.ask(keep, keep)

    def _take_unasked(self) -> list[Callable[[], None]]:
        """Return what keeps the notes that wait for a name, to be done once."""
        waiting, self._unasked = self._unasked, []
        return waiting

    def _on_closing(self) -> None:
        self._closing = True

    def _on_said(self, review: Review) -> None:
        self._context.toasts.withdraw(SAVING)
        if review.status in _DONE and review.status != "corrected":
            self._context.toasts.show_toast(
                f"{_DONE[review.status]}: {review.case_id}",
                "" if review.subject is None else f"of {review.subject.said()}",
                kind="ok",
                action=("Undo", self._desks.review_desk.undo),
            )

    def _on_undone(self, review: Review) -> None:
        self._context.toasts.show_toast("Taken back", f"{review.case_id} is {review.status} again.")
        self._context.operations.choose_case(review.case_id)

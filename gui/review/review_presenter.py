"""Keeps review, disagreements, worklist and status in step with what the reader said."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer

from core.domain.components import Disagreement, ErrorKind
from core.review.reviews import Review
from gui.review.contradiction_queue import ContradictionQueue, QueueWalk, SliceQueue
from gui.review.disagreement_panel import DisagreementPanel, DisagreementRow
from gui.review.disagreement_queue import DisagreementQueue
from gui.review.review_desk import SAVING, ReviewDesk
from gui.review.review_panel import ReviewPanel
from gui.shell.context import Context, Edits
from gui.shell.mask_source import CORRECTION, TRUTH, MaskSource
from gui.viewer.agreement_item import AgreementItem
from gui.viewer.install import Viewer
from gui.widgets.labels import number

_ERRORS: dict[ErrorKind, str] = {
    "false_positive_lesion": "false positive lesion",
    "false_negative_lesion": "false negative lesion",
    "boundary": "boundary error",
}
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
    """Listens to the session, the reviews and the queue of disagreements."""

    def __init__(self, desks: ReviewDesks) -> None:
        super().__init__()
        context, views = desks.context, desks.views
        self._desks, self._context, self._views = desks, context, views
        self._session, self._view = context.session, views.viewer.views.view
        self._closing = False
        self._piece = AgreementItem()
        self._view.add_item(self._piece)
        session, review_desk, queue = context.session, desks.review_desk, desks.disagreement_queue
        hints = desks.contradiction_queue
        session.case_changed.connect(self._show_review)
        session.reviews_changed.connect(self._show_review)
        session.review_changed.connect(lambda _: self._show_review())
        session.case_state_changed.connect(self._on_case_state_changed)
        session.post_changed.connect(self._show_review)
        session.models_changed.connect(self._show_review)
        session.view_changed.connect(self._show_marker)
        review_desk.said.connect(self._on_said)
        review_desk.undone.connect(self._on_undone)
        review_desk.next_wanted.connect(context.operations.choose_case)
        queue.changed.connect(self._show_queue)
        queue.chosen.connect(self._on_chosen)
        hints.changed.connect(self._show_queue)
        hints.chosen.connect(lambda hint: views.viewer.verbs.go_to_slice(hint.index))
        for part in (review_desk, queue, hints):
            part.failed.connect(self._context.toasts.show_error)
        for part in (review_desk, queue):
            part.noted.connect(self._context.toasts.show_toast)
        review_desk.refused.connect(context.takeover.ask)
        panel, lines = views.review, views.disagreements
        panel.command_asked.connect(context.trigger)
        panel.note_written.connect(self._on_note)
        context.closing.connect(self._on_closing)
        lines.command_asked.connect(context.trigger)
        lines.chosen.connect(desks.walk.choose)
        lines.source_chosen.connect(queue.hold_against)
        lines.answered.connect(lambda _, is_lesion: context.trigger("yes" if is_lesion else "no"))
        self._show_review()
        self._show_queue()

    def _show_review(self) -> None:
        case_id = self._session.current
        if not case_id:
            self._views.review.set_review(None)
            return
        now, said = self._session.subject(case_id), self._session.reviews.get(case_id)
        was = said.said() if said is not None and said.decided and not said.holds(now) else ""
        self._views.review.set_review(self._session.standing(case_id))
        self._views.review.set_subject(now, was)

    def _on_case_state_changed(self, case_id: str) -> None:
        if case_id == self._session.current:
            self._show_review()

    def _on_note(self, case_id: str, text: str) -> None:
        """Keep a note, under the name of its reader; on the way out nobody is asked."""
        keep = partial(self._desks.review_desk.note, case_id, text)
        if self._session.settings.reader or self._closing:
            keep()
        else:  # not while the focus is on its way
            QTimer.singleShot(0, self, lambda: self._context.readers.ask(keep, keep))

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

    def _show_queue(self) -> None:
        disagreement_queue, opened = self._desks.disagreement_queue, self._session.open_case
        hints, walk = self._desks.contradiction_queue.queue, self._desks.walk
        panel = self._views.disagreements
        rows: list[DisagreementRow] = []
        if opened is not None:
            numbers = opened.loaded.volume.slice_numbers
            rows = [self._row(error) for error in disagreement_queue.queue.found]
            rows += [hint_row(hints, at, numbers) for at in range(len(hints.found))]
        panel.set_sources(disagreement_queue.sources, disagreement_queue.source)
        panel.set_rows(rows, walk.current, walk.answered)
        if disagreement_queue.problem:
            panel.say(disagreement_queue.problem)
        self._show_marker()

    def _row(self, error: Disagreement) -> DisagreementRow:
        opened, disagreement_queue = self._session.open_case, self._desks.disagreement_queue
        assert opened is not None
        numbers, geometry = opened.loaded.volume.slice_numbers, opened.loaded.volume.geometry
        first, last = numbers[error.first_slice], numbers[error.last_slice]
        ml = geometry.voxel_ml
        size = _voxels(error.voxels) if ml is None else f"{number(error.volume_ml(ml), 1)} mL"
        title = _title(error, disagreement_queue.source)
        slices = str(first) if first == last else f"{first}–{last}"
        across = extent_text(error, geometry.spacing_mm)
        what = _ERRORS[error.error] if disagreement_queue.source == TRUTH else title
        return DisagreementRow(
            title=title,
            false_positive=error.kind == "false_positive",
            slices=slices,
            volume=size,
            answer=disagreement_queue.queue.answers.get(error.key),
            detail=f"{what}, slices {slices}, {size}, {across}".capitalize(),
        )

    def _on_chosen(self, error: Disagreement) -> None:
        z, y, x = error.centre
        self._views.viewer.verbs.go_to_slice(z)
        self._view.centre_on(x + 0.5, y + 0.5)

    def _show_marker(self) -> None:
        queue, index = self._desks.disagreement_queue.queue, self._session.view.slice_index
        against_truth = self._desks.disagreement_queue.source == TRUTH
        # What differs from the truth is drawn as errors already.
        plane = None if against_truth else self._desks.disagreement_queue.voxels(index)
        self._piece.show_counts(plane, 1)
        if not 0 <= queue.current < len(queue.found):
            self._view.mark(None, "")
            return
        error = queue.found[queue.current]
        _, _, y0, y1, x0, x1 = error.box
        shown = error.first_slice <= index <= error.last_slice
        opened = self._session.open_case
        spacing = None if opened is None else opened.loaded.volume.geometry.spacing_mm
        text = f"{queue.current + 1} / {len(queue.found)} · {extent_text(error, spacing)}"
        self._view.mark((y0, y1, x0, x1) if shown else None, text)


def extent_text(error: Disagreement, spacing_mm: tuple[float, float, float] | None) -> str:
    """Say how large a disagreement is at its longest, in mm where the spacing is known."""
    unit = "voxels" if spacing_mm is None else "mm"
    return f"{number(error.largest_extent(spacing_mm), 0)} {unit} across"


def hint_row(queue: SliceQueue, position: int, numbers: Sequence[int]) -> DisagreementRow:
    """Return the line of a slice on which triage and mask disagree."""
    hint = queue.found[position]
    missing, number_of = hint.kind == "missing", numbers[hint.index]
    mask = "no voxel of it is marked" if missing else "the mask marks some"
    return DisagreementRow(
        title="Lesion expected" if missing else "No lesion expected",
        false_positive=not missing,
        slices=str(number_of),
        volume=f"p {hint.probability:.2f}",
        answer=True if queue.is_seen(position) else None,
        detail=f"Triage gives slice {number_of} a lesion with {hint.probability:.0%}; {mask}",
        to_see=True,
    )


def _title(error: Disagreement, source: MaskSource | None) -> str:
    invented = error.kind == "false_positive"
    if source == CORRECTION:
        return "Taken away" if invented else "Added"
    if source != TRUTH:
        return "This only" if invented else "Other only"
    whole = "False positive" if invented else "False negative"
    return f"{'FP' if invented else 'FN'} boundary" if error.on_border else whole


def _voxels(count: int) -> str:
    return f"{count:,} vx" if count < 10_000 else f"{count / 1000:,.1f}k vx"

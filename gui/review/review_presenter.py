"""Keeps review, disagreements, worklist and status in step with what the reader said."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.domain.components import Disagreement
from core.review.reviews import Review, review_progress
from gui.review.contradiction_queue import SliceQueue
from gui.review.disagreement_panel import DisagreementRow
from gui.review.disagreement_queue import CORRECTION
from gui.review.review_desk import NOT_SAVED
from gui.shell.mask_finder import TRUTH
from gui.viewer.agreement_item import AgreementItem
from gui.widgets.labels import number

if TYPE_CHECKING:
    from gui.app.program import Program

_DONE = {"accepted": "Accepted", "corrected": "Corrected", "rejected": "Rejected"}


class ReviewPresenter(QObject):
    """Listens to the session, the reviews and the queue of disagreements."""

    def __init__(self, program: "Program") -> None:
        super().__init__()
        self._program = program
        self._session, self._window = program.session, program.window
        self._piece = AgreementItem()
        program.window.view.add_item(self._piece)
        session, reviewing, queue = program.session, program.reviewing, program.disagreeing
        hints = program.contradicting
        session.case_opening.connect(self._show_review)
        session.case_changed.connect(self._show_review)
        session.reviews_changed.connect(self._on_reviews_changed)
        session.review_changed.connect(self._on_review_changed)
        session.view_changed.connect(self._show_marker)
        reviewing.said.connect(self._on_said)
        reviewing.undone.connect(self._on_undone)
        reviewing.next_wanted.connect(program.operations.choose_case)
        queue.changed.connect(self._show_queue)
        queue.chosen.connect(self._on_chosen)
        hints.changed.connect(self._show_queue)
        hints.chosen.connect(lambda hint: program.view_verbs.go_to_slice(hint.index))
        for part in (reviewing, queue, hints):
            part.failed.connect(self._window.toasts.show_error)
            part.faulted.connect(program.on_fault)
        for part in (reviewing, queue):
            part.noted.connect(self._window.toasts.show_toast)
        reviewing.refused.connect(program.taking_over.ask)
        panel, lines = self._window.review, self._window.disagreements
        panel.command_asked.connect(self._trigger)
        panel.note_written.connect(reviewing.note)
        lines.command_asked.connect(self._trigger)
        lines.chosen.connect(program.walk.choose)
        lines.source_chosen.connect(queue.hold_against)
        lines.answered.connect(lambda _, is_lesion: program.walk.answer(is_lesion))
        self._show_review()
        self._show_queue()

    def _trigger(self, command: str) -> None:
        self._window.actions[command].trigger()

    def _show_review(self) -> None:
        case_id = self._session.opening
        there = bool(case_id)
        review = self._session.reviews.get(case_id) or Review(case_id=case_id)
        self._window.review.set_review(review if there else None)

    def _on_reviews_changed(self) -> None:
        for case_id in self._session.reviews:
            if case_id in self._session.case_states:
                self._program.panels.show_row(case_id)
        self._show_review()
        self._show_progress()

    def _on_review_changed(self, case_id: str) -> None:
        if case_id in self._session.case_states:
            self._program.panels.show_row(case_id)
        self._show_review()
        self._show_progress()

    def _show_progress(self) -> None:
        found = review_progress(self._session.case_states, self._session.reviews)
        self._program.panels.show_progress(found)

    def _on_said(self, review: Review) -> None:
        self._window.toasts.withdraw(NOT_SAVED)
        if review.status in _DONE and review.status != "corrected":
            self._window.toasts.show_toast(
                f"{_DONE[review.status]}: {review.case_id}",
                kind="ok",
                action=("Undo", self._program.reviewing.undo),
            )

    def _on_undone(self, review: Review) -> None:
        self._window.toasts.show_toast("Taken back", f"{review.case_id} is {review.status} again.")
        self._program.operations.choose_case(review.case_id)

    def _show_queue(self) -> None:
        disagreeing, opened = self._program.disagreeing, self._session.open_case
        hints, walk = self._program.contradicting.queue, self._program.walk
        panel = self._window.disagreements
        rows: list[DisagreementRow] = []
        if opened is not None:
            numbers = opened.loaded.volume.slice_numbers
            rows = [self._row(error) for error in disagreeing.queue.found]
            rows += [hint_row(hints, at, numbers) for at in range(len(hints.found))]
        panel.set_sources(disagreeing.sources, disagreeing.source)
        panel.set_rows(rows, walk.current, walk.answered)
        if disagreeing.problem:
            panel.say(disagreeing.problem)
        self._show_marker()

    def _row(self, error: Disagreement) -> DisagreementRow:
        opened, disagreeing = self._session.open_case, self._program.disagreeing
        assert opened is not None
        numbers, geometry = opened.loaded.volume.slice_numbers, opened.loaded.volume.geometry
        first, last = numbers[error.first_slice], numbers[error.last_slice]
        ml = geometry.voxel_ml
        size = _voxels(error.voxels) if ml is None else f"{number(error.volume_ml(ml), 1)} mL"
        title = _title(error, disagreeing.source)
        slices = str(first) if first == last else f"{first}–{last}"
        across = extent_text(error, geometry.spacing_mm)
        what = error.error if disagreeing.source == TRUTH else title
        return DisagreementRow(
            title=title,
            false_positive=error.kind == "false_positive",
            slices=slices,
            volume=size,
            answer=disagreeing.queue.answers.get(error.key),
            detail=f"{what}, slices {slices}, {size}, {across}".capitalize(),
        )

    def _on_chosen(self, error: Disagreement) -> None:
        z, y, x = error.centre
        self._program.view_verbs.go_to_slice(z)
        self._window.view.centre_on(x + 0.5, y + 0.5)

    def _show_marker(self) -> None:
        queue, index = self._program.disagreeing.queue, self._session.view.slice_index
        against_truth = self._program.disagreeing.source == TRUTH
        # What differs from the truth is drawn as errors already.
        plane = None if against_truth else self._program.disagreeing.voxels(index)
        self._piece.show_counts(plane, 1)
        if not 0 <= queue.current < len(queue.found):
            self._window.view.mark(None, "")
            return
        error = queue.found[queue.current]
        _, _, y0, y1, x0, x1 = error.box
        shown = error.first_slice <= index <= error.last_slice
        opened = self._session.open_case
        spacing = None if opened is None else opened.loaded.volume.geometry.spacing_mm
        text = f"{queue.current + 1} / {len(queue.found)} · {extent_text(error, spacing)}"
        self._window.view.mark((y0, y1, x0, x1) if shown else None, text)


def extent_text(error: Disagreement, spacing_mm: tuple[float, float, float] | None) -> str:
    """Say how large a disagreement is at its longest, in mm where the spacing is known."""
    unit = "voxels" if spacing_mm is None else "mm"
    return f"{number(error.largest_extent(spacing_mm), 0)} {unit} across"


def hint_row(queue: SliceQueue, position: int, numbers: Sequence[int]) -> DisagreementRow:
    """Return the line of a slice on which triage and mask disagree."""
    hint = queue.found[position]
    missing, number_of = hint.kind == "mask missing", numbers[hint.index]
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


def _title(error: Disagreement, source: str) -> str:
    invented = error.kind == "false_positive"
    if source == CORRECTION:
        return "Taken away" if invented else "Added"
    if source != TRUTH:
        return "This only" if invented else "Other only"
    whole = "False positive" if invented else "False negative"
    return f"{'FP' if invented else 'FN'} boundary" if error.on_border else whole


def _voxels(count: int) -> str:
    return f"{count:,} vx" if count < 10_000 else f"{count / 1000:,.1f}k vx"

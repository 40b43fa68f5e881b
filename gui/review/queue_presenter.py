"""Keeps the queue of what disagrees in step with the session, and what is asked in the picture."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from core.domain.components import bounding_box
from core.domain.plane import Cut
from core.domain.triage import Contradiction
from core.review.questions import Question
from gui.review.contradiction_queue import ContradictionQueue, QueueWalk
from gui.review.disagreement_panel import DisagreementPanel, DisagreementRow
from gui.review.disagreement_queue import DisagreementQueue
from gui.review.queue_rows import effect_text, extent_text, hint_row, question_row
from gui.shell.context import Context
from gui.viewer.install import Viewer
from gui.viewer.items.asked_item import AskedItem
from gui.viewer.slice.slice_view import SliceView


@dataclass(frozen=True, eq=False)
class QueueDesks:
    """The two queues and the way through both."""

    disagreement_queue: DisagreementQueue
    contradiction_queue: ContradictionQueue
    walk: QueueWalk


_TO_SEE = "Look at the slice: Seen, Y or U, says that you did."


class QueuePresenter(QObject):
    """Listens to the queues; what is looked at is tinted alone, and the view moves only to it."""

    def __init__(
        self, context: Context, desks: QueueDesks, viewer: Viewer, panel: DisagreementPanel
    ) -> None:
        super().__init__()
        self._session, self._readiness = context.session, context.readiness
        self._desks, self._viewer, self._panel = desks, viewer, panel
        self._view = viewer.views.view
        self._tints: list[tuple[SliceView, AskedItem]] = []
        for view in viewer.views.planes.views:
            self._add_tint(view)
        viewer.views.planes.view_added.connect(self._add_tint)
        session, queue, hints = context.session, desks.disagreement_queue, desks.contradiction_queue
        session.view_changed.connect(self._show_asked)
        session.mask_painted.connect(lambda _: self._show_asked())
        session.correction_changed.connect(self._show_asked)
        session.case_changed.connect(self._show_queue)
        queue.changed.connect(self._show_queue)
        queue.chosen.connect(self._on_chosen)
        hints.changed.connect(self._show_queue)
        hints.chosen.connect(self._on_hint_chosen)
        for part in (queue, hints):
            part.failed.connect(context.toasts.show_error)
        queue.noted.connect(context.toasts.show_toast)
        panel.command_asked.connect(context.trigger)
        panel.chosen.connect(desks.walk.choose)
        panel.source_chosen.connect(queue.hold_against)
        panel.answered.connect(lambda _, is_lesion: context.trigger("yes" if is_lesion else "no"))
        self._show_queue()

    def _show_queue(self) -> None:
        queue, walk = self._desks.disagreement_queue, self._desks.walk
        self._panel.set_sources(queue.sources, queue.source)
        self._panel.set_rows(self._rows(), walk.current, walk.answered)
        session = self._session
        there = queue.is_known or (session.open_case is None and session.preview is None)
        self._panel.say("" if there else queue.why_none)
        if walk.current < 0:
            self._readiness.note_asked(False)
        if queue.asked is None and self._session.view.asking:
            self._viewer.verbs.set_asking(False)
        self._show_asked()

    def _rows(self) -> list[DisagreementRow]:
        opened, queue = self._session.open_case, self._desks.disagreement_queue
        if opened is None:
            return []
        numbers, geometry = opened.loaded.volume.slice_numbers, opened.loaded.volume.geometry
        hints = self._desks.contradiction_queue.queue
        rows = [hint_row(hints, at, numbers) for at in range(len(hints.found))]
        for question in queue.queue.found:
            row = question_row(
                question,
                source=queue.source,
                numbers=numbers,
                voxel_ml=geometry.voxel_ml,
                spacing_mm=geometry.spacing_mm,
                given=geometry.is_given,
            )
            wrong = question.key in queue.queue.wrong
            answer = queue.queue.answer_of(question)
            rows.append(replace(row, answer=answer, truth_is_wrong=wrong))
        return rows

    def _on_chosen(self, question: Question) -> None:
        """Bring the region into view, and leave the view alone where it is there already."""
        view, opened = self._session.view, self._session.open_case
        if opened is None:
            return
        plane, shape = view.main, opened.loaded.volume.geometry.shape
        if view.crosshair or not self._desks.disagreement_queue.is_mostly_on(view.cut_in(plane)):
            self._viewer.verbs.go_to(question.centre)
        largest = max(question.pieces, key=lambda piece: piece.voxels)
        _, _, y0, y1, x0, x1 = plane.cut_box(largest.box, shape)
        if not self._view.shows((y0, y1, x0, x1)):
            _, row, column = plane.place(question.centre, shape)
            self._view.centre_on(column + 0.5, row + 0.5)
        self._viewer.verbs.set_asking(True)
        self._note_asked()

    def _on_hint_chosen(self, hint: Contradiction) -> None:
        self._viewer.verbs.show_cut(Cut(index=hint.index))
        self._note_asked()

    def _note_asked(self) -> None:
        """Count from the next painting on, which comes though nothing else should have changed."""
        self._readiness.note_asked(True)
        self._view.viewport().update()

    def _add_tint(self, view: SliceView) -> None:
        """Tint what is asked about in one of the planes."""
        tint = AskedItem()
        view.add_item(tint)
        self._tints.append((view, tint))

    def _show_asked(self) -> None:
        """Tint what is asked about on the slice on screen, and say what an answer would change."""
        queue, view, opened = (
            self._desks.disagreement_queue,
            self._session.view,
            self._session.open_case,
        )
        question = queue.asked
        plane = None if question is None else queue.voxels(view.cut_in(view.main))
        for shown, tint in self._tints:
            cut = view.cut_in(view.main if shown.cut is None else shown.cut.plane)
            none = question is None or view.overlays_hidden
            tint.show_plane(None if none else queue.voxels(cut))
        self._panel.set_asked(self._effect(), queue.why_truth_stands)
        if question is None or opened is None:
            self._view.mark(None, "")
            return
        around = None if plane is None else bounding_box(plane[None])
        walk, grid = self._desks.walk, opened.loaded.volume.geometry
        size = f"{len(question.pieces):,} small ones" if question.together else ""
        across = extent_text(question, grid.spacing_mm, unit=grid.length_unit)
        text = f"{walk.current + 1} / {walk.count} · {size or across}"
        self._view.mark(None if around is None else around[2:], text)

    def _effect(self) -> str:
        queue, opened = self._desks.disagreement_queue, self._session.open_case
        if opened is not None and self._desks.contradiction_queue.queue.current >= 0:
            return _TO_SEE
        if queue.asked is None or opened is None:
            return ""
        yes, no = queue.effect(is_lesion=True), queue.effect(is_lesion=False)
        return effect_text(yes, no, opened.loaded.volume.slice_numbers)

"""The slices on which triage and mask disagree: found on a worker, gone through, ticked as seen."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from core.domain.mask import Mask
from core.domain.triage import Contradiction, Triage, contradictions
from core.review.reviews import decisions, put_decision
from gui.review.disagreement_queue import DisagreementQueue
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes, Task


@dataclass(frozen=True)
class SliceQueue:
    """Contradictions, those triage is surest of first; which were seen, and which is looked at."""

    found: tuple[Contradiction, ...] = ()
    seen: frozenset[str] = frozenset()
    current: int = -1

    def is_seen(self, index: int) -> bool:
        """Return whether the contradiction at `index` was ticked."""
        return key_of(self.found[index]) in self.seen

    @property
    def ticked(self) -> int:
        """How many were seen."""
        return sum(map(self.is_seen, range(len(self.found))))


def key_of(contradiction: Contradiction) -> str:
    """Return what a contradiction is filed under."""
    return f"slice {contradiction.index} mask {contradiction.kind}"


class ContradictionQueue(QObject):
    """Keeps the contradictions of the mask on screen, with or without ground truth.

    `refused` means that another window holds the workspace.
    """

    changed = Signal()
    chosen = Signal(object)
    failed = Signal(str, str)
    refused = Signal()

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._queue = SliceQueue()
        self._opened: OpenCase | None = None
        self._of: tuple[Mask, Triage] | None = None
        self._task: Task[SliceQueue] | None = None
        session.case_changed.connect(self._look)
        session.result_changed.connect(self._look)
        session.triage_changed.connect(self._look)

    @property
    def queue(self) -> SliceQueue:
        """The contradictions of the case on screen; none while another is being shown."""
        return self._queue if self._opened is self._session.open_case else SliceQueue()

    def choose(self, index: int) -> None:
        """Look at the contradiction at `index` of the queue; -1 looks at none."""
        if index >= len(self.queue.found) or index == self.queue.current == -1:
            return
        self._queue = replace(self.queue, current=index)
        self.changed.emit()
        if index >= 0:
            self.chosen.emit(self.queue.found[index])

    def tick(self) -> bool:
        """Keep that the slice looked at was seen; False where it cannot be kept."""
        place, queue = self._session.place, self.queue
        if place is None or not 0 <= queue.current < len(queue.found):
            return False
        if place.held:
            self.refused.emit()
            return False
        key = key_of(queue.found[queue.current])
        self._queue = replace(queue, seen=queue.seen | {key})
        self.changed.emit()
        store, case_id, against = place.workspace.store, self._session.open_id, self._against()
        reader = self._session.reader
        self._lanes.run(
            "journal",
            lambda _: put_decision(store, case_id, against, key, True, reader=reader),
            failed=lambda sentence: self.failed.emit("Not saved", sentence),
        )
        return True

    def _look(self) -> None:
        """Find the contradictions anew when mask or triage is another."""
        result, triage, place = self._session.result, self._session.triage, self._session.place
        whole = result is not None and result.ready is None
        counted = result.counted if whole and result is not None else None
        if counted is None or triage is None or place is None:
            self._forget()
            return
        mask = counted.mask
        if self._of is not None and self._of[0] is mask and self._of[1] is triage:
            return
        self._of, self._opened = (mask, triage), self._session.open_case
        if self._task is not None:
            self._task.cancel()
        store, case_id, against = place.workspace.store, self._session.open_id, self._against()

        def find(_: object) -> SliceQueue:
            found = contradictions(triage.probability, mask)
            return SliceQueue(tuple(found), frozenset(decisions(store, case_id, against)))

        self._task = self._lanes.run("io", find, self._show)

    def _show(self, queue: SliceQueue) -> None:
        self._task = None
        self._queue = queue
        self.changed.emit()

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._of = None
        if self._queue.found:
            self._queue = SliceQueue()
            self.changed.emit()

    def _against(self) -> str:
        """Name the classifier, and the model's mask at this threshold."""
        triage = self._session.triage
        classifier = "" if triage is None else triage.model_id
        return f"triage {classifier} {self._session.mask_name}"


class QueueWalk:
    """Goes through contradictions and disagreements as one queue, numbered once.

    First the contradictions, those triage is surest of first: a lesion that no mask has is of the
    greatest consequence. Then the disagreements in the order in which they are asked.
    """

    def __init__(
        self, disagreement_queue: DisagreementQueue, contradiction_queue: ContradictionQueue
    ) -> None:
        self._pieces, self._slices = disagreement_queue, contradiction_queue
        disagreement_queue.chosen.connect(lambda _: contradiction_queue.choose(-1))
        contradiction_queue.chosen.connect(lambda _: disagreement_queue.leave())

    @property
    def count(self) -> int:
        """How many there are."""
        return self._first_piece + len(self._pieces.queue.found)

    @property
    def current(self) -> int:
        """The position of what is looked at, -1 for none."""
        slices, pieces = self._slices.queue.current, self._pieces.queue.current
        if slices >= 0:
            return slices
        return -1 if pieces < 0 else self._first_piece + pieces

    @property
    def answered(self) -> int:
        """How many have an answer or a tick."""
        return self._pieces.queue.answered + self._slices.queue.ticked

    def choose(self, position: int) -> None:
        """Look at what stands at `position`."""
        if position < self._first_piece:
            self._slices.choose(position)
        else:
            self._pieces.choose(position - self._first_piece)

    def leave(self) -> bool:
        """Look at nothing any more; False where nothing was looked at."""
        there = self.current >= 0
        self._slices.choose(-1)
        self._pieces.leave()
        return there

    def step(self, by: int) -> None:
        """Look at the next one that is open, backwards when `by` is negative."""
        if not self._first_piece:
            self._pieces.step(by)
            return
        start = self.current if self.current >= 0 else (-1 if by > 0 else self.count)
        turns = [(start + by * turn) % self.count for turn in range(1, self.count + 1)]
        self.choose(next((at for at in turns if not self._is_done(at)), turns[0]))

    def answer(self, is_lesion: bool) -> None:
        """Answer the piece looked at; a slice is ticked as seen, whatever the answer."""
        if self._slices.queue.current < 0:
            self._pieces.answer(is_lesion)
            return
        if self._slices.tick() and self.answered < self.count:
            self.step(1)

    @property
    def _first_piece(self) -> int:
        return len(self._slices.queue.found)

    def _is_done(self, position: int) -> bool:
        if position < self._first_piece:
            return self._slices.queue.is_seen(position)
        queue = self._pieces.queue
        return queue.answer_of(queue.found[position - self._first_piece]) is not None

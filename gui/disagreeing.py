"""The disagreements of the case on screen: found on a worker, gone through, answered yes or no."""

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.components import Disagreement, box_slices, disagreements, voxels_of
from core.corrections.patch import Patch, changes
from core.mask import Mask
from core.reviews import decisions, put_decision
from gui.correcting import Correcting
from gui.session import Session
from gui.tasks import Lanes, Task


@dataclass(frozen=True, eq=False)
class Queue:
    """Disagreements, largest first, the answers given so far, and which one is looked at."""

    found: tuple[Disagreement, ...] = ()
    answers: dict[str, bool] = field(default_factory=dict)
    current: int = -1

    @property
    def answered(self) -> int:
        """How many have an answer."""
        return sum(each.key in self.answers for each in self.found)


class Disagreeing(QObject):
    """Keeps the queue of one session; an answer changes the correction and is kept."""

    changed = Signal()
    chosen = Signal(object)
    failed = Signal(str, str)
    faulted = Signal(object)

    def __init__(self, session: Session, lanes: Lanes, correcting: Correcting) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._correcting = correcting
        self.queue = Queue()
        self._masks: tuple[Mask, Mask] | None = None
        self._task: Task[tuple[tuple[Disagreement, ...], dict[str, bool]]] | None = None
        session.case_changed.connect(self._forget)
        session.result_changed.connect(self._on_result_changed)

    def choose(self, index: int) -> None:
        """Look at the disagreement at `index` of the queue."""
        if 0 <= index < len(self.queue.found):
            self.queue = Queue(self.queue.found, self.queue.answers, index)
            self.changed.emit()
            self.chosen.emit(self.queue.found[index])

    def step(self, by: int) -> None:
        """Look at the next one without an answer, backwards when `by` is negative."""
        found, count = self.queue.found, len(self.queue.found)
        if not count:
            self.failed.emit("No disagreement", "Prediction and ground truth agree everywhere.")
            return
        start = self.queue.current if self.queue.current >= 0 else (-1 if by > 0 else count)
        for turn in range(1, count + 1):
            index = (start + by * turn) % count
            if found[index].key not in self.queue.answers:
                self.choose(index)
                return
        self.choose((start + by) % count)

    def answer(self, is_lesion: bool) -> None:
        """Say whether the region looked at is lesion; the correction follows, then the next one."""
        place, index = self._session.place, self.queue.current
        if place is None or self._masks is None or not 0 <= index < len(self.queue.found):
            self.failed.emit("Nothing to answer", "Go to a disagreement first (N).")
            return
        error = self.queue.found[index]
        piece = voxels_of(error, *self._masks)

        def make(mask: Mask) -> Patch | None:
            values = mask[box_slices(error.box)].copy()
            values[piece] = np.uint8(is_lesion)
            return changes(mask, error.box, values)

        if not self._correcting.apply("disagreement", make, quiet=True):
            return
        answers = {**self.queue.answers, error.key: is_lesion}
        self.queue = Queue(self.queue.found, answers, index)
        store, case_id, against = place.workspace.store, self._case_id, self._against()
        task: Task[None] = Task(
            lambda _: put_decision(store, case_id, against, error.key, is_lesion)
        )
        task.failed.connect(lambda sentence: self.failed.emit("Not saved", sentence))
        self._lanes.start("journal", task)
        self.changed.emit()
        if self.queue.answered < len(self.queue.found):
            self.step(1)
        else:
            self.failed.emit("All answered", f"Every disagreement of {case_id} has an answer.")

    def _on_result_changed(self) -> None:
        result, opened = self._session.result, self._session.open_case
        whole = result is not None and result.ready is None and result.comparison is not None
        if result is None or opened is None or not whole or result.comparison is None:
            self._forget()
            return
        truth, mask = opened.loaded.ground_truth, result.comparison.mask
        if truth is None:
            self._forget()
        elif self._masks is None or self._masks[1] is not mask:
            self._find(truth, mask)

    def _find(self, truth: Mask, mask: Mask) -> None:
        if self._task is not None:
            self._task.cancel()
        place = self._session.place
        if place is None:
            return
        self._masks = (truth, mask)
        store, case_id, against = place.workspace.store, self._case_id, self._against()
        task: Task[tuple[tuple[Disagreement, ...], dict[str, bool]]] = Task(
            lambda _: (tuple(disagreements(truth, mask)), decisions(store, case_id, against))
        )
        task.succeeded.connect(self._show)
        task.faulted.connect(self.faulted)
        self._task = task
        self._lanes.start("io", task)

    def _show(self, found: tuple[tuple[Disagreement, ...], dict[str, bool]]) -> None:
        self._task = None
        self.queue = Queue(*found)
        self.changed.emit()

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._masks = None
        if self.queue.found:
            self.queue = Queue()
            self.changed.emit()

    @property
    def _case_id(self) -> str:
        opened = self._session.open_case
        return "" if opened is None else opened.loaded.case.id

    def _against(self) -> str:
        """Name the two masks: the ground truth, and the model's at this threshold."""
        result, post = self._session.result, self._session.post
        key = "" if result is None or result.prediction is None else result.prediction.key
        return f"truth {key} {post.threshold:.3f} {post.largest_component} {post.fill_holes}"

"""The disagreements of the case on screen: found on a worker, gone through, answered yes or no."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.annotation.draft import Step
from core.annotation.patch import Patch, changes
from core.domain.components import Disagreement, box_slices, disagreements, piece_of, voxels_of
from core.domain.mask import Mask
from core.review.reviews import decisions, put_decision
from gui.shell.context import Edits
from gui.shell.mask_finder import MaskFinder, SourceMask
from gui.shell.mask_source import CORRECTION, TRUTH, MaskSource
from gui.shell.session import Session
from gui.shell.tasks import Lanes, Task

_SETTLE_MS = 200


@dataclass(frozen=True, eq=False)
class QueueView:
    """Disagreements, largest first, the answers given so far, and which one is looked at."""

    found: tuple[Disagreement, ...] = ()
    answers: dict[str, bool] = field(default_factory=dict)
    current: int = -1

    @property
    def answered(self) -> int:
        """How many have an answer."""
        return sum(each.key in self.answers for each in self.found)

    def with_answer(self, key: str, answer: bool | None) -> "QueueView":
        """Return it with another answer, or with none, and looking at what that is said of."""
        keys = [each.key for each in self.found]
        if key not in keys:
            return self
        answers = {name: said for name, said in self.answers.items() if name != key}
        if answer is not None:
            answers[key] = answer
        return QueueView(self.found, answers, keys.index(key))


class DisagreementQueue(QObject):
    """Keeps the queue of one session; an answer changes the correction and is kept.

    The prediction on screen is held against the ground truth, or against what the reader chose:
    the correction, or the prediction of another model.
    """

    changed = Signal()
    chosen = Signal(object)
    failed = Signal(str, str)
    noted = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, edits: Edits, finder: MaskFinder) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._edits = edits
        self._finder = finder
        self.queue = QueueView()
        self.problem = ""
        self._wanted: MaskSource | None = None
        self._masks: tuple[Mask, Mask] | None = None
        self._looked_up: tuple[MaskSource | None, Mask] | None = None
        self._task: Task[tuple[tuple[Disagreement, ...], dict[str, bool]]] | None = None
        self._settled = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settled.timeout.connect(self._look_up)
        session.case_changed.connect(self._forget)
        session.result_changed.connect(self._on_result_changed)
        session.correction_changed.connect(self._on_correction_changed)
        session.mask_painted.connect(self._on_mask_painted)
        edits.reverted.connect(self._on_reverted)

    @property
    def sources(self) -> list[tuple[MaskSource, str]]:
        """What the prediction can be held against, each with its title."""
        opened, models = self._session.open_case, self._session.models
        if opened is None:
            return []
        truth = [] if opened.loaded.ground_truth is None else [(TRUTH, "Ground truth")]
        here = "" if models.current is None else models.current.spec.id
        others = [
            (MaskSource("model", model.spec.id), model.spec.title)
            for model in models.available
            if model.spec.id != here
        ]
        corrected = [] if self._session.correction is None else [(CORRECTION, "Correction")]
        return [*truth, *others, *corrected]

    @property
    def source(self) -> MaskSource | None:
        """What the prediction is held against, None when there is nothing."""
        there = [source for source, _ in self.sources]
        return self._wanted if self._wanted in there else next(iter(there), None)

    def hold_against(self, source: MaskSource) -> None:
        """Hold the prediction against another source."""
        self._wanted = source
        self._look_up()

    def voxels(self, index: int) -> Mask | None:
        """Return the plane (Y, X) at `index` of what is looked at, None where it is not."""
        queue = self.queue
        if self._masks is None or not 0 <= queue.current < len(queue.found):
            return None
        error = queue.found[queue.current]
        z0, z1, y0, y1, x0, x1 = error.box
        if not z0 <= index < z1:
            return None
        plane = np.zeros(self._masks[0].shape[1:], np.uint8)
        plane[y0:y1, x0:x1] = voxels_of(error, *self._masks)[index - z0]
        return plane

    def choose(self, index: int) -> None:
        """Look at the disagreement at `index` of the queue."""
        if 0 <= index < len(self.queue.found):
            self.queue = QueueView(self.queue.found, self.queue.answers, index)
            self.changed.emit()
            self.chosen.emit(self.queue.found[index])

    def leave(self) -> None:
        """Look at none of them any more."""
        if self.queue.current >= 0:
            self.queue = QueueView(self.queue.found, self.queue.answers)
            self.changed.emit()

    def step(self, by: int) -> None:
        """Look at the next one without an answer, backwards when `by` is negative."""
        found, count = self.queue.found, len(self.queue.found)
        if not count:
            titles = dict(self.sources)
            title = "the rest" if self.source is None else titles[self.source].lower()
            said = self.problem or f"Prediction and {title} agree everywhere."
            self.noted.emit("No disagreement", said)
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
            self.noted.emit("Nothing to answer", "Go to a disagreement first (N).")
            return
        error = self.queue.found[index]
        piece = voxels_of(error, *self._masks)

        def make(mask: Mask) -> Patch | None:
            values = mask[box_slices(error.box)].copy()
            values[piece] = np.uint8(is_lesion)
            return changes(mask, error.box, values)

        was, against = self.queue.answers.get(error.key), self._against()
        take_back = partial(self._put, error.key, was, against)
        if not self._edits.apply("disagreement", make, aside=take_back):
            return
        self._put(error.key, is_lesion, against)
        if self.queue.answered < len(self.queue.found):
            self.step(1)
        else:
            self.noted.emit("All answered", f"Every disagreement of {self._case_id} is answered.")

    def _put(self, key: str, answer: bool | None, against: str) -> None:
        """Keep an answer, or forget it, and look at what it answers if that is in the queue."""
        place, case_id = self._session.place, self._case_id
        if place is None or not key:
            return
        store = place.workspace.store
        self._lanes.run(
            "journal",
            lambda _: put_decision(store, case_id, against, key, answer),
            failed=lambda sentence: self.failed.emit("Not saved", sentence),
        )
        if against == self._against():
            self.queue = self.queue.with_answer(key, answer)
            self.changed.emit()

    def _on_reverted(self, step: Step) -> None:
        """An answer goes and comes back with the edit it made."""
        if step.tool == "disagreement" and self._masks is not None:
            changed, after = step.edit.changed()
            key = piece_of(self.queue.found, changed, step.box, self._masks)
            answer = bool(after[changed][0]) if step.kind == "redo" else None
            self._put(key, answer, self._against())

    def _on_result_changed(self) -> None:
        mask = self._mask
        if mask is None:
            self._forget()
        elif self._looked_up is None or self._looked_up[1] is not mask:
            self._look_up()

    def _on_correction_changed(self) -> None:
        """The choice has one source more or less; what is held against may be gone."""
        if self._looked_up is not None and self._looked_up[0] != self.source:
            self._look_up()
        elif self.source == CORRECTION:
            self._settled.start()
        else:
            self.changed.emit()

    def _on_mask_painted(self) -> None:
        if self.source == CORRECTION:
            self._settled.start()

    @property
    def _mask(self) -> Mask | None:
        """The whole mask of the prediction on screen."""
        result = self._session.result
        whole = result is not None and result.ready is None and result.counted is not None
        if not whole or result is None or result.counted is None:
            return None
        return result.counted.mask

    def _look_up(self) -> None:
        """Fetch what the prediction is held against."""
        mask, opened, source = self._mask, self._session.open_case, self.source
        if mask is None or opened is None:
            self._forget()
            return
        self._looked_up = (source, mask)
        correction = self._session.correction
        if source == CORRECTION and correction is not None:
            self._find(correction.mask.copy(), mask)
        elif source == TRUTH and opened.loaded.ground_truth is not None:
            self._find(opened.loaded.ground_truth, mask)
        elif source is not None:
            self._finder.find(source, lambda found: self._hold(found, mask))
        else:
            self._say("Nothing to hold the prediction against.")

    def _hold(self, found: SourceMask, mask: Mask) -> None:
        if self._looked_up is None or self._looked_up[1] is not mask or self.source != found.source:
            return
        if found.counted is None:
            self._say(f"{found.title} has not been run on this case.")
        else:
            self._find(found.counted.mask, mask)

    def _say(self, problem: str) -> None:
        """Show an empty queue, and why it is empty."""
        self.queue, self._masks, self.problem = QueueView(), None, problem
        self.changed.emit()

    def _find(self, reference: Mask, mask: Mask) -> None:
        if self._task is not None:
            self._task.cancel()
        place = self._session.place
        if place is None:
            return
        self._masks, self.problem = (reference, mask), ""
        store, case_id, against = place.workspace.store, self._case_id, self._against()
        self._task = self._lanes.run(
            "io",
            lambda _: (tuple(disagreements(reference, mask)), decisions(store, case_id, against)),
            self._show,
        )

    def _show(self, found: tuple[tuple[Disagreement, ...], dict[str, bool]]) -> None:
        self._task = None
        before = self.queue
        # While the correction is painted the same piece is looked at; other masks are asked anew.
        stays = self.source == CORRECTION and before.current >= 0
        looked_at = before.found[before.current].key if stays else ""
        keys = [error.key for error in found[0]]
        self.queue = QueueView(*found, keys.index(looked_at) if looked_at in keys else -1)
        self.changed.emit()

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._masks, self._looked_up = None, None
        if self.queue.found or self.problem:
            self.problem = ""
            self.queue = QueueView()
            self.changed.emit()

    @property
    def _case_id(self) -> str:
        opened = self._session.open_case
        return "" if opened is None else opened.loaded.case.id

    def _against(self) -> str:
        """Name the two masks: what is held against, and the model's at this threshold."""
        result, post = self._session.result, self._session.post
        key = "" if result is None or result.prediction is None else result.prediction.key
        source = self.source
        held = "" if source is None else source.name or source.kind
        return f"{held} {key} {post.cut}"

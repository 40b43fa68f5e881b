"""The disagreements of the case on screen: found on a worker, gone through, judged."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.annotation.correction import Writes
from core.annotation.draft import Step
from core.annotation.patch import Patch, changes
from core.domain.components import DisagreementKind, box_slices, disagreements
from core.domain.mask import Mask
from core.domain.plane import Cut, Voxel
from core.review.questions import (
    Effect,
    Question,
    SmallLimit,
    effect,
    holding,
    questions,
    region_of,
)
from core.review.reviews import decisions, put_decisions
from core.review.truth_errors import TruthError, drop_truth_error, put_truth_error, wrong_keys
from gui.shell.context import Edits
from gui.shell.mask_finder import MaskFinder, SourceMask
from gui.shell.mask_source import CORRECTION, TRUTH, MaskSource
from gui.shell.session import Session
from gui.shell.tasks import Lanes, Task
from gui.widgets.later import Later

_BESIDE = 2  # voxels between a surface and the piece it is of
_SETTLE_MS = 200


@dataclass(frozen=True, eq=False)
class QueueView:
    """What is asked, in its order; the answers given so far by piece; which one is looked at.

    `wrong` are the keys of pieces in which the ground truth is held to be wrong.
    """

    found: tuple[Question, ...] = ()
    answers: dict[str, bool] = field(default_factory=dict)
    wrong: frozenset[str] = frozenset()
    current: int = -1

    @property
    def answered(self) -> int:
        """How many have an answer."""
        return sum(self.answer_of(each) is not None for each in self.found)

    def answer_of(self, question: Question) -> bool | None:
        """Return the answer to a question; None until all it is about has one."""
        given = [self.answers.get(piece.key) for piece in question.pieces]
        return None if None in given else given[0]

    def with_answer(
        self, question: Question, answer: bool | None, *, truth_is_wrong: bool
    ) -> "QueueView":
        """Return it with another answer, or with none, and looking at what that is said of."""
        keys = {piece.key for piece in question.pieces}
        answers = {name: said for name, said in self.answers.items() if name not in keys}
        if answer is not None:
            answers |= dict.fromkeys(keys, answer)
        wrong = self.wrong | keys if truth_is_wrong else self.wrong - keys
        return QueueView(self.found, answers, wrong, self.found.index(question))


@dataclass(frozen=True, eq=False)
class _Found:
    """What was found on the worker."""

    asked: tuple[Question, ...]
    answers: dict[str, bool]
    wrong: frozenset[str]


class DisagreementQueue(QObject):
    """Keeps the queue of one session; an answer changes the correction and is kept.

    The prediction on screen is held against the ground truth, or against what the reader chose:
    the correction, or the prediction of another model.
    """

    changed = Signal()
    chosen = Signal(object)
    failed = Signal(str, str)
    noted = Signal(str, str)
    marked = Signal()

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
        self._region: tuple[Question, NDArray[np.bool_]] | None = None
        self._said_wrong: dict[str, TruthError] = {}
        self._small = self._limit
        self._task: Task[_Found] | None = None
        self._settled = Later(self, _SETTLE_MS, self._look_up)
        session.case_changed.connect(self._forget)
        session.result_changed.connect(self._on_result_changed)
        session.correction_changed.connect(self._on_correction_changed)
        session.mask_painted.connect(self._on_mask_painted)
        session.settings_changed.connect(self._on_settings_changed)
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

    @property
    def asked(self) -> Question | None:
        """What is looked at; None while nothing is."""
        queue = self.queue
        there = self._masks is not None and 0 <= queue.current < len(queue.found)
        return queue.found[queue.current] if there else None

    def voxels(self, cut: Cut) -> Mask | None:
        """Return the part of what is looked at that lies on a slice, None where it does not.

        1 is what an answer could take away, 2 what one could add.
        """
        question, masks = self.asked, self._masks
        if question is None or masks is None:
            return None
        if not cut.holds(question.box):
            return None
        first, _, *inside = cut.plane.cut_box(question.box, masks[0].shape)
        where = slice(*inside[:2]), slice(*inside[2:])
        region = Cut(cut.plane, cut.index - first).of(self._region_of(question))
        if not region.any():
            return None
        now = self._edits.mask_now()
        there = cut.of(masks[1] if now is None else now)
        plane = np.zeros(there.shape, np.uint8)
        plane[where] = np.where(there[where] > 0, 1, 2) * region
        return plane

    def is_mostly_on(self, cut: Cut) -> bool:
        """Whether at least half as much of what is looked at is on a slice as on any other."""
        question, axis = self.asked, cut.plane.axis
        if question is None or not cut.holds(question.box):
            return False
        others = tuple(each for each in range(3) if each != axis)
        areas = np.count_nonzero(self._region_of(question), axis=others)
        return bool(2 * areas[cut.index - question.box[2 * axis]] >= areas.max())

    def effect(self, *, is_lesion: bool) -> Effect:
        """Return what an answer to what is looked at would change of the correction as it is."""
        question, now = self.asked, self._edits.mask_now()
        if question is None or now is None:
            return Effect()
        return effect(now, question.box, self._region_of(question), is_lesion=is_lesion)

    def _region_of(self, question: Question) -> NDArray[np.bool_]:
        if self._region is None or self._region[0] is not question:
            assert self._masks is not None, "a question is of two masks"
            self._region = (question, region_of(question, self._masks))
        return self._region[1]

    def choose(self, index: int) -> None:
        """Look at the question at `index` of the queue."""
        if 0 <= index < len(self.queue.found):
            self.queue = replace(self.queue, current=index)
            self.changed.emit()
            self.chosen.emit(self.queue.found[index])

    def choose_at(self, kind: DisagreementKind, voxel: Voxel) -> bool:
        """Look at the piece of a kind at a voxel (z, y, x), or beside it; False where none is."""
        if not self.is_known:
            return False
        apart = [
            (self._distance(question, voxel), index)
            for index, question in enumerate(self.queue.found)
            if any(piece.kind == kind for piece in question.pieces)
        ]
        nearest = min(apart, default=(np.inf, -1))
        if nearest[0] > _BESIDE:
            return False
        self.choose(nearest[1])
        return True

    def _distance(self, question: Question, voxel: Voxel) -> float:
        """Return how many voxels away from a question a voxel lies; without end when far."""
        starts, ends = question.box[::2], question.box[1::2]
        beyond = [max(a - at, at - b + 1, 0) for a, at, b in zip(starts, voxel, ends, strict=True)]
        if max(beyond) > _BESIDE:
            return float(np.inf)
        region = self._region_of(question)
        steps = np.argwhere(region) + starts - np.array(voxel)
        return float(np.abs(steps).max(axis=1).min())

    def leave(self) -> None:
        """Look at none of them any more."""
        if self.queue.current >= 0:
            self.queue = replace(self.queue, current=-1)
            self.changed.emit()

    @property
    def is_known(self) -> bool:
        """Whether the two masks are there and were compared."""
        return self._masks is not None and self._task is None

    @property
    def why_none(self) -> str:
        """Say why nothing is asked, where nothing is."""
        if self.problem:
            return self.problem
        coming = self._session.seeking or self._session.result is not None
        if self._task is not None or (self._masks is None and coming):
            return "The disagreements are not known yet."
        if self._masks is None:
            return "There is no prediction of this case yet."
        titles = dict(self.sources)
        title = "the rest" if self.source is None else titles[self.source].lower()
        return f"Prediction and {title} agree everywhere."

    def step(self, by: int) -> None:
        """Look at the next one without an answer, backwards when `by` is negative."""
        found, count = self.queue.found, len(self.queue.found)
        if not count:
            self.noted.emit("No disagreement" if self.is_known else "Not known", self.why_none)
            return
        start = self.queue.current if self.queue.current >= 0 else (-1 if by > 0 else count)
        for turn in range(1, count + 1):
            index = (start + by * turn) % count
            if self.queue.answer_of(found[index]) is None:
                self.choose(index)
                return
        self.choose((start + by) % count)

    def answer(self, is_lesion: bool) -> None:
        """Say whether the region looked at is lesion; the correction follows, then the next one."""
        question = self.asked
        if question is None:
            self.noted.emit("Nothing to answer", "Go to a disagreement first (N).")
        else:
            self._judge(question, is_lesion, None)

    @property
    def why_truth_stands(self) -> str:
        """Why the ground truth cannot be called wrong here; empty when it can."""
        question = self.asked
        if question is None:
            return "Go to a disagreement first (N)."
        if self.source != TRUTH:
            return "Hold the prediction against the ground truth first."
        if question.together:
            return "Small ones are many: judge one by itself (Small disagreements… under Review)."
        return ""

    def call_truth_wrong(self, question: Question, reason: str) -> None:
        """Say that the ground truth is wrong where `question` asks, and why; then the next one.

        The correction takes what was predicted there.
        """
        if question is self.asked and not self.why_truth_stands:
            predicted = question.pieces[0].kind == "false_positive"
            error = self._truth_error(question, predicted, reason)
            self._said_wrong[question.key] = error
            self._judge(question, predicted, error)

    def _truth_error(self, question: Question, lesion: bool, reason: str) -> TruthError:
        (piece,) = question.pieces
        return TruthError(
            case_id=self._session.open_id,
            against=self._against(),
            key=piece.key,
            name=question.name,
            kind=piece.kind,
            box=question.box,
            voxels=question.voxels,
            lesion=lesion,
            reason=reason,
            reader=self._session.reader,
            subject=self._session.subject(self._session.open_id),
        )

    def _judge(self, question: Question, is_lesion: bool, wrong: TruthError | None) -> None:
        """Make the correction as was answered, keep the answer, and go on."""
        box, region = question.box, self._region_of(question)

        def make(mask: Mask) -> Patch | None:
            values = mask[box_slices(box)].copy()
            values[region] = np.uint8(is_lesion)
            return changes(mask, box, values)

        was, against = self.queue.answer_of(question), self._against()
        take_back = partial(self._put, question, was, against)
        writes = Writes("focus", self._labels_of(question))
        if not self._edits.apply("disagreement", make, aside=take_back, writes=writes):
            return
        if wrong is None:
            self._said_wrong.pop(question.key, None)
        self._put(question, is_lesion, against, wrong)
        if self.queue.answered < len(self.queue.found):
            self.step(1)
        else:
            self.noted.emit(
                "All answered", f"Every disagreement of {self._session.open_id} is answered."
            )

    def _labels_of(self, question: Question) -> NDArray[np.uint8] | None:
        """Return the map that says which labels a region has: of whoever calls it lesion."""
        opened, result = self._session.open_case, self._session.result
        truth = None if opened is None else opened.loaded.labels
        predicted = None if result is None else result.label_map
        invented = question.pieces[0].kind == "false_positive"
        return predicted if invented and predicted is not None else truth

    def _put(
        self,
        question: Question,
        answer: bool | None,
        against: str,
        wrong: TruthError | None = None,
    ) -> None:
        """Keep an answer, or forget it, and look at what it answers if that is in the queue."""
        place, case_id = self._session.place, self._session.open_id
        if place is None:
            return
        store = place.workspace.store
        given = {piece.key: answer for piece in question.pieces}
        region = None if wrong is None else self._region_of(question)
        reader = self._session.reader

        def write(_: object) -> None:
            put_decisions(store, case_id, against, given, reader=reader)
            if wrong is not None and region is not None:
                put_truth_error(store, wrong, region)
            elif not question.together:
                drop_truth_error(store, case_id, against, question.key)

        self._lanes.run(
            "journal",
            write,
            lambda _: self.marked.emit(),
            failed=lambda sentence: self.failed.emit("Not saved", sentence),
        )
        if against == self._against() and question in self.queue.found:
            self.queue = self.queue.with_answer(question, answer, truth_is_wrong=wrong is not None)
            self.changed.emit()

    def _on_reverted(self, step: Step) -> None:
        """An answer goes and comes back with the edit it made."""
        if step.tool == "disagreement" and self._masks is not None:
            changed, after = step.edit.changed()
            question = holding(self.queue.found, changed, step.box, self._masks)
            if question is not None:
                again = step.kind == "redo"
                answer = bool(after[changed][0]) if again else None
                wrong = self._said_wrong.get(question.key) if again else None
                self._put(question, answer, self._against(), wrong)

    @property
    def _limit(self) -> SmallLimit:
        settings = self._session.settings
        return SmallLimit(settings.small_voxels, settings.small_ml)

    def _on_settings_changed(self) -> None:
        """What counts as small was set otherwise."""
        if self._limit != self._small:
            self._small = self._limit
            self._look_up()

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
        opened = self._session.open_case
        ml = None if opened is None else opened.loaded.volume.geometry.voxel_ml
        store, case_id, against = place.workspace.store, self._session.open_id, self._against()
        small = self._small

        def find(_: object) -> _Found:
            asked = questions(
                disagreements(reference, mask), (reference, mask), small=small, voxel_ml=ml
            )
            answers = decisions(store, case_id, against)
            return _Found(asked, answers, wrong_keys(store, case_id, against))

        self._task = self._lanes.run("io", find, self._show)

    def _show(self, found: _Found) -> None:
        self._task = None
        before = self.queue
        # While the correction is painted the same piece is looked at; other masks are asked anew.
        stays = self.source == CORRECTION and before.current >= 0
        looked_at = before.found[before.current].key if stays else ""
        keys = _keys(found.asked)
        current = keys.index(looked_at) if looked_at in keys else -1
        self._region = None
        self.queue = QueueView(found.asked, found.answers, found.wrong, current)
        self.changed.emit()

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        known, self._masks = self._masks is not None, None
        self._looked_up, self._region = None, None
        self._said_wrong.clear()
        if known or self.problem:
            self.problem = ""
            self.queue = QueueView()
            self.changed.emit()

    def _against(self) -> str:
        """Name the two masks: what is held against, and the model's at this threshold."""
        source = self.source
        held = "" if source is None else source.name or source.kind
        return f"{held} {self._session.mask_name}"


def _keys(asked: Iterable[Question]) -> list[str]:
    return [question.key for question in asked]

"""Run the chosen model on one case or on all: a queue on the gpu lane, drawn as slices arrive."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.domain.counted_mask import GrowingMask
from core.domain.errors import OtherGrid
from core.domain.prediction import Prediction
from core.domain.volume import Volume
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.models.filled_label import is_filled
from core.models.registry import Model
from core.workspace import prediction_cache
from core.workspace.prediction_cache import Scored
from core.workspace.score_keys import score_key
from gui.prediction.case_run import CaseRun, FinishedRun, WantedRun
from gui.prediction.result_scores import ResultScores
from gui.shell.session import Session
from gui.shell.session_parts import CaseState, Place, Result, RunQueue
from gui.shell.tasks import Lanes, Task

_SAY_SECONDS = 0.2

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Running:
    """The run in hand: what has arrived of it, so that its case can be opened midway."""

    case: Case
    task: Task[FinishedRun]
    growing: GrowingMask | None = None


@dataclass(frozen=True, eq=False)
class _Shown:
    """The prediction of several labels that was on screen last, and what it is of."""

    volume: Volume
    model: Model
    prediction: Prediction


class ModelRuns(QObject):
    """Queues runs of the model in use; the first in the queue runs, the rest wait."""

    finished_all = Signal(int, int)
    failed = Signal(str, str)
    outdated = Signal()
    """The figures of a run are at a threshold that is set no more."""

    def __init__(
        self, session: Session, lanes: Lanes, case_run: CaseRun, scores: ResultScores
    ) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._case_run = case_run
        self._scores = scores
        scores.recounted.connect(self._on_recounted)
        self._waiting: deque[Case] = deque()
        self._running: _Running | None = None
        self._last: _Shown | None = None
        self._off_grid: set[str] = set()
        self._started = self._said = 0.0

    def run(self, cases: Iterable[Case], *, first: bool = False) -> None:
        """Add cases to the queue, at its head when `first`; those already in it are left out."""
        if self._session.models.current is None or self._session.place is None:
            return
        busy = {case.id for case in self._waiting}
        if self._running is not None:
            busy.add(self._running.case.id)
        new = [case for case in cases if case.id not in busy]
        if not new:
            return
        if first:
            self._waiting.extendleft(reversed(new))
        else:
            self._waiting.extend(new)
        for case in new:
            self._set_case(case.id, run="queued", progress=0.0, problem="", unread=False)
        queue = self._session.queue
        if not queue.active:
            self._started = time.monotonic()
        self._session.set_queue(replace(queue, total=queue.total + len(new)))
        self._start_next()

    def cancel(self) -> None:
        """Empty the queue and stop the run in hand within one batch."""
        for case in self._waiting:
            self._set_case(case.id, run="", progress=0.0)
        self._waiting.clear()
        running, self._running = self._running, None
        if running is not None:
            running.task.cancel()
            self._set_case(running.case.id, run="", progress=0.0)
            self._drop_partial(running.case.id)
        self._session.set_queue(RunQueue())

    def show(self) -> None:
        """Show what is known of the case on screen: a run in hand, or a cached prediction."""
        opened, place = self._session.open_case, self._session.place
        model = self._session.running_model
        if opened is None or place is None or model is None:
            return
        running = self._running
        if running is not None and running.case.id == opened.loaded.case.id:
            self._session.set_seeking(False)
            self._show_partial(running)
            return
        self._session.set_seeking(True)
        last = self._last
        version = self._session.case_version
        self._lanes.run(
            "io",
            lambda _: self._noting_grid(
                opened.loaded.case.id, lambda: _found(opened.loaded, model, place, last)
            ),
            lambda found: self._show_cached(found, version, model),
            failed=lambda sentence: self._on_not_found(opened.loaded.case.id, sentence),
        )

    def is_off_grid(self, case_id: str) -> bool:
        """Tell whether a case failed last because its mask lies on another grid."""
        return case_id in self._off_grid

    def _noting_grid(self, case_id: str, work: Callable[[], T]) -> T:
        """Do `work` for a case, on a worker; note whether another grid is what is wrong."""
        self._off_grid.discard(case_id)
        try:
            return work()
        except OtherGrid:
            self._off_grid.add(case_id)
            raise

    def _on_not_found(self, case_id: str, sentence: str) -> None:
        if case_id == self._session.current:
            self._session.set_seeking(False)
        self.failed.emit(case_id, sentence)

    def _start_next(self) -> None:
        place, model = self._session.place, self._session.running_model
        if self._running is not None or place is None or model is None:
            return
        if not self._waiting:
            queue = self._session.queue
            self._session.set_queue(RunQueue())
            if queue.active:
                self.finished_all.emit(queue.done, queue.failed)
            return
        waiting = self._waiting.popleft()
        # Another region may be in focus by now than when it was asked for.
        state = self._session.case_states.get(waiting.id)
        case = waiting if state is None else state.case
        on_screen = self._is_on_screen(case.id)
        first = self._session.view.at[0] if on_screen else None
        wanted = WantedRun(case, model, place, self._session.settings.device, first)
        task = self._lanes.run_in_parts(
            "gpu",
            lambda progress, part: self._noting_grid(
                case.id,
                lambda: self._case_run.run(wanted, lambda *arrived: part(arrived), progress),
            ),
            self._on_done,
            failed=lambda sentence: self._on_failed(case.id, sentence),
            progressed=lambda f, message: self._on_progress(case.id, f, message),
            parted=lambda part: self._on_part(*part),
        )
        self._running = _Running(case, task)
        self._set_case(case.id, run="running", progress=0.0)
        self._session.set_queue(replace(self._session.queue, current=case.id, fraction=0.0))
        if on_screen:
            self._show_partial(self._running)

    def recount(self) -> bool:
        """Cut what has arrived for the case on screen at the threshold of now, on a worker.

        Return False when nothing is arriving for it.
        """
        running = self._running
        if running is None or not self._is_on_screen(running.case.id):
            return False
        growing = running.growing
        if growing is not None and growing.threshold != self._session.post.threshold:
            self._scores.update(growing)
        return True

    def _on_recounted(self, growing: GrowingMask, other: GrowingMask) -> None:
        running = self._running
        if running is None or running.growing is not growing:
            return
        other.follow(growing)
        self._running = running = replace(running, growing=other)
        self._show_partial(running)

    def _on_part(
        self, loaded: LoadedCase, indices: Sequence[int], values: NDArray[np.uint8]
    ) -> None:
        running = self._running
        if running is None:
            return
        growing = running.growing
        if growing is None:
            shape, threshold = loaded.volume.geometry.shape, self._session.post.threshold
            growing = GrowingMask(shape, loaded.ground_truth, threshold)
            self._running = replace(running, growing=growing)
        growing.add(indices, values)
        if self._is_on_screen(running.case.id):
            self._session.add_part(_result_of(growing), indices)

    def _show_partial(self, running: _Running) -> None:
        opened = self._session.open_case
        if opened is None or opened.loaded.case.id != running.case.id:
            return
        truth = opened.loaded.ground_truth
        if running.growing is not None and not running.growing.is_against(truth):
            running = replace(running, growing=running.growing.against(truth))
            self._running = running
        if running.growing is None:
            nothing = np.zeros(opened.loaded.volume.geometry.shape, np.uint8)
            self._session.set_result(Result(nothing, ready=frozenset()))
        else:
            self._session.set_result(_result_of(running.growing))
            self.recount()

    def _is_on_screen(self, case_id: str) -> bool:
        opened = self._session.open_case
        return opened is not None and opened.loaded.case.id == case_id

    def _on_progress(self, case_id: str, fraction: float, message: str) -> None:
        if self._running is None or self._running.case.id != case_id:
            return
        now = time.monotonic()
        if now - self._said < _SAY_SECONDS:
            return  # nobody reads faster, and every word is drawn
        self._said = now
        self._set_case(case_id, progress=fraction)
        queue = self._session.queue
        behind = queue.done + queue.failed + fraction
        spent = time.monotonic() - self._started
        left = spent / behind * (queue.total - behind) if behind > 0 else None
        self._session.set_queue(
            replace(queue, fraction=fraction, message=message, seconds_left=left)
        )

    def _on_done(self, finished: FinishedRun) -> None:
        self._running = None
        score, figures = finished.scored.score, finished.figures
        model = self._session.running_model
        key = finished.scored.prediction.filed
        timely = model is not None and score.key == score_key(model, key)
        state = self._session.case_states.get(score.case_id)
        timely &= state is None or state.case.region == score.region
        self._set_case(
            score.case_id,
            run="",
            progress=0.0,
            dsc=score.dsc if timely else None,
            scored=True,
            figures=figures.own if timely else None,
            labels=figures.labels if timely else {},
            outlook=finished.outlook,
        )
        if not timely:
            self.outdated.emit()
        self._session.set_devices(self._session.devices, finished.scored.prediction.device)
        opened = self._session.open_case
        if opened is not None and self._is_on_screen(score.case_id):
            if opened.loaded.case.region == score.region:
                self._show_whole(finished.scored.prediction)
            else:
                self.show()
        self._count(done=1)

    def _show_cached(self, found: Scored | None, version: int, model: Model) -> None:
        if version != self._session.case_version or not self._is_run(model):
            return
        self._session.set_seeking(False)
        if found is None:
            if self._session.result is not None and self._session.result.ready is None:
                self._session.set_result(None)
            self._forget_figures(self._session.current)
            return
        if model.spec.postprocessing == self._session.listed:
            self._set_case(found.score.case_id, dsc=found.score.dsc, scored=True)
        self._show_whole(found.prediction)

    def _forget_figures(self, case_id: str) -> None:
        """List nothing of a case whose prediction is gone, or whose voxels are others by now."""
        state = self._session.case_states.get(case_id)
        if state is not None and state.scored:
            self._set_case(case_id, scored=False, dsc=None, figures=None, labels={})

    def _is_run(self, model: Model) -> bool:
        """Return whether a model is the one in use, run as it is now, however it is cut."""
        now = self._session.running_model
        return now is not None and now.cut_by(model.spec.postprocessing) == model

    def _show_whole(self, prediction: Prediction) -> None:
        opened, model = self._session.open_case, self._session.running_model
        self._last = None
        own = prediction.several is not None and not is_filled(prediction)
        if own and opened is not None and model is not None:
            self._last = _Shown(opened.loaded.volume, model, prediction)
        before = self._session.result
        counted = None if before is None else before.counted
        self._session.set_seeking(False)
        self._session.set_result(
            Result(prediction.probability, prediction=prediction, counted=counted)
        )
        self._scores.update()

    def _on_failed(self, case_id: str, sentence: str) -> None:
        self._running = None
        self._set_case(case_id, run="failed", progress=0.0, problem=sentence)
        self._drop_partial(case_id)
        self.failed.emit(case_id, sentence)
        self._count(failed=1)

    def _count(self, *, done: int = 0, failed: int = 0) -> None:
        queue = self._session.queue
        self._session.set_queue(
            replace(queue, done=queue.done + done, failed=queue.failed + failed, fraction=0.0)
        )
        self._start_next()

    def _drop_partial(self, case_id: str) -> None:
        if self._is_on_screen(case_id) and self._session.result is not None:
            self._session.set_result(None)

    def _set_case(self, case_id: str, **changes: object) -> None:
        state = self._session.case_states.get(case_id)
        if state is not None:
            changed: CaseState = replace(state, **changes)  # type: ignore[arg-type]
            self._session.set_case_state(changed)


def _found(loaded: LoadedCase, model: Model, place: Place, last: _Shown | None) -> Scored | None:
    """Return the prediction of a case; the one shown last once more, for another region of it."""
    if (
        last is not None
        and last.volume is loaded.volume
        and last.model.cut_by(model.spec.postprocessing) == model
    ):
        return prediction_cache.scored(loaded, model, place.workspace, last.prediction)
    return prediction_cache.find_prediction(loaded, model, place.workspace)


def _result_of(growing: GrowingMask) -> Result:
    return Result(growing.probability, ready=growing.ready, counted=growing.counted)

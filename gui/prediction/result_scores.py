"""From the whole probability on screen to mask and figures, off the GUI thread, latest wish first.

What of a prediction arrives is counted by `ModelRuns`, here only when the threshold is another.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from core.domain.counted_mask import CountedMask, GrowingMask, count_mask
from core.domain.label_set import LabelMap
from core.domain.mask import Mask
from core.domain.metrics import Hd95, hd95
from core.domain.prediction import Postprocessing
from gui.shell.session import Session
from gui.shell.session_parts import Result
from gui.shell.tasks import Lanes, Task

CountWork: TypeAlias = Callable[[], Callable[[], None]]
"""Counts on a worker and returns what shows it, for the GUI thread."""


class ResultScores(QObject):
    """Counts the prediction on screen against the ground truth whenever either changes.

    While one is counted, only the last further wish is kept: a dragged threshold slider never
    builds a queue. `recounted` gives what was still arriving and the same at the threshold of now.
    """

    recounted = Signal(object, object)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._running = False
        self._again = False
        self._arriving: GrowingMask | None = None
        self._distance: Task[Hd95 | None] | None = None

    def update(self, arriving: GrowingMask | None = None) -> None:
        """Count what is on screen now, or `arriving`, where that is not whole yet."""
        self._arriving = arriving
        if self._running:
            self._again = True
            return
        work = self._work() if arriving is None else self._recount(arriving)
        if work is not None:
            self._running = True
            self._lanes.run("io", lambda _: work(), lambda show: show(), finished=self._next)

    def _work(self) -> CountWork | None:
        """Return what counts the whole prediction on screen, and then shows it."""
        result, opened, post = self._session.result, self._session.open_case, self._session.post
        if result is None or result.ready is not None or opened is None:
            return None
        probability, truth = result.probability, opened.loaded.ground_truth
        prediction, one = result.prediction, opened.loaded.meaning is None

        def work() -> Callable[[], None]:
            counted = count_mask(probability, truth, post)
            tells = prediction is not None and prediction.several is not None and not one
            labels = prediction.label_map(post) if tells and prediction is not None else None
            return partial(self._show, (counted, labels), result, post)

        return work

    def _recount(self, arriving: GrowingMask) -> CountWork:
        """Return what counts a prediction that arrives at the threshold of now, and tells it."""
        threshold = self._session.post.threshold

        def work() -> Callable[[], None]:
            return partial(self.recounted.emit, arriving, arriving.at(threshold))

        return work

    def _show(
        self, made: tuple[CountedMask, LabelMap | None], result: Result, post: Postprocessing
    ) -> None:
        found, labels = made
        now = self._session.result
        if now is None or now.probability is not result.probability or now.ready is not None:
            return
        pending = found.has_truth
        shown = replace(
            now, counted=found, cut=post, label_map=labels, hd95=None, hd95_pending=pending
        )
        self._session.set_result(shown)
        if shown.hd95_pending:
            self._measure(found)

    def _next(self) -> None:
        self._running = False
        if self._again:
            self._again = False
            self.update(self._arriving)

    def _measure(self, found: CountedMask) -> None:
        """Measure the distance for the mask on screen; the one before is not wanted any more."""
        if self._distance is not None:
            self._distance.cancel()
        opened = self._session.open_case
        if opened is None or opened.loaded.ground_truth is None:
            return
        truth: Mask = opened.loaded.ground_truth
        spacing = opened.loaded.volume.geometry.spacing_mm
        self._distance = self._lanes.run(
            "io",
            lambda _: hd95(truth, found.mask, spacing_mm=spacing),
            lambda value: self._show_distance(found, value),
        )

    def _show_distance(self, found: CountedMask, value: Hd95 | None) -> None:
        result: Result | None = self._session.result
        if result is not None and result.counted is found:
            measured = replace(result, hd95=value, hd95_pending=False)
            self._session.set_result(measured, same_masks=True)

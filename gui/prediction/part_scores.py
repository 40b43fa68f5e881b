"""From the probability on screen to masks and figures, off the GUI thread, latest wish first."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from core.domain.comparison import Comparison, compare
from core.domain.mask import Mask
from core.domain.metrics import hd95
from core.domain.prediction import Postprocessing
from gui.shell.session import Session
from gui.shell.session_parts import Result
from gui.shell.tasks import Lanes, Task


class Scoring(QObject):
    """Compares the prediction on screen with the ground truth whenever either changes.

    While a comparison runs, only the last further wish is kept: a dragged threshold slider never
    builds a queue.
    """

    compared = Signal()

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._running = False
        self._again = False
        self._wanted: Result | None = None
        self._wanted_of = 0
        self._run = 0
        self._distance: Task[float | None] | None = None

    def update(self, result: Result | None = None) -> None:
        """Compare what is on screen now, or `result`, which then is shown with its figures."""
        self._wanted, self._wanted_of = result, self._session.case_version
        if self._running:
            self._again = True
            return
        result, opened = result or self._session.result, self._session.open_case
        if result is None or opened is None:
            return
        self._running = True
        probability, post = result.probability, self._session.post
        if result.ready is not None:
            # The largest component of half a prediction would jump about.
            post = Postprocessing(threshold=post.threshold)
        truth = opened.loaded.ground_truth
        at = (self._session.case_version, self._run)
        self._lanes.run(
            "io",
            lambda _: compare(probability, truth, post),
            lambda found: self._show(replace(result, comparison=found, cut=post), result, at),
            finished=self._next,
        )

    def forget(self) -> None:
        """What is being compared is of a run that nobody waits for any more."""
        self._run += 1
        self._wanted = None

    def _show(self, made: Result, result: Result, at: tuple[int, int]) -> None:
        """Show what was made of a result, unless another is on screen by now."""
        now = self._session.result
        if now is None or at != (self._session.case_version, self._run):
            return
        further = now.ready is not None and result.ready is not None and now.ready <= result.ready
        if result.probability is not now.probability and not further:
            self._again = True
            return
        found = made.comparison
        whole = result.ready is None and found is not None and found.has_truth
        self._session.set_result(replace(made, hd95=None, hd95_pending=whole))
        if whole and found is not None:
            self._measure(found)
        self.compared.emit()

    def _next(self) -> None:
        self._running = False
        if self._again:
            self._again = False
            # Another case may be on screen since: its truth is not that of what was wished.
            of_this = self._wanted_of == self._session.case_version
            self.update(self._wanted if of_this else None)

    def _measure(self, found: Comparison) -> None:
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

    def _show_distance(self, found: Comparison, value: float | None) -> None:
        result: Result | None = self._session.result
        if result is not None and result.comparison is found:
            measured = replace(result, hd95=value, hd95_pending=False)
            self._session.set_result(measured, same_masks=True)

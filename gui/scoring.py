"""From the probability on screen to masks and figures, off the GUI thread, latest wish first."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.comparison import Comparison, compare
from core.mask import Mask
from core.metrics import hd95
from core.prediction import Postprocessing
from gui.session import Session
from gui.session_parts import Result
from gui.tasks import Fault, Lanes, Task


class Scoring(QObject):
    """Compares the prediction on screen with the ground truth whenever either changes.

    While a comparison runs, only the last further wish is kept: a dragged threshold slider never
    builds a queue.
    """

    compared = Signal()
    faulted = Signal(object)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._running = False
        self._again = False
        self._distance: Task[float | None] | None = None

    def update(self) -> None:
        """Compare what is on screen now."""
        if self._running:
            self._again = True
            return
        result, opened = self._session.result, self._session.open_case
        if result is None or opened is None:
            return
        self._running = True
        probability, post = result.probability, self._session.post
        if result.ready is not None:
            # The largest component of half a prediction would jump about.
            post = Postprocessing(threshold=post.threshold)
        truth = opened.loaded.ground_truth
        version = self._session.case_version
        task: Task[Comparison] = Task(lambda _: compare(probability, truth, post))
        task.succeeded.connect(lambda found: self._show(found, probability, version))
        task.faulted.connect(self.faulted)
        task.finished.connect(self._next)
        self._lanes.start("io", task)

    def _show(self, found: Comparison, probability: NDArray[np.uint8], version: int) -> None:
        result = self._session.result
        if result is None or version != self._session.case_version:
            return
        if result.probability is not probability:
            self._again = True
            return
        whole = result.ready is None
        shown = replace(result, comparison=found, hd95=None, hd95_pending=whole and found.has_truth)
        self._session.set_result(shown)
        if shown.hd95_pending:
            self._measure(found)
        self.compared.emit()

    def _next(self) -> None:
        self._running = False
        if self._again:
            self._again = False
            self.update()

    def _measure(self, found: Comparison) -> None:
        """Measure the distance for the mask on screen; the one before is not wanted any more."""
        if self._distance is not None:
            self._distance.cancel()
        opened = self._session.open_case
        if opened is None or opened.loaded.ground_truth is None:
            return
        truth: Mask = opened.loaded.ground_truth
        spacing = opened.loaded.volume.geometry.spacing_mm
        task: Task[float | None] = Task(lambda _: hd95(truth, found.mask, spacing_mm=spacing))
        task.succeeded.connect(lambda value: self._show_distance(found, value))
        task.faulted.connect(self._on_fault)
        self._distance = task
        self._lanes.start("io", task)

    def _show_distance(self, found: Comparison, value: float | None) -> None:
        result: Result | None = self._session.result
        if result is not None and result.comparison is found:
            measured = replace(result, hd95=value, hd95_pending=False)
            self._session.set_result(measured, same_masks=True)

    def _on_fault(self, fault: Fault) -> None:
        self.faulted.emit(fault)

"""Counts the labels of the correction on screen while it is painted, off the GUI thread."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from core.annotation.correction import Correction
from core.domain.components import Box
from core.domain.label_counts import LabelCounts, count_labels, counted_anew
from core.domain.label_set import LabelMap, LabelSet
from core.domain.progress import Progress
from gui.shell.session import Session
from gui.shell.tasks import Lanes, Task
from gui.widgets.later import Later

_COUNT_MS = 100


class CorrectionCounts(QObject):
    """Keeps the counts of a label map that is corrected; only painted slices are counted anew."""

    changed = Signal()

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session, self._lanes = session, lanes
        self._counts: LabelCounts | None = None
        self._of: tuple[Correction, LabelMap | None, LabelSet] | None = None
        self._painted: set[int] = set()
        self._task: Task[LabelCounts] | None = None
        self._soon = Later(self, _COUNT_MS, self._count)
        for signal in (session.correction_changed, session.case_changed, session.labels_changed):
            signal.connect(self._look)
        session.mask_painted.connect(self._on_painted)

    @property
    def counts(self) -> LabelCounts | None:
        """The pairs of true and corrected labels; None where none are corrected, or yet."""
        return self._counts

    def stop(self) -> None:
        """Count no more: the window closes."""
        self._soon.stop()

    def _look(self) -> None:
        """Count from the beginning when another map is corrected, or has other labels."""
        correction, opened = self._session.correction, self._session.open_case
        labels = self._session.labels.labels
        of = None
        if correction is not None and opened is not None and correction.several:
            of = correction, opened.loaded.labels, labels
        before, self._of = self._of, of
        if _same(before, of):
            return
        self._forget()
        if of is not None:
            truth, label_map = of[1], of[0].label_map
            # What is painted while the worker copies is counted anew afterwards.
            self._start(lambda _: count_labels(truth, label_map.copy(), labels))

    def _forget(self) -> None:
        there, self._counts = self._counts, None
        self._painted.clear()
        self._soon.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if there is not None:
            self.changed.emit()

    def _on_painted(self, box: Box) -> None:
        if self._of is None:
            self._look()  # the first edit may have made a label map of a mask
        self._painted.update(range(box[0], box[1]))
        if self._of is not None and not self._soon.isActive():
            self._soon.start()

    def _count(self) -> None:
        """Count the slices that were painted since they were counted last."""
        counts, of = self._counts, self._of
        if of is None or counts is None or self._task is not None or not self._painted:
            return
        label_map, truth = of[0].label_map, of[1]
        planes = {index: label_map[index].copy() for index in self._painted}
        self._painted.clear()
        self._start(lambda _: counted_anew(counts, truth, planes))

    def _start(self, work: Callable[[Progress], LabelCounts]) -> None:
        of = self._of

        def keep(found: LabelCounts) -> None:
            if not _same(of, self._of):
                return
            self._task, self._counts = None, found
            if self._painted:
                self._soon.start()
            self.changed.emit()

        def give_up(_: str) -> None:
            if _same(of, self._of):
                self._of = None  # so that the next edit is counted from the beginning
                self._forget()

        self._task = self._lanes.run("io", work, keep, failed=give_up)


def _same(
    one: tuple[Correction, LabelMap | None, LabelSet] | None,
    other: tuple[Correction, LabelMap | None, LabelSet] | None,
) -> bool:
    if one is None or other is None:
        return one is other
    return one[0] is other[0] and one[1] is other[1] and one[2].values == other[2].values

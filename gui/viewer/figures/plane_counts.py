"""Voxel counts of the slices of any plane, counted on a worker and kept while they hold."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.domain.mask import Mask
from core.domain.metrics import SliceCounts, counts_along
from core.domain.plane import Plane
from gui.shell.session import Session
from gui.shell.tasks import Lanes, Task


@dataclass(frozen=True, eq=False)
class CountsWanted:
    """A mask to be counted against the truth, either of them None; `revision` of it as it is."""

    truth: Mask | None
    mask: Mask | None
    revision: int = 0

    def same_as(self, other: "CountsWanted") -> bool:
        """Tell whether both mean the same voxels."""
        same = self.truth is other.truth and self.revision == other.revision
        return same and _whole(self.mask) is _whole(other.mask)


class PlaneCounts(QObject):
    """Counts slices of one plane at a time; `changed` comes when what was wanted is there."""

    changed = Signal()

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes
        self._known: tuple[Plane, CountsWanted, SliceCounts] | None = None
        self._asked: tuple[Plane, CountsWanted] | None = None
        self._task: Task[SliceCounts | None] | None = None
        session.case_changed.connect(self._forget)

    def of(self, plane: Plane, wanted: CountsWanted) -> SliceCounts | None:
        """Return the counts there are: those of the mask as it was a moment ago, or None."""
        if not (self._known and self._known[0] == plane and self._known[1].same_as(wanted)):
            self._ask(plane, wanted)
        return self._known[2] if self._known and self._known[0] == plane else None

    def _ask(self, plane: Plane, wanted: CountsWanted) -> None:
        asked = self._asked
        if asked is not None and asked[0] == plane and asked[1].same_as(wanted):
            return
        if self._task is not None:
            self._task.cancel()
        self._asked = (plane, wanted)
        self._task = self._lanes.run(
            "io",
            lambda _: _counted(plane, wanted),
            lambda counts: self._keep(plane, wanted, counts),
        )

    def _keep(self, plane: Plane, wanted: CountsWanted, counts: SliceCounts | None) -> None:
        self._task = self._asked = None
        if counts is not None:
            self._known = (plane, wanted, counts)
            self.changed.emit()

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._known = self._asked = self._task = None


def _counted(plane: Plane, wanted: CountsWanted) -> SliceCounts | None:
    truth, mask = wanted.truth, wanted.mask
    there = truth if truth is not None else mask
    if there is None:
        return None
    nothing = np.zeros((1, 1, 1), np.uint8)
    if truth is None or mask is None:  # one of them is nowhere
        empty = np.broadcast_to(nothing, there.shape)
        truth, mask = (empty, there) if truth is None else (there, empty)
    return counts_along(plane.axis, truth, mask)


def _whole(mask: Mask | None) -> object:
    """Return what a view of a mask is a view of."""
    return mask if mask is None or mask.base is None else mask.base

"""Finds the largest diameters of a lesion on a worker: of the mask that is measured."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.domain.diameters import Diameters, largest_diameters, lesion_at
from core.domain.grid import Grid
from core.domain.mask import Mask
from core.domain.plane import Cut, Plane, Voxel
from core.domain.progress import Progress
from core.review.measurements import MeasuredMask, Measurement, steps_of
from gui.measurement.measure_tools import slice_number
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes, Task


@dataclass(frozen=True, eq=False)
class MeasuredLesion:
    """A mask of the case on screen (Z, Y, X) as it was asked about, and where: which it is of."""

    opened: OpenCase
    mask: Mask
    source: MeasuredMask
    region: str
    voxel: Voxel | None


class DiameterFinder(QObject):
    """One search at a time; `found` gives a measurement, `noted` a title and a sentence."""

    found = Signal(object)
    noted = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session, self._lanes = session, lanes
        self._task: Task[Diameters | None] | None = None
        session.case_changed.connect(self.drop)

    def find(self, plane: Plane, voxel: Voxel | None) -> None:
        """Find those of the lesion at a voxel (z, y, x), else of the largest, along `plane`."""
        result = self._session.result
        if self._session.correction is None and result is not None and result.ready is not None:
            said = "The model is running on this case. Wait for it, or stop it (Esc)."
            self.noted.emit("Not measured yet", said)
            return
        asked = measured_lesion(self._session, voxel)
        if asked is None:
            said = "There is no ground truth. Run the model on this case, or correct it, first."
            self.noted.emit("Nothing to measure", said)
            return
        self.drop()
        grid = asked.opened.loaded.volume.geometry
        self._task = self._lanes.run(
            "io",
            partial(_search, asked, grid, plane),
            lambda found: self._take(asked, plane, found),
            failed=lambda said: self.noted.emit("The diameters were not found", said),
        )

    def drop(self) -> None:
        """Stop the search, if there is one."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _take(self, asked: MeasuredLesion, plane: Plane, found: Diameters | None) -> None:
        self._task = None
        if found is None:
            self.noted.emit("Nothing to measure", f"The {asked.source} holds no lesion.")
            return
        opened, case_id = asked.opened, asked.opened.loaded.case.id
        self.found.emit(
            Measurement(
                case_id=case_id,
                kind="diameters",
                plane=plane.name,
                index=found.index,
                slice_number=slice_number(opened, Cut(plane, found.index)),
                points=(*found.longest, *found.perpendicular),
                steps=steps_of(found.metric),
                mask=asked.source,
                region=asked.region,
                subject=self._session.subject(case_id),
            )
        )


def measured_lesion(session: Session, voxel: Voxel | None) -> MeasuredLesion | None:
    """Return the mask that is measured: the correction, else the prediction, else the truth."""
    opened, result, correction = session.open_case, session.result, session.correction
    if opened is None:
        return None
    labels = session.labels
    region = "Lesion" if labels.labels.is_binary else labels.focus.name
    counted = None if result is None else result.counted
    if correction is not None:
        return MeasuredLesion(opened, correction.snapshot_mask(), "correction", region, voxel)
    if counted is not None:
        return MeasuredLesion(opened, counted.mask, "prediction", region, voxel)
    truth = opened.loaded.ground_truth
    return None if truth is None else MeasuredLesion(opened, truth, "truth", region, voxel)


def _search(
    asked: MeasuredLesion, grid: Grid, plane: Plane, progress: Progress
) -> Diameters | None:
    lesion = lesion_at(asked.mask, asked.voxel)
    if lesion is None:
        return None
    progress(0.1, "")
    return largest_diameters(lesion.astype(np.uint8), grid, plane, progress=progress)

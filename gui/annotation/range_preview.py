"""What a press of the threshold brush or the flood fill would take, shown under the pointer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from core.annotation import regions, strokes
from core.annotation.patch import Voxel
from core.domain.volume import Pixels
from gui.shell.tasks import Lanes, Task

_REST_MS = 40


@dataclass(frozen=True, eq=False)
class Taken:
    """The voxels of slice `z` that would be taken, and how many there are on how many slices."""

    z: int
    plane: NDArray[np.bool_]
    voxels: int
    slices: int


@dataclass(frozen=True, eq=False)
class Asked:
    """What is pointed at: a voxel of `pixels` (Z, Y, X), and by how much others may differ.

    `size` is that of the threshold brush, None for a fill; `volumetric` fills through all slices.
    """

    pixels: Pixels
    at: Voxel
    half_width: float
    size: float | None = None
    volumetric: bool = False


class Preview(QObject):
    """Looks at what is pointed at once the pointer rests; the last question alone is answered."""

    changed = Signal()

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes
        self._asked: Callable[[], Asked | None] | None = None
        self._task: Task[Taken] | None = None
        self._looks = 0
        self.taken: Taken | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._look)

    def ask(self, asked: Callable[[], Asked | None]) -> None:
        """Show soon what is asked; what was shown before stays until then."""
        self._asked = asked
        self._rest.start()

    def drop(self) -> None:
        """Show nothing."""
        self._asked = None
        self._rest.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._show(None)

    def _look(self) -> None:
        if self._task is not None or self._asked is None:
            return  # asked again when the one before is done
        asked = self._asked()
        self._asked = None
        if asked is None:
            self._show(None)
            return
        self._looks += 1
        look = self._looks
        self._task = self._lanes.run(
            "io",
            lambda _: taken_by(asked),
            self._show,
            finished=lambda: self._on_finished(look),
        )

    def _on_finished(self, look: int) -> None:
        if look == self._looks and self._task is not None:
            self._task = None
            if self._asked is not None:
                self._look()

    def _show(self, taken: Taken | None) -> None:
        if taken is not None or self.taken is not None:
            self.taken = taken
            self.changed.emit()


def taken_by(asked: Asked) -> Taken:
    """Return what would be taken: by a dab of the brush, or by a fill."""
    z, y, x = asked.at
    shape = asked.pixels.shape[1:]
    if asked.size is not None:
        empty = np.zeros((1, *shape), np.uint8)
        centre = (y + 0.5, x + 0.5)
        brush = strokes.threshold_brush(
            asked.pixels[z], centre, size=asked.size, half_width=asked.half_width
        )
        patch = strokes.threshold_stroke(empty, 0, [centre], brush=brush)
        plane = np.zeros(shape, bool)
        if patch is not None:
            _, _, y0, y1, x0, x1 = patch.box
            plane[y0:y1, x0:x1] = patch.values[0] > 0
        return Taken(z, plane, int(plane.sum()), 1)
    found = regions.flooded(
        asked.pixels, asked.at, tolerance=asked.half_width, volumetric=asked.volumetric
    )
    counts = [int(np.count_nonzero(each)) for each in found]
    plane = found[z] if asked.volumetric else found[0]
    return Taken(z, plane, sum(counts), sum(count > 0 for count in counts))

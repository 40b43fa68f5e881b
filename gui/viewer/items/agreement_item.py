"""How many models agree, as a tint over a slice: the more agree, the denser."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from gui.widgets.palette import DARK

_THINNEST, _DENSEST = 0.22, 0.72


class AgreementItem(pg.ImageItem):  # type: ignore[misc]
    """Draws a plane (Y, X) of counts from 0 to `models`; nothing where no model sees lesion."""

    def __init__(self) -> None:
        super().__init__(axisOrder="row-major")
        self.hide()

    def show_counts(self, plane: NDArray[np.uint8] | None, models: int) -> None:
        """Draw a slice; None draws nothing."""
        self.setVisible(plane is not None)
        if plane is not None:
            self.setImage(_shades(models)[plane], autoLevels=False, levels=(0, 255))
            height, width = plane.shape
            self.setRect(QRectF(0, 0, width, height))


def shares(plane: NDArray[np.uint8], models: int) -> tuple[str, ...]:
    """Say what share of the voxels that any model marks is marked by how many."""
    counts = np.bincount(plane.ravel(), minlength=models + 1)[1:]
    total = int(counts.sum())
    if not total:
        return ("no lesion here",)
    return tuple(f"{n} of {models}  {counts[n - 1] / total:.0%}" for n in range(models, 0, -1))


def _shades(models: int) -> NDArray[np.uint8]:
    """Return the colour (models + 1, 4) of every count."""
    shades = np.zeros((models + 1, 4), np.uint8)
    colour = QColor(DARK.acc)
    shades[1:, :3] = (colour.red(), colour.green(), colour.blue())
    shades[1:, 3] = np.rint(255 * np.linspace(_THINNEST, _DENSEST, models)).astype(np.uint8)
    return shades

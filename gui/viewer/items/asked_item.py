"""The region that is asked about, as a tint over a slice: nothing else is filled beside it."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from gui.widgets.palette import DARK

_SOLID, _LINE, _BETWEEN = 0.5, 0.62, 0.2
_PERIOD = 4


class AskedItem(pg.ImageItem):  # type: ignore[misc]
    """Draws a plane (Y, X): 1 is what an answer takes away, hatched; 2 what one adds, full."""

    def __init__(self) -> None:
        super().__init__(axisOrder="row-major")
        self.hide()

    def show_plane(self, plane: NDArray[np.uint8] | None) -> None:
        """Draw a slice; None draws nothing."""
        self.setVisible(plane is not None)
        if plane is not None:
            self.setImage(_tinted(plane), autoLevels=False, levels=(0, 255))
            height, width = plane.shape
            self.setRect(QRectF(0, 0, width, height))


def _tinted(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the colours (Y, X, 4) of a plane."""
    colour = QColor(DARK.acc)
    rows, columns = np.indices(plane.shape)
    lines = (rows + columns) % _PERIOD < _PERIOD // 2
    alpha = np.zeros(plane.shape)
    alpha[plane == 2] = _SOLID
    alpha[plane == 1] = np.where(lines, _LINE, _BETWEEN)[plane == 1]
    tinted = np.empty((*plane.shape, 4), np.uint8)
    tinted[..., :3] = (colour.red(), colour.green(), colour.blue())
    tinted[..., 3] = np.rint(255 * alpha)
    return tinted

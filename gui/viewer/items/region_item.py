"""A region that a tool marks before it changes anything: tinted, with an outline."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.viewer.drawn.lines import Lines, make_lines
from gui.widgets.palette import HALO_ALPHA

_TINT_ALPHA = 0.4
_WIDTH, _HALO = 1.6, 1.2
_FAR = QRectF(-1e5, -1e5, 2e5, 2e5)


class RegionItem(pg.GraphicsObject):  # type: ignore[misc]
    """Voxels of the slice on screen, in one colour."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Lines | None = None
        self._colour = "#ffffff"
        self.setZValue(7)

    @property
    def shown(self) -> bool:
        """True while something is marked."""
        return self._lines is not None

    def show_plane(self, plane: NDArray[np.bool_] | None, colour: str) -> None:
        """Mark the voxels of a plane (Y, X), none for None."""
        if plane is None and self._lines is None:
            return
        self.prepareGeometryChange()
        marked = plane is not None and bool(plane.any())
        self._lines = make_lines(plane.astype(np.uint8), exact=True) if marked else None  # type: ignore[union-attr]
        self._colour = colour
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF() if self._lines is None else _FAR

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._lines is None:
            return
        path = self._lines.on_screen(painter.worldTransform())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tint, halo = QColor(self._colour), QColor(0, 0, 0)
        tint.setAlphaF(_TINT_ALPHA)
        halo.setAlphaF(HALO_ALPHA)
        painter.fillPath(path, tint)
        pen = Qt.PenStyle.SolidLine
        for colour, width in ((halo, _WIDTH + 2 * _HALO), (QColor(self._colour), _WIDTH)):
            painter.strokePath(path, QPen(colour, width, pen))
        painter.restore()

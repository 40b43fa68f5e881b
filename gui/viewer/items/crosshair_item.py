"""The crosshair of linked planes: two lines through a voxel, open around it."""

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.widgets.palette import DARK

_ALPHA = 0.62
_GAP, _SMALL_GAP = 22.0, 14.0  # pixels of the screen without a line, around the voxel
_FAR = 1e5
_REACH = 2.0


class CrosshairItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws lines one pixel wide from edge to edge of the view."""

    def __init__(self) -> None:
        super().__init__()
        self.at: QPointF | None = None
        self._colour = QColor(DARK.acc)
        self._colour.setAlphaF(_ALPHA)
        self._gap = _GAP
        self.setZValue(6)
        self.hide()

    def place(self, at: tuple[float, float] | None) -> None:
        """Show it through (x, y) in voxels, or nowhere."""
        before, self.at = self.at, None if at is None else QPointF(*at)
        if before == self.at:
            return
        self.setVisible(self.at is not None)
        for one, other in ((before, self.at), (self.at, before)):
            if one is not None:
                self._update_lines(one, other)

    def set_small(self, small: bool) -> None:
        """Leave the smaller gap of a small view, or that of a large one."""
        self._gap = _SMALL_GAP if small else _GAP
        self.update()

    def set_colour(self, colour: str) -> None:
        """Draw in the accent of a theme."""
        self._colour = QColor(colour)
        self._colour.setAlphaF(_ALPHA)
        self.update()

    def _update_lines(self, at: QPointF, other: QPointF | None) -> None:
        """Have the lines through a point painted anew, but for one that is where it was."""
        scale = self.sceneTransform()
        wide, high = (1 / max(abs(each), 0.01) for each in (scale.m11(), scale.m22()))
        x, y, gap = at.x(), at.y(), self._gap + _REACH
        self.update(QRectF(x - gap * wide, y - gap * high, 2 * gap * wide, 2 * gap * high))
        if other is None or other.x() != x:
            self.update(QRectF(x - _REACH * wide, -_FAR, 2 * _REACH * wide, 2 * _FAR))
        if other is None or other.y() != y:
            self.update(QRectF(-_FAR, y - _REACH * high, 2 * _FAR, 2 * _REACH * high))

    def boundingRect(self) -> QRectF:
        return QRectF(-_FAR, -_FAR, 2 * _FAR, 2 * _FAR)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self.at is None or widget is None:
            return
        middle = painter.worldTransform().map(self.at)
        x, y = round(middle.x()), round(middle.y())
        area = widget.rect()
        painter.save()
        painter.resetTransform()
        painter.setPen(QPen(self._colour, 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for line in (
            QLineF(0, y, x - self._gap, y),
            QLineF(x + self._gap, y, area.width(), y),
            QLineF(x, 0, x, y - self._gap),
            QLineF(x, y + self._gap, x, area.height()),
        ):
            painter.drawLine(line)
        painter.restore()

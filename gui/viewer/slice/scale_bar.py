"""A bar of 50 mm at the right of a view: how large what is drawn is in the patient."""

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from core.domain.plane_metric import PlaneMetric
from gui.widgets.palette import HALO_ALPHA
from gui.widgets.theme import app_font

LENGTH_MM = 50.0
_EVERY_MM = 10.0
_TICK, _END_TICK = 5.0, 8.0
_RIGHT, _BELOW = 14.0, 176.0  # pixels from the edges of the view: the read-out lies under it
_SMALL, _BELOW_SMALL, _LOWEST = 320.0, 26.0, 190.0
_LETTER, _BESIDE = 14.0, 16.0  # the letter of the side of the patient, in the middle of the edge
_LEAST, _TEXT = 40.0, 18.0
_FAR = QRectF(-1e5, -1e5, 2e5, 2e5)


class ScaleBar(pg.GraphicsObject):  # type: ignore[misc]
    """50 mm along the rows of a slice as it is drawn; nothing where the spacing is unknown.

    It is left out where it would be longer than the view has room for, and in small views.
    """

    def __init__(self) -> None:
        super().__init__()
        self._metric: PlaneMetric | None = None
        self.setZValue(6)

    @property
    def metric(self) -> PlaneMetric | None:
        """How long steps on the slice are; None while no bar can be drawn."""
        return self._metric

    def set_metric(self, metric: PlaneMetric | None) -> None:
        """Say how long steps on the slice are; one in voxels draws nothing."""
        known = None if metric is None or metric.unit == "voxels" else metric
        if known != self._metric:
            self.prepareGeometryChange()
            self._metric = known
            self.update()

    def boundingRect(self) -> QRectF:
        return _FAR if self._metric is not None else QRectF()

    def bar(self, pixels_a_row: float, view: QRectF) -> QRectF:
        """Return where the bar is in a view that draws a row that high; empty for nowhere."""
        if self._metric is None:
            return QRectF()
        length = LENGTH_MM / self._metric.length_per_row * abs(pixels_a_row)
        small = view.height() < _SMALL
        bottom = view.bottom() - (_BELOW_SMALL if small else _BELOW)
        room = bottom - view.top() - view.height() * 0.25
        if view.height() < _LOWEST or not _LEAST <= length <= room:
            return QRectF()
        top, middle = bottom - length, view.center().y()
        beside = _BESIDE if top < middle + _LETTER and bottom > middle - _LETTER else 0.0
        right = view.right() - _RIGHT - beside
        return QRectF(right - _END_TICK, top, _END_TICK, length)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        view = QRectF(widget.rect()) if widget is not None else QRectF(painter.viewport())
        bar = self.bar(painter.worldTransform().m22(), view)
        if bar.isEmpty() or self._metric is None:
            return
        painter.save()
        painter.resetTransform()
        path = QPainterPath(bar.topRight())
        path.lineTo(bar.bottomRight())
        steps = int(LENGTH_MM / _EVERY_MM)
        for step in range(steps + 1):
            y = bar.bottom() - bar.height() * step / steps
            tick = _END_TICK if step in (0, steps) else _TICK
            path.moveTo(bar.right() - tick, y)
            path.lineTo(bar.right(), y)
        halo = QColor(0, 0, 0)
        halo.setAlphaF(HALO_ALPHA)
        for tint, width in ((halo, 3.0), (QColor("#D5DAE0"), 1.0)):
            painter.strokePath(path, QPen(tint, width))
        text = f"{LENGTH_MM:g} {self._metric.unit}"
        area = QRectF(bar.right() - 120, bar.bottom() + 4, 120, _TEXT)
        painter.setFont(app_font(size_px=12))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(0, 0, 0, 190))
        for step_x, step_y in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            painter.drawText(area.translated(QPointF(step_x, step_y)), right, text)
        painter.setPen(QColor("#D5DAE0"))
        painter.drawText(area, right, text)
        painter.restore()

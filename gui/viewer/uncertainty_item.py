"""How unsure a prediction is in each voxel of a slice: a map under the outlines, and its scale."""

from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from core.domain.uncertainty import entropy_map
from gui.widgets.palette import UNCERTAINTY
from gui.widgets.theme import app_font

LEAST_BITS = 0.05
"""What is surer than this is left clear, so that the image shows wherever there is no doubt."""

_BAR = QRect(0, 0, 10, 112)
_INSET = 14
_GAP = 7
_LINE = 16
_AROUND = tuple(QPoint(x, y) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)))


class UncertaintyItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws the binary entropy of one slice of a quantised probability."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._probability: NDArray[np.uint8] | None = None
        self._drawn = (-1, 0.0)
        self.hide()

    def show_slice(self, probability: NDArray[np.uint8] | None, index: int, opacity: float) -> None:
        """Draw the slice at `index` of (Z, Y, X); None draws nothing."""
        self.setVisible(probability is not None)
        same = probability is self._probability and self._drawn == (index, opacity)
        if probability is None or same:
            return
        image = entropy_image(probability[index], opacity)
        if self._image is None or image.size() != self._image.size():
            self.prepareGeometryChange()
        self._probability, self._drawn, self._image = probability, (index, opacity), image
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF() if self._image is None else QRectF(self._image.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._image is not None:
            painter.drawImage(self.boundingRect(), self._image)


class UncertaintyScale(QWidget):
    """The colours from 0 to 1 bit, at the right edge of a view; the mouse goes through."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Uncertainty from 0 to 1 bit")
        self._view = view
        self._font = app_font(size_px=12)
        width = max(QFontMetrics(self._font).horizontalAdvance(said) for said in ("1 bit", "0"))
        self.resize(width + _GAP + _BAR.width() + 4, _BAR.height() + _LINE)
        view.installEventFilter(self)
        self.hide()

    def show_when(self, shown: bool) -> None:
        """Show it, or not."""
        if shown and self.isHidden():
            self._place()
        self.setVisible(shown)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        bar = _BAR.translated(self.width() - _BAR.width() - 1, _LINE // 2)
        scale = QLinearGradient(bar.bottomLeft(), bar.topLeft())
        for number, colour in enumerate(UNCERTAINTY):
            scale.setColorAt(number / (len(UNCERTAINTY) - 1), QColor(colour))
        painter.fillRect(bar, scale)
        painter.setPen(QColor(0, 0, 0, 190))
        painter.drawRect(bar.adjusted(-1, -1, 0, 0))
        painter.setFont(self._font)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for said, y in (("1 bit", bar.top()), ("0", bar.bottom())):
            area = QRect(0, y - _LINE // 2, bar.left() - _GAP, _LINE)
            painter.setPen(QColor(0, 0, 0, 190))
            for step in _AROUND:
                painter.drawText(area.translated(step), flags, said)
            painter.setPen(QColor("#D5DAE0"))
            painter.drawText(area, flags, said)

    def _place(self) -> None:
        area = self._view.rect()
        self.move(area.width() - self.width() - _INSET, (area.height() - self.height()) // 2)


def entropy_image(plane: NDArray[np.uint8], opacity: float) -> QImage:
    """Return the map of a slice as 32-bit pixels, which Qt enlarges without a further step."""
    pixels = np.take(_pixels(round(opacity * 255)), plane)
    height, width = plane.shape
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, width, height, 4 * width, form).copy()


@cache
def _pixels(alpha: int) -> NDArray[np.uint32]:
    """Return the pixel of each of the 256 probabilities, premultiplied ARGB."""
    bits = entropy_map(np.arange(256, dtype=np.uint8))
    colours = [QColor(colour) for colour in UNCERTAINTY]
    stops = np.array([(c.red(), c.green(), c.blue()) for c in colours], np.float64)
    at = np.linspace(0, 1, len(stops))
    shades = np.stack([np.interp(bits, at, stops[:, channel]) for channel in range(3)])
    red, green, blue = np.rint(shades * alpha / 255).astype(np.uint32)
    pixels = np.uint32(alpha << 24) | red << 16 | green << 8 | blue
    return np.where(bits < LEAST_BITS, 0, pixels).astype(np.uint32)

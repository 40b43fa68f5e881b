"""How unsure a prediction is in each voxel of a slice: a map under the outlines, and its scale."""

from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from core.domain.head import above_background, silhouette
from core.domain.plane import Cut
from core.domain.uncertainty import entropy_map
from core.domain.volume import Pixels
from gui.widgets.palette import UNCERTAINTY
from gui.widgets.theme import app_font

LEAST_BITS = 0.05
"""What is surer than this is left clear, so that the image shows wherever there is no doubt."""

_BAR = QRect(0, 0, 10, 112)
_TITLE = "Uncertainty"
_INSET, _PAD = 9, 6
_PLATE_ALPHA = 110
_GAP = 7
_LINE = 16
_AROUND = tuple(QPoint(x, y) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)))


class UncertaintyItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws the binary entropy of one slice of a quantised probability."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._probability: NDArray[np.uint8] | None = None
        self._drawn: tuple[Cut, float] | None = None
        self.hide()

    def show_slice(
        self,
        probability: NDArray[np.uint8] | None,
        cut: Cut,
        opacity: float,
        *,
        image: Pixels | None = None,
    ) -> None:
        """Draw a slice of (Z, Y, X); None draws nothing.

        In the air around the head of `image` (Z, Y, X) there is nothing to be unsure of.
        """
        self.setVisible(probability is not None)
        same = probability is self._probability and self._drawn == (cut, opacity)
        if probability is None or same:
            return
        head = None if image is None else silhouette(_bright(image, cut))
        drawn = entropy_image(cut.of(probability), opacity, head)
        if self._image is None or drawn.size() != self._image.size():
            self.prepareGeometryChange()
        self._probability, self._drawn, self._image = probability, (cut, opacity), drawn
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
        width = QFontMetrics(self._font).horizontalAdvance(_TITLE)
        self.resize(width + 2 * _PAD, _BAR.height() + 2 * _LINE + _PAD)
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
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, _PLATE_ALPHA))
        painter.drawRoundedRect(self.rect(), 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        bar = _BAR.translated(self.width() - _BAR.width() - _PAD, _LINE + _LINE // 2)
        scale = QLinearGradient(bar.bottomLeft(), bar.topLeft())
        for number, colour in enumerate(UNCERTAINTY):
            scale.setColorAt(number / (len(UNCERTAINTY) - 1), QColor(colour))
        painter.fillRect(bar, scale)
        painter.setPen(QColor(0, 0, 0, 190))
        painter.drawRect(bar.adjusted(-1, -1, 0, 0))
        painter.setFont(self._font)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        title = QRect(0, 0, self.width() - _PAD, _LINE)
        ends = [
            (said, QRect(0, y - _LINE // 2, bar.left() - _GAP, _LINE))
            for said, y in (("1 bit", bar.top()), ("0", bar.bottom()))
        ]
        for said, area in ((_TITLE, title), *ends):
            painter.setPen(QColor(0, 0, 0, 190))
            for step in _AROUND:
                painter.drawText(area.translated(step), flags, said)
            painter.setPen(QColor("#D5DAE0"))
            painter.drawText(area, flags, said)

    def _place(self) -> None:
        area = self._view.rect()
        self.move(area.width() - self.width() - _INSET, (area.height() - self.height()) // 2)


def entropy_image(
    plane: NDArray[np.uint8], opacity: float, head: NDArray[np.bool_] | None = None
) -> QImage:
    """Return the map of a slice as 32-bit pixels, which Qt enlarges without a further step.

    Where `head` (Y, X) is given, what lies outside it is left clear.
    """
    pixels = np.take(_pixels(round(opacity * 255)), plane)
    if head is not None:
        pixels[~head] = 0
    height, width = plane.shape
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, width, height, 4 * width, form).copy()


def _bright(image: Pixels, cut: Cut) -> NDArray[np.bool_]:
    # By the whole image: a slice beyond the head has no bright voxel of its own.
    return above_background(cut.of(image), float(image[:: max(len(image) // 8, 1)].max()))


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

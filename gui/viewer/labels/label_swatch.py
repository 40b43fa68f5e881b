"""Small pictures of labels: a square with the digit of one, stripes for those of a region."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from core.domain.label_set import Colour, Label
from gui.viewer.items.label_item import dots_brush, hex_of, ink_on
from gui.widgets.theme import app_font

_SIDE, _RADIUS = 16, 3
_STRIPES = QSize(16, 12)


class DigitSwatch(QAbstractButton):
    """The colour of a label with its value; a click asks for another colour."""

    recolour_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._label: Label | None = None
        self._dotted = self._faded = False
        self.setFixedSize(_SIDE, _SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self.recolour_asked)

    def show_label(self, label: Label, *, dotted: bool, faded: bool) -> None:
        """Show a label; `dotted` where another has its colour, `faded` where it is hidden."""
        self._label, self._dotted, self._faded = label, dotted, faded
        self.setAccessibleName(f"Colour of {label.name}")
        self.setToolTip("Another colour")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if self._label is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.4 if self._faded else 1.0)
        box = QRectF(self.rect())
        path = QPainterPath()
        path.addRoundedRect(box, _RADIUS, _RADIUS)
        ink = ink_on(self._label.colour)
        painter.fillPath(path, QColor(*self._label.colour))
        if self._dotted:
            painter.fillPath(path, dots_brush(ink, self.devicePixelRatioF()))
        painter.setPen(QColor(ink))
        digits = str(self._label.value)
        painter.setFont(app_font(size_px=10 if len(digits) < 3 else 8, weight=600))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, digits)


class RegionSwatch(QWidget):
    """The colours of a region's labels beside each other."""

    def __init__(self) -> None:
        super().__init__()
        self._colours: tuple[Colour, ...] = ()
        self.setFixedSize(_STRIPES)

    def show_colours(self, colours: Sequence[Colour]) -> None:
        """Show these colours, from left to right."""
        if tuple(colours) != self._colours:
            self._colours = tuple(colours)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QPainterPath()
        whole.addRoundedRect(QRectF(self.rect()), _RADIUS, _RADIUS)
        painter.setClipPath(whole)
        wide = self.width() / max(len(self._colours), 1)
        for number, colour in enumerate(self._colours):
            painter.fillRect(
                QRectF(number * wide, 0, wide + 0.5, self.height()), QColor(hex_of(colour))
            )

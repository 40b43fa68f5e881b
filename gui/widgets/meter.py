"""A thin bar that is filled up to a share, or split into shares."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.widgets.palette import DARK

_GAP = 2.0


class Meter(QWidget):
    """One part a share of the whole, side by side, each in its colour over the track."""

    def __init__(self, *, height: int = 3, width: int | None = None) -> None:
        super().__init__()
        self._parts: tuple[tuple[float, str], ...] = ()
        self._track = DARK.bg4
        self.setFixedHeight(height)
        if width is not None:
            self.setFixedWidth(width)

    def set_parts(self, parts: Sequence[tuple[float, str]], *, track: str) -> None:
        """Show shares from 0 to 1 with a colour each."""
        self._parts, self._track = tuple(parts), track
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole, radius = QRectF(self.rect()), self.height() / 2
        painter.setBrush(QColor(self._track))
        painter.drawRoundedRect(whole, radius, radius)
        left = 0.0
        for share, colour in self._parts:
            width = min(max(share, 0.0), 1.0) * whole.width()
            gap = _GAP if len(self._parts) > 1 and width > 2 * _GAP else 0.0
            if width > 0:
                painter.setBrush(QColor(colour))
                painter.drawRoundedRect(
                    QRectF(left, 0, max(width - gap, 1.0), whole.height()), radius, radius
                )
            left += width

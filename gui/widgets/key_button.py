"""Buttons that print the key that does the same."""

import functools

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton

from gui.widgets.palette import DARK, Theme
from gui.widgets.theme import app_font

_HEIGHT = 15
_LEAST = 16
_INSET = 8
_LONGEST = 3


@functools.cache
def key_width(key: str) -> int:
    """Return how wide a key is printed, in pixels."""
    metrics = QFontMetrics(app_font(size_px=10, weight=600))
    return max(_LEAST, metrics.horizontalAdvance(key) + _INSET) if key else 0


def paint_key(painter: QPainter, box: QRectF, key: str, colours: tuple[str, str]) -> None:
    """Paint a key as a small cap, in the colours of its ground and of its letter."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours[0]))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QColor(colours[1]))
    painter.setFont(app_font(size_px=10, weight=600))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)


class KeyButton(QPushButton):
    """A push button with its key at the right, where there is room for it.

    `pad` is the room left and right of icon and text, in pixels. Buttons of one `group` print
    their keys together, or none of them does.
    """

    def __init__(self, text: str, *, pad: int = 8, group: "list[KeyButton] | None" = None) -> None:
        super().__init__(text)
        self._key, self._pad, self._shown = "", pad, False
        self._group: list[KeyButton] = [] if group is None else group
        self._group.append(self)
        self.theme: Theme = DARK

    @property
    def key(self) -> str:
        """The key that is printed; empty where there is none or no room."""
        return self._key if self._shown else ""

    @property
    def key_wanted(self) -> str:
        """The key that is printed once there is room."""
        return self._key

    def set_key(self, key: str) -> None:
        """Print another key; a long one is left to the tool tip."""
        self._key = key if len(key) <= _LONGEST else ""
        self._make_rooms()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_rooms()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._shown:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = key_width(self._key)
        box = QRectF(self.width() - wide - 6, (self.height() - _HEIGHT) / 2, wide, _HEIGHT)
        enabled = self.isEnabled()
        letter = self.theme.t2 if enabled else self.theme.t4
        paint_key(painter, box, self._key, (self.theme.bg4, letter))

    def _make_rooms(self) -> None:
        room = all(button._fits for button in self._group)
        for button in self._group:
            button._make_room(room)

    @property
    def _fits(self) -> bool:
        text = QFontMetrics(app_font(weight=600)).horizontalAdvance(self.text())
        icon = 0 if self.icon().isNull() else self.iconSize().width() + 4
        return text + icon + key_width(self._key) + 2 * self._pad <= self.width()

    def _make_room(self, room: bool) -> None:
        self._shown = room and bool(self._key)
        right = key_width(self._key) + 8 if self._shown else self._pad
        sheet = f"QPushButton {{ padding: 0 {right}px 0 {self._pad}px; }}"
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
        self.update()

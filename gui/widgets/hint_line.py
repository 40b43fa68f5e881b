"""What keys and pointer do now: each gesture in a cap before its words, as many as fit.

A sentence, which ends with a full stop, has no gesture and stands without a cap.
"""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.key_button import key_width, paint_key
from gui.widgets.palette import DARK, Theme
from gui.widgets.theme import app_font

BETWEEN = " · "
_CAP_HEIGHT, _GAP, _APART = 16.0, 6.0, 14.0


class HintLine(QWidget):
    """Hints at the right end of what room there is; those that do not fit are left out."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._hints: tuple[tuple[str, str], ...] = ()
        self._font = app_font(size_px=11)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def text(self) -> str:
        """Every hint, whether there is room for it or not."""
        return BETWEEN.join(" ".join(pair).strip() for pair in self._hints)

    def set_text(self, said: str) -> None:
        """Give the hints: a gesture and its words each, or a sentence, ` · ` between them."""
        parts = [part.strip() for part in said.split(BETWEEN) if part.strip()]
        self._hints = tuple(_parted(part) for part in parts)
        self.setToolTip(said)
        self.setAccessibleName(said)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        self.update()

    def shown(self) -> tuple[str, ...]:
        """Return the gestures of the hints that there is room for."""
        return tuple(gesture for gesture, _ in self._fitting() if gesture)

    def sizeHint(self) -> QSize:
        return QSize(0, round(_CAP_HEIGHT) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, round(_CAP_HEIGHT) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fitting = self._fitting()
        x = self.width() - sum(self._wide(hint) for hint in fitting) + _APART
        top, theme = (self.height() - _CAP_HEIGHT) / 2, self._theme
        for gesture, words in fitting:
            if gesture:
                cap = QRectF(x, top, key_width(gesture), _CAP_HEIGHT)
                paint_key(painter, cap, gesture, (theme.bg3, theme.t2))
                x = cap.right() + _GAP
            painter.setFont(self._font)
            painter.setPen(QColor(theme.t3))
            width = self._words(words)
            room = QRectF(x, 0, width + 1, self.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
            x += width + _APART

    def _fitting(self) -> list[tuple[str, str]]:
        found, used = list[tuple[str, str]](), -_APART
        for hint in self._hints:
            used += self._wide(hint)
            if used > self.width():
                break
            found.append(hint)
        return found

    def _wide(self, hint: tuple[str, str]) -> float:
        cap = key_width(hint[0]) + _GAP if hint[0] else 0.0
        return cap + self._words(hint[1]) + _APART

    def _words(self, words: str) -> float:
        return QFontMetricsF(self._font).horizontalAdvance(words)


def _parted(hint: str) -> tuple[str, str]:
    """Part a hint into its gesture, empty for a sentence, and its words."""
    gesture, _, words = hint.partition(" ")
    return ("", hint) if hint.endswith(".") else (gesture, words)

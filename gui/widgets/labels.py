"""Labels of the panels: texts in the roles of the style sheet, and glyphs."""

import html

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from core.domain.figure_text import figure
from gui.widgets.icons import pixmap

_ENDLESS = 0x7FFF


def make_label(text: str, role: str, parent: QWidget | None = None) -> QLabel:
    """Return a plain-text label in a `role` of the style sheet."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    return label


def make_wrapped_label(text: str, role: str, parent: QWidget | None = None) -> QLabel:
    """Return a plain-text label that breaks its lines."""
    label = make_label(text, role, parent)
    label.setWordWrap(True)
    return label


class WholeLabel(QLabel):
    """A plain-text label that breaks its lines, and is as tall as they need at its width.

    A layout counts wrapped words as one wide line or two, and squeezes what stands beside them.
    """

    def __init__(self, text: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # Not by `heightForWidth`, which is never less than the least height set before.
        self.ensurePolished()
        room = QRect(0, 0, self.width(), _ENDLESS)
        wrapped = self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self.text())
        self.setMinimumHeight(wrapped.height())


def keep_room(widget: QWidget) -> None:
    """Keep the room of a widget while it is hidden, so that nothing moves when it shows."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)


def number(value: float | None, decimals: int) -> str:
    """Return a figure with fixed decimals and a true minus; a dash where there is none.

    What rounds to zero has no sign.
    """
    return figure(value, decimals)


def plain_tip(text: str) -> str:
    """Return a tooltip that shows `text` letter for letter: Qt takes what looks so for markup."""
    if "<" not in text:
        return text
    return f'<span style="white-space:pre-wrap">{html.escape(text)}</span>'


class ElidedLabel(QLabel):
    """A one-line label that is cut with an ellipsis; the tooltip then holds the whole text.

    Where `tip` says more, the tooltip is always that.
    """

    def __init__(self, text: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        cut = self.text() if shown != self.text() else ""
        self.setToolTip(plain_tip(self.tip or cut))
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect(), int(self.alignment()), shown)


class Glyph(QWidget):
    """An icon that only shows, sharp on whichever screen it lies."""

    def __init__(self, name: str, *, size: int) -> None:
        super().__init__()
        self._name, self._size, self._colour = name, size, "#000000"
        self.setFixedSize(size, size)

    def set_icon(self, name: str) -> None:
        self._name = name
        self.update()

    def set_colour(self, colour: str) -> None:
        self._colour = colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        drawn = pixmap(self._name, self._colour, self._size, self.devicePixelRatioF())
        QPainter(self).drawPixmap(0, 0, drawn)


def set_colour(label: QLabel, colour: str) -> None:
    """Write a label in a colour; a style sheet that says nothing new costs as much as another."""
    sheet = f"color: {colour};"
    if label.styleSheet() != sheet:
        label.setStyleSheet(sheet)


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"

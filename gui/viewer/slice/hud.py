"""The words in the corners of the slice view; they never cover the middle of the image."""

from typing import Literal

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.widgets.theme import app_font

_LINE, _SMALL_LINE = 18, 16
_OUTLINE = 0.75
_PAD = 6
_INSET = 9
_PLATE_ALPHA, _DARK_ALPHA = 110, 200
_LOWEST = 170
_EDGE, _NEAR = 20, 4
Side = Literal["left", "top", "right", "bottom"]
SIDES: tuple[Side, ...] = ("left", "top", "right", "bottom")
_SAID = {
    "R": "patient's right",
    "L": "patient's left",
    "A": "anterior",
    "P": "posterior",
    "S": "superior",
    "I": "inferior",
}
_AROUND = tuple(QPoint(x, y) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)))


class HudCorner(QWidget):
    """Lines of text in one corner, white with a dark outline; the mouse goes through."""

    def __init__(self, parent: QWidget, corner: Qt.Corner, *, bold: int | None = 0) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._area = parent
        self._corner = corner
        self._bold = bold
        self._lines: tuple[str, ...] = ()
        self._plain = app_font(size_px=12)
        self._strong = app_font(size_px=13, weight=600)
        self._line = _LINE

    @property
    def text(self) -> str:
        """What it says, line by line."""
        return "\n".join(self._lines)

    def set_lines(self, lines: tuple[str, ...], *, bold: int | None = None) -> None:
        """Say something else, another line than before in bold where `bold` names one."""
        strong = self._bold if bold is None else bold
        if (lines, strong) != (self._lines, self._bold):
            self._lines, self._bold = lines, strong
            self.setAccessibleName(" ".join(lines))
            self.place()
            self.update()

    def set_small(self, small: bool) -> None:
        """Speak in smaller letters, as in a small view, or as in a large one."""
        plain, strong, self._line = (11, 12, _SMALL_LINE) if small else (12, 13, _LINE)
        self._plain, self._strong = app_font(size_px=plain), app_font(size_px=strong, weight=600)
        self.place()
        self.update()

    def place(self) -> None:
        """Go to the corner, as large as the text needs."""
        size, area = self.sizeHint(), self._area.rect()
        right = self._corner in (Qt.Corner.TopRightCorner, Qt.Corner.BottomRightCorner)
        bottom = self._corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner)
        x = area.width() - size.width() - _INSET if right else _INSET
        y = area.height() - size.height() - _INSET + 2 if bottom else _INSET - 2
        self.setGeometry(QRect(QPoint(x, y), size))
        # In a low view the corners at the top and at the bottom would lie over each other.
        self.setVisible(not bottom or area.height() >= _LOWEST)

    def sizeHint(self) -> QSize:
        widths = [
            QFontMetrics(self._font(n)).horizontalAdvance(line)
            for n, line in enumerate(self._lines)
        ]
        return QSize(max(widths, default=0) + 2 * _PAD + 2, self._line * len(self._lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        right = self._corner in (Qt.Corner.TopRightCorner, Qt.Corner.BottomRightCorner)
        align = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        flags = align | Qt.AlignmentFlag.AlignVCenter
        dark = QColor(0, 0, 0)
        dark.setAlphaF(_OUTLINE)
        # A ground of its own: seen only where outlines and bright tissue lie below the words.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, _PLATE_ALPHA))
        painter.drawRoundedRect(self.rect(), 4, 4)
        for number, line in enumerate(self._lines):
            area = QRect(_PAD, number * self._line, self.width() - 2 * _PAD, self._line)
            painter.setFont(self._font(number))
            painter.setPen(dark)
            for step in _AROUND:
                painter.drawText(area.translated(step), flags, line)
            painter.setPen(QColor("#FFFFFF" if number == self._bold else "#D5DAE0"))
            painter.drawText(area, flags, line)

    def _font(self, line: int) -> QFont:
        return self._strong if line == self._bold else self._plain


class EdgeLetter(QWidget):
    """Which side of the patient an edge of the picture is: R L A P S I, in the middle of it."""

    def __init__(self, parent: QWidget, side: Side) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._area, self._side, self.letter = parent, side, ""
        self._cards: tuple[QWidget, ...] = ()
        self._beside = False
        self.setFixedSize(_EDGE, _EDGE)

    def set_letter(self, letter: str) -> None:
        """Show another letter, or none when it is empty."""
        if letter != self.letter:
            self.letter = letter
            self.setAccessibleName(f"{self._side} edge: {_SAID.get(letter, 'unknown')}")
            self.place()
            self.update()
        self.setVisible(bool(letter))

    def keep_clear(self, cards: tuple[QWidget, ...]) -> None:
        """Stand beside these while they lie over the edge."""
        self._cards = cards
        self.place()

    def place(self) -> None:
        """Go to the middle of the edge, or beside what lies over it there."""
        area = self._area.rect()
        x, y = (area.width() - _EDGE) // 2, (area.height() - _EDGE) // 2
        beyond = {"left": _NEAR, "right": area.width() - _EDGE - _NEAR}
        below = {"top": _NEAR, "bottom": area.height() - _EDGE - _NEAR}
        place = QRect(beyond.get(self._side, x), below.get(self._side, y), _EDGE, _EDGE)
        over = [card.geometry() for card in self._cards if not card.isHidden()]
        over = [card for card in over if card.intersects(place)]
        if self._side == "left":
            place.moveLeft(max([place.left(), *(card.right() + 1 + _NEAR for card in over)]))
        elif self._side == "right":
            place.moveRight(min([place.right(), *(card.left() - 1 - _NEAR for card in over)]))
        self.setGeometry(place)
        if self._beside != bool(over):
            self._beside = bool(over)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._beside:  # it lies over the head there, which may be as bright as the letter
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, _DARK_ALPHA))
            painter.drawRoundedRect(self.rect(), 4, 4)
        painter.setFont(app_font(size_px=14, weight=600))
        middle = Qt.AlignmentFlag.AlignCenter
        dark = QColor(0, 0, 0)
        dark.setAlphaF(_OUTLINE)
        painter.setPen(dark)
        for step in _AROUND:
            painter.drawText(
                self.rect().translated(step), Qt.AlignmentFlag.AlignCenter, self.letter
            )
        painter.setPen(QColor("#FFFFFF"))
        painter.drawText(self.rect(), middle, self.letter)


def make_corners(view: QWidget) -> dict[str, HudCorner]:
    """Return the four corners of a view by name."""
    corner = Qt.Corner
    return {
        "top_left": HudCorner(view, corner.TopLeftCorner),
        "top_right": HudCorner(view, corner.TopRightCorner),
        "bottom_left": HudCorner(view, corner.BottomLeftCorner, bold=None),
        "bottom_right": HudCorner(view, corner.BottomRightCorner, bold=1),
    }

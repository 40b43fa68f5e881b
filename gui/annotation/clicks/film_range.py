"""How far carried clicks go: a bar from the first slice to the last, with two ends to drag."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.annotation.clicks.click_film import Film
from gui.widgets.palette import DARK
from gui.widgets.theme import Theme

_EDGE, _BAR, _NEAR = 7, 4, 8.0
_HANDLE = (5.0, 14.0)


class FilmRange(QWidget):
    """Shows every slice's state along the bar; an end that is dragged leaves out what lies beyond.

    Arrows move the end behind, with Shift the end before. A press between the ends goes to a slice.
    """

    limit_asked = Signal(int, int)
    slice_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._film: Film | None = None
        self._dragged: int | None = None  # 0 the end before, 1 the one behind
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)

    def show_film(self, film: Film | None) -> None:
        """Show the states of a film's slices."""
        self._film = film
        kept = None if film is None else film.kept
        if film is not None and kept is not None:
            ends = [each.number for each in film.slices if each.index in kept]
            self.setAccessibleName(f"Carried from slice {ends[0]} to {ends[-1]}")
        else:
            self._dragged = None
            self.setAccessibleName("Carried to no slice")
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, 20)

    def x_of(self, index: int, *, end: int = 0) -> float:
        """Return where a slice begins on the bar, with `end` 1 where it ends."""
        low, high = self._span
        return _EDGE + (index + end - low) / max(high - low, 1) * (self.width() - 2 * _EDGE)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        film = self._film
        if film is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x, kept = event.position().x(), film.kept
        if kept is not None:
            apart = [abs(self.x_of(index, end=end) - x) for end, index in enumerate(kept)]
            nearest = int(apart[1] <= apart[0])
            if apart[nearest] <= _NEAR:
                self._dragged = nearest
                return
        self.slice_chosen.emit(self._index_at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        film = self._film
        kept = None if film is None else film.kept
        if kept is None or self._dragged is None:
            self.setCursor(self._cursor_at(event.position().x()))
            return
        index = self._index_at(event.position().x())
        first, last = (index, kept[1]) if self._dragged == 0 else (kept[0], index)
        if first <= last and (first, last) != kept:
            self.limit_asked.emit(first, last)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self._dragged = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        film, steps = self._film, {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        kept = None if film is None else film.kept
        if film is None or kept is None or step is None:
            super().keyPressEvent(event)
            return
        reached = [each.index for each in film.slices]
        before = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        at = reached.index(kept[0] if before else kept[1]) + step
        if 0 <= at < len(reached):
            first, last = (reached[at], kept[1]) if before else (kept[0], reached[at])
            if first <= last:
                self.limit_asked.emit(first, last)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        film, theme = self._film, self._theme
        if film is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.bg4))
        painter.drawRoundedRect(
            QRectF(_EDGE, middle - _BAR / 2, self.width() - 2 * _EDGE, _BAR), 2, 2
        )
        colours = {"open": theme.line3, "ticked": theme.ok, "left": theme.bad}
        for each in film.slices:
            left, right = self.x_of(each.index), self.x_of(each.index, end=1)
            painter.fillRect(
                QRectF(left, middle - _BAR / 2, right - left, _BAR), QColor(colours[each.looked])
            )
        low, high = self._span
        if low <= film.current < high:
            at = (self.x_of(film.current) + self.x_of(film.current, end=1)) / 2
            painter.setPen(QPen(QColor(theme.acc), 2))
            painter.drawLine(QPointF(at, middle - 7), QPointF(at, middle + 7))
        if film.kept is not None:
            self._paint_ends(painter, film.kept, middle)

    def _paint_ends(self, painter: QPainter, kept: tuple[int, int], middle: float) -> None:
        theme = self._theme
        painter.setPen(QPen(QColor(theme.acc if self.hasFocus() else theme.bg1), 1))
        painter.setBrush(QColor(theme.t2))
        for end, index in enumerate(kept):
            x, (width, height) = self.x_of(index, end=end), _HANDLE
            painter.drawRoundedRect(QRectF(x - width / 2, middle - height / 2, width, height), 2, 2)

    def _cursor_at(self, x: float) -> Qt.CursorShape:
        kept = None if self._film is None else self._film.kept
        places = () if kept is None else (self.x_of(i, end=end) for end, i in enumerate(kept))
        near = any(abs(place - x) <= _NEAR for place in places)
        return Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.PointingHandCursor

    @property
    def _span(self) -> tuple[int, int]:
        """The first slice of the film, and the one behind its last."""
        film = self._film
        return (0, 1) if film is None else (film.slices[0].index, film.slices[-1].index + 1)

    def _index_at(self, x: float) -> int:
        low, high = self._span
        share = (x - _EDGE) / max(self.width() - 2 * _EDGE, 1)
        return min(max(low + int(share * (high - low)), low), high - 1)

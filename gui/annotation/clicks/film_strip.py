"""The film of a carried click below the image: each slice before and after, ticked or left out."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from core.domain.figure_text import MINUS, counted
from gui.annotation.clicks.click_film import Film, FilmSlice, Looked
from gui.annotation.clicks.film_range import FilmRange
from gui.shell.commands import Keys, tooltip
from gui.widgets.icons import Tint, pixmap, tinted_icon
from gui.widgets.labels import ElidedLabel, make_label
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.theme import OverlayColours, Theme, app_font
from gui.widgets.wheel_notches import WheelNotches

HEIGHT, COMPACT_HEIGHT = 168, 136
TILE, COMPACT_TILE = (84, 92), (70, 76)
_HEADER, _INSET, _GAP, _CAPTION = 32, 14, 5, 18
_GLYPH = 14
_RANGE_WIDTH = 300
_GLYPHS = {"open": "dashed-circle", "ticked": "tick-circle", "left": "cross-circle"}
_WORDS: Mapping[Looked, str] = {
    "ticked": "accepted",
    "open": "to look at",
    "left": "left out",
}
_DIMMED = 0.35

Images = Callable[[int], QImage | None]


class FilmStrip(QWidget):
    """A header with a range over a tile a slice; it has the place of the slice strip.

    `turn_asked` names a slice whose glyph was pressed, `limit_asked` the first and last slice that
    clicks are to be carried to, `step_asked` the slice before (−1) or behind (1).
    """

    slice_chosen = Signal(int)
    turn_asked = Signal(int)
    limit_asked = Signal(int, int)
    step_asked = Signal(int)
    seen = Signal()
    """Other slices are in view than before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._wheel = WheelNotches()
        self._tiles = FilmTiles()
        self._tiles.slice_chosen.connect(self.slice_chosen)
        self._tiles.turn_asked.connect(self.turn_asked)
        self._tiles.seen.connect(self.seen)
        self._title = make_label("", "section")
        self._counts = ElidedLabel("", "caption")
        self._first, self._last = make_label("", "caption"), make_label("", "caption")
        self.range = FilmRange()
        self.range.limit_asked.connect(self.limit_asked)
        self.range.slice_chosen.connect(self.slice_chosen)
        self._previous, self._next = _arrow("film_before"), _arrow("film_after")
        self._previous.clicked.connect(lambda: self.step_asked.emit(-1))
        self._next.clicked.connect(lambda: self.step_asked.emit(1))
        self._lay_out()
        self.set_compact(False)
        self.set_look(DARK, DEFAULT_OVERLAYS)
        self.hide()

    @property
    def tiles(self) -> "FilmTiles":
        """The tiles below the header."""
        return self._tiles

    @property
    def text(self) -> str:
        """What the header says."""
        return f"{self._title.text()}: {self._counts.text()}"

    def show_film(self, film: Film | None, images: Images) -> None:
        """Show the slices of a film, with pictures of those that have one; None empties it."""
        self._tiles.show_film(film, images)
        self.range.show_film(film)
        if film is None:
            return
        self._title.setText(f"Carried to {counted(len(film.slices), 'slice')}")
        said = (f"{film.count(looked)} {word}" for looked, word in _WORDS.items())
        self._counts.setText(", ".join(said))
        ends = (film.slices[0].number, film.slices[-1].number)
        for label, end in zip((self._first, self._last), ends, strict=True):
            label.setText(str(end))
        self._previous.setEnabled(film.slices[0].index < film.current)
        self._next.setEnabled(film.slices[-1].index > film.current)

    def show_picture(self) -> None:
        """A picture has come."""
        self._tiles.update()

    def set_compact(self, compact: bool) -> None:
        """Take less height, for small windows."""
        self.setFixedHeight(COMPACT_HEIGHT if compact else HEIGHT)
        self._tiles.set_compact(compact)

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to commands."""
        for button, command in ((self._previous, "film_before"), (self._next, "film_after")):
            button.setToolTip(tooltip(command, changed))

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        del overlays
        self._tiles.set_theme(theme)
        self.range.set_theme(theme)
        for button, name in ((self._previous, "chevron-left"), (self._next, "chevron-right")):
            button.setIcon(tinted_icon(name, tint=Tint.of(theme), size=16))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go to the slice before or behind a notch."""
        event.accept()
        notches = self._wheel.turn(event.angleDelta().y())
        if notches:
            self.step_asked.emit(-1 if notches > 0 else 1)

    def _lay_out(self) -> None:
        header = QWidget()
        header.setFixedHeight(_HEADER)
        row = QHBoxLayout(header)
        row.setContentsMargins(_INSET, 0, _INSET, 0)
        row.setSpacing(8)
        row.addWidget(self._title)
        row.addWidget(self._counts, 1)
        row.addWidget(self._first)
        row.addWidget(self.range)
        self.range.setFixedWidth(_RANGE_WIDTH)
        row.addWidget(self._last)
        row.addWidget(self._previous)
        row.addWidget(self._next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 1, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addWidget(self._tiles, 1)


class FilmTiles(QWidget):
    """The tiles; a press on the glyph of one changes its state, elsewhere it goes to the slice."""

    slice_chosen = Signal(int)
    turn_asked = Signal(int)
    seen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._film: Film | None = None
        self._images: Images = lambda _: None
        self._first = 0
        self._tile = TILE
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Slices that the clicks would change")

    @property
    def film(self) -> Film | None:
        """What is shown."""
        return self._film

    @property
    def size_of_tile(self) -> tuple[int, int]:
        """Width and height of a picture, in pixels."""
        return self._tile

    @property
    def in_view(self) -> tuple[int, ...]:
        """The slices whose tiles are in view, by index."""
        return tuple(each.index for each in self._shown)

    def show_film(self, film: Film | None, images: Images) -> None:
        """Show a film; one that begins, with the slice on screen in the middle."""
        begins = film is not None and (self._film is None or self._film.plane != film.plane)
        moved = film is not None and self._film is not None and film.current != self._film.current
        other = film != self._film
        self._film, self._images = film, images
        before = self._first
        if begins or moved:
            self._follow(begins=begins)
        self._first = min(self._first, self._furthest)
        self._describe()
        if other or before != self._first:
            self.seen.emit()
        self.update()

    def set_compact(self, compact: bool) -> None:
        self._tile = COMPACT_TILE if compact else TILE
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def place(self, index: int) -> QRect:
        """Return where the picture of a slice is; empty where it is not in view."""
        for number, each in enumerate(self._shown):
            if each.index == index:
                return self._place(number)
        return QRect()

    def glyph_place(self, index: int) -> QRect:
        """Return where the glyph of a slice is; empty where it is not in view."""
        return _glyph_of(self.place(index))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or index is None:
            return
        wide = self.glyph_place(index).adjusted(-4, -4, 4, 4)
        if wide.contains(event.position().toPoint()):
            self.turn_asked.emit(index)
        else:
            self.slice_chosen.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        found = None if index is None or self._film is None else self._film.at(index)
        self.setToolTip("" if found is None else _sentence(found))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        film = self._film
        if film is not None and event.key() == Qt.Key.Key_Return:
            event.ignore()  # accepts the clicks
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._first = min(self._first, self._furthest)
        self.seen.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self._theme.bg1))
        for number, each in enumerate(self._shown):
            self._paint_tile(painter, self._place(number), each)

    def _paint_tile(self, painter: QPainter, place: QRect, each: FilmSlice) -> None:
        theme, film = self._theme, self._film
        assert film is not None, "a film is shown"
        left = each.looked == "left"
        painter.fillRect(place, QColor(theme.canvas))
        image = self._images(each.index)
        if image is not None:
            painter.setOpacity(_DIMMED if left else 1.0)
            painter.drawImage(QRectF(place), image)
            painter.setOpacity(1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        here = each.index == film.current
        painter.setPen(QPen(QColor(theme.acc if here else theme.line), 2 if here else 1))
        painter.drawRoundedRect(QRectF(place), 4, 4)
        painter.setFont(app_font(size_px=11, weight=600))
        corner = place.topLeft() + QPoint(5, 14)
        for colour, at in (("#000000", corner + QPoint(1, 1)), ("#ffffff", corner)):
            painter.setPen(QColor(colour))
            painter.drawText(at, str(each.number))
        colours = {"open": theme.t2, "ticked": theme.ok, "left": theme.bad}
        glyph = _glyph_of(place)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawEllipse(QRectF(glyph).adjusted(-1, -1, 1, 1))
        drawn = pixmap(_GLYPHS[each.looked], colours[each.looked], _GLYPH, self.devicePixelRatioF())
        painter.drawPixmap(glyph.topLeft(), drawn)
        self._paint_caption(painter, place, each)

    def _paint_caption(self, painter: QPainter, place: QRect, each: FilmSlice) -> None:
        theme = self._theme
        painter.setFont(app_font(size_px=11))
        room = QRectF(place.left() - _GAP, place.bottom() + 2, place.width() + 2 * _GAP, _CAPTION)
        if each.looked == "left":
            painter.setPen(QColor(theme.t3))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, _WORDS["left"])
            return
        parts = ((f"+{each.added:,}", theme.ok), (f"{MINUS}{each.taken:,}", theme.bad))
        metrics = painter.fontMetrics()
        width = sum(metrics.horizontalAdvance(said) for said, _ in parts) + 6
        x = room.center().x() - width / 2
        base = room.center().y() + metrics.ascent() / 2 - 1
        for said, colour in parts:
            painter.setPen(QColor(colour))
            painter.drawText(QPointF(x, base), said)
            x += metrics.horizontalAdvance(said) + 6

    @property
    def _shown(self) -> tuple[FilmSlice, ...]:
        film = self._film
        return () if film is None else film.slices[self._first : self._first + self._room]

    @property
    def _room(self) -> int:
        """How many tiles there is room for."""
        return max((self.width() - 2 * _INSET + _GAP) // (self._tile[0] + _GAP), 1)

    @property
    def _furthest(self) -> int:
        return 0 if self._film is None else max(len(self._film.slices) - self._room, 0)

    def _follow(self, *, begins: bool) -> None:
        """Bring the slice on screen into view: into the middle where the film begins."""
        film = self._film
        assert film is not None, "a film is shown"
        apart = [abs(each.index - film.current) for each in film.slices]
        at = apart.index(min(apart))
        if begins:
            self._first = at - self._room // 2
        elif at <= self._first:
            self._first = at - 1
        elif at >= self._first + self._room - 1:
            self._first = at - self._room + 2
        self._first = min(max(self._first, 0), self._furthest)

    def _place(self, number: int) -> QRect:
        width, height = self._tile
        return QRect(_INSET + number * (width + _GAP), 1, width, height)

    def _index_at(self, at: QPoint) -> int | None:
        places = ((each.index, self._place(number)) for number, each in enumerate(self._shown))
        return next((index for index, place in places if place.contains(at)), None)

    def _describe(self) -> None:
        film = self._film
        found = None if film is None else film.at(film.current)
        self.setAccessibleDescription("" if found is None else _sentence(found))


def _glyph_of(place: QRect) -> QRect:
    if place.isEmpty():
        return QRect()
    return QRect(place.right() - _GLYPH - 4, place.top() + 5, _GLYPH, _GLYPH)


def _sentence(each: FilmSlice) -> str:
    changed = f"+{each.added:,} {MINUS}{each.taken:,} voxels"
    return f"Slice {each.number}, {changed}, {_WORDS[each.looked]}; press the glyph to change it"


def _arrow(command: str) -> QToolButton:
    button = QToolButton()
    button.setAccessibleName(tooltip(command, {command: ()}))
    button.setToolTip(tooltip(command))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button

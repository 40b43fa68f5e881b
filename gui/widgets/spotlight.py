"""A veil over the window with a hole where something is, and the card that explains it."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.labels import make_label, make_wrapped_label
from gui.widgets.palette import DARK, OverlayColours, Theme

_WIDTH, _GAP, _RADIUS = 340, 14, 8
_VEIL = QColor(4, 5, 7, 170)


@dataclass(frozen=True)
class Explained:
    """What the card says; `place` tells how far the tour is, and buttons without a text hide."""

    title: str
    said: str
    place: str = ""
    forward: str = "Next"
    back: str = ""
    skip: str = "Skip"


class Spotlight(QWidget):
    """Lies over all of its parent; the arrow keys and Enter go on, Esc ends it."""

    went_on = Signal()
    went_back = Signal()
    skipped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._target: QWidget | None = None
        self._theme = DARK
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._card = _Card(self)
        self._card.forward.clicked.connect(self.went_on)
        self._card.back.clicked.connect(self.went_back)
        self._card.skip.clicked.connect(self.skipped)
        parent.installEventFilter(self)
        self.hide()

    @property
    def title(self) -> str:
        """What is explained; empty while nothing is."""
        return "" if self.isHidden() else self._card.title.text()

    @property
    def hole(self) -> QRect:
        """What is left free of the veil; empty where nothing is pointed at."""
        target, whole = self._target, self.parentWidget()
        if target is None or whole is None or not target.isVisibleTo(whole):
            return QRect()
        shown = QRect(target.mapTo(whole, QPoint(0, 0)), target.size())
        area = _scrolled_by(target)
        if area is not None:
            port = area.viewport()
            shown = shown.intersected(QRect(port.mapTo(whole, QPoint(0, 0)), port.size()))
        return shown.intersected(self.rect())

    @property
    def card(self) -> QRect:
        """Where the card lies."""
        return self._card.geometry()

    def explain(self, said: Explained, target: QWidget | None) -> None:
        """Point at `target`, or at nothing, and say what it is."""
        self._target = target
        area = None if target is None else _scrolled_by(target)
        if area is not None and target is not None:
            area.ensureWidgetVisible(target)
        self._card.show_words(said)
        self.setAccessibleName(f"{said.title}. {said.said}")
        self._cover()
        self.show()
        self.raise_()
        self.setFocus()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme = theme
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._cover()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts = {
            Qt.Key.Key_Escape: self.skipped,
            Qt.Key.Key_Right: self.went_on,
            Qt.Key.Key_Return: self.went_on,
            Qt.Key.Key_Enter: self.went_on,
            Qt.Key.Key_Left: self.went_back,
        }
        act = acts.get(Qt.Key(event.key()))
        if act is not None:
            act.emit()
        event.accept()

    def event(self, event: QEvent) -> bool:
        # Keys mean the tour while it lasts, not the commands below it.
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil, hole = QPainterPath(), QRectF(self.hole)
        veil.addRect(QRectF(self.rect()))
        if not hole.isEmpty():
            cut = QPainterPath()
            cut.addRoundedRect(hole, _RADIUS, _RADIUS)
            veil -= cut
        painter.fillPath(veil, _VEIL)
        if not hole.isEmpty():
            painter.setPen(QPen(QColor(self._theme.acc), 2))
            painter.drawRoundedRect(hole.adjusted(1, 1, -1, -1), _RADIUS, _RADIUS)

    def _cover(self) -> None:
        whole = self.parentWidget()
        if whole is not None:
            self.setGeometry(whole.rect())
        self._card.setGeometry(_beside(self.hole, self.rect(), self._card.fitting()))
        self.update()


class _Card(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.title, self._said = make_wrapped_label("", "panel"), make_wrapped_label("", "body")
        self._place = make_label("", "caption")
        self.forward, self.back, self.skip = QPushButton(), QPushButton(), QPushButton()
        self.forward.setProperty("primary", True)
        self.skip.setProperty("link", True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._place)
        buttons.addStretch(1)
        for button in (self.skip, self.back, self.forward):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self._said)
        column.addSpacing(4)
        column.addLayout(buttons)

    def show_words(self, said: Explained) -> None:
        self.title.setText(said.title)
        self._said.setText(said.said)
        self._place.setText(said.place)
        for button, text in (
            (self.forward, said.forward),
            (self.back, said.back),
            (self.skip, said.skip),
        ):
            button.setText(text)
            button.setVisible(bool(text))

    def fitting(self) -> QSize:
        layout = self.layout()
        height = layout.totalHeightForWidth(_WIDTH) if layout is not None else 0
        return QSize(_WIDTH, height)


def _scrolled_by(widget: QWidget) -> QScrollArea | None:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent


def _beside(hole: QRect, whole: QRect, size: QSize) -> QRect:
    """Return where a card lies: beside the hole where there is most room, else in the middle."""
    if hole.isEmpty():
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(whole.center())
        return place
    rooms = {
        "right": whole.right() - hole.right() - size.width(),
        "left": hole.left() - whole.left() - size.width(),
        "below": whole.bottom() - hole.bottom() - size.height(),
        "above": hole.top() - whole.top() - size.height(),
    }
    side = max(rooms, key=lambda name: rooms[name])
    centred = QPoint(hole.center().x() - size.width() // 2, hole.center().y() - size.height() // 2)
    corners = {
        "right": QPoint(hole.right() + _GAP, centred.y()),
        "left": QPoint(hole.left() - _GAP - size.width(), centred.y()),
        "below": QPoint(centred.x(), hole.bottom() + _GAP),
        "above": QPoint(centred.x(), hole.top() - _GAP - size.height()),
    }
    # Where there is no room beside it, as around the image, the card lies inside the hole.
    at = (
        corners[side]
        if rooms[side] >= _GAP
        else hole.bottomRight() - QPoint(size.width() + _GAP, size.height() + _GAP)
    )
    x = max(whole.left() + _GAP, min(at.x(), whole.right() - _GAP - size.width()))
    y = max(whole.top() + _GAP, min(at.y(), whole.bottom() - _GAP - size.height()))
    return QRect(QPoint(x, y), size)

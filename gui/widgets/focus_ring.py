"""A ring around the control that the keyboard has reached.

A style sheet can neither tell a focus by keyboard from one by mouse nor draw outside a control.
"""

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QSlider, QTabBar, QWidget
from shiboken6 import isValid

_WIDTH = 2
_GAP = 1
_CONTROL_RADIUS = 6.0
_MOVING = frozenset({QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide})


def install_focus_ring(app: QApplication, colour: str) -> None:
    """Show a ring in `colour` around buttons, sliders and tab bars reached by the keyboard."""
    for follower in app.findChildren(
        _FocusFollower, options=Qt.FindChildOption.FindDirectChildrenOnly
    ):
        follower.colour = QColor(colour)
        return
    app.focusChanged.connect(_FocusFollower(app, QColor(colour)).follow)


class FocusRing(QWidget):
    """A ring that stays around one control; takes no events and covers nothing."""

    def __init__(self, target: QWidget, colour: QColor) -> None:
        super().__init__(target.window())
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._target = target
        self._colour = colour
        widget: QWidget | None = target
        while widget is not None and not widget.isWindow():
            widget.installEventFilter(self)
            widget = widget.parentWidget()
        self._surround()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVING and isValid(self._target):
            self._surround()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        half = _WIDTH / 2
        radius = _CONTROL_RADIUS + _GAP + half
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour, _WIDTH))
        frame = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.drawRoundedRect(frame, radius, radius)

    def _surround(self) -> None:
        margin = _WIDTH + _GAP
        origin = self._target.mapTo(self._target.window(), QPoint(0, 0))
        area = self._target.rect().translated(origin)
        self.setGeometry(area.adjusted(-margin, -margin, margin, margin))
        self.setVisible(self._target.isVisible())
        self.raise_()


class _FocusFollower(QObject):
    def __init__(self, app: QApplication, colour: QColor) -> None:
        super().__init__(app)
        self.colour = colour
        self._ring: FocusRing | None = None

    def follow(self, old: QWidget | None, now: QWidget | None) -> None:
        del old
        if self._ring is not None and isValid(self._ring):
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = FocusRing(now, self.colour) if now is not None and _by_key(now) else None


def _by_key(widget: QWidget) -> bool:
    # A press moves the focus while its button is down; all else that moves it is the keyboard.
    pressed = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
    return not pressed and isinstance(widget, QAbstractButton | QSlider | QTabBar)

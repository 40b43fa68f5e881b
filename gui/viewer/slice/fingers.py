"""Pens, fingers and touch pads over a slice, told as presses, moves, pans and zooms."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QInputDevice,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)

_LEAST_SPREAD = 20.0  # pixels between two fingers below which their distance says little
_PEN = {
    QEvent.Type.TabletPress: "press",
    QEvent.Type.TabletMove: "move",
    QEvent.Type.TabletRelease: "release",
}
_FINGERS = frozenset(
    {
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TouchEnd,
        QEvent.Type.TouchCancel,
    }
)


@dataclass(frozen=True)
class Contact:
    """Where something touches, in pixels of the view, and how."""

    at: QPointF
    button: Qt.MouseButton = Qt.MouseButton.LeftButton
    ctrl: bool = False
    eraser: bool = False
    pressure: float = 1.0


class Touched(Protocol):
    """A view that is pressed, moved over, panned and zoomed."""

    def mapFromGlobal(self, point: QPointF, /) -> QPointF: ...

    def press_at(self, contact: Contact) -> None: ...

    def move_to(self, contact: Contact) -> None: ...

    def release_at(self, contact: Contact) -> None: ...

    def cancel_touch(self) -> None: ...

    def pan_by(self, right: float, down: float) -> None: ...

    def zoom_at(self, factor: float, at: QPointF) -> None: ...


class Fingers:
    """Follows pens and fingers: one finger draws as the mouse does, two pan and zoom."""

    def __init__(self, view: Touched) -> None:
        self._view = view
        self._two: tuple[QPointF, float] | None = None
        self._one = False

    def take(self, event: QEvent) -> bool:
        """Do what the event asks for; False when it is of no pen and no finger."""
        if isinstance(event, QTabletEvent) and event.type() in _PEN:
            self._take_pen(event)
        elif isinstance(event, QNativeGestureEvent):
            return self._take_gesture(event)
        elif isinstance(event, QTouchEvent) and event.type() in _FINGERS:
            if event.device().type() == QInputDevice.DeviceType.TouchPad:
                return False
            self._take_fingers(event)
        else:
            return False
        event.accept()
        return True

    def _take_pen(self, event: QTabletEvent) -> None:
        contact = Contact(
            event.position(),
            event.button(),
            bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier),
            event.pointerType() == QPointingDevice.PointerType.Eraser,
            event.pressure(),
        )
        kind = _PEN[event.type()]
        if kind == "press":
            self._view.press_at(contact)
        elif kind == "move":
            self._view.move_to(contact)
        else:
            self._view.release_at(contact)

    def _take_gesture(self, event: QNativeGestureEvent) -> bool:
        kind = event.gestureType()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self._view.zoom_at(1.0 + event.value(), event.position())
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            self._view.pan_by(event.delta().x(), event.delta().y())
        else:
            return False
        event.accept()
        return True

    def _take_fingers(self, event: QTouchEvent) -> None:
        points = [self._view.mapFromGlobal(point.globalPosition()) for point in event.points()]
        ended = event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel)
        if ended:
            self._lift(points, broken_off=event.type() == QEvent.Type.TouchCancel)
        elif len(points) >= 2:
            self._pinch(points[0], points[1])
        elif event.type() == QEvent.Type.TouchBegin:
            self._one = True
            self._view.press_at(Contact(points[0]))
        elif self._one:
            self._view.move_to(Contact(points[0]))

    def _lift(self, points: list[QPointF], *, broken_off: bool) -> None:
        if self._one and broken_off:
            self._view.cancel_touch()
        elif self._one and points:
            self._view.release_at(Contact(points[0]))
        self._one, self._two = False, None

    def _pinch(self, first: QPointF, second: QPointF) -> None:
        """Pan with the middle of two fingers, zoom with their distance; what one drew is gone."""
        if self._one:
            self._one = False
            self._view.cancel_touch()
        middle, apart = (first + second) / 2, second - first
        spread = max((apart.x() ** 2 + apart.y() ** 2) ** 0.5, _LEAST_SPREAD)
        if self._two is not None:
            before, spread_before = self._two
            self._view.pan_by(middle.x() - before.x(), middle.y() - before.y())
            self._view.zoom_at(spread / spread_before, middle)
        self._two = middle, spread


def pans(event: QWheelEvent) -> bool:
    """Return whether a turn of the wheel means a pan: two fingers on a touch pad, Alt held."""
    held = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
    return held and event.device().type() == QInputDevice.DeviceType.TouchPad

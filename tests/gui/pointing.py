"""A mouse for the tests of the slice view: events go where the system would send them."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from gui.viewer.slice.slice_view import SliceView

NO_KEY = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT, RIGHT, MIDDLE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)


def point_of(view: SliceView, voxel: tuple[int, int]) -> QPoint:
    """Return where the middle of a voxel (y, x) lies in the view."""
    centre, (y, x) = view.centre, voxel
    shift = QPointF(x + 0.5 - centre.x(), y + 0.5 - centre.y()) * view.zoom
    return QPoint(view.width() // 2, view.height() // 2) + shift.toPoint()


def wheel(
    view: SliceView, angle: int, *, at: QPoint | None = None, keys: Qt.KeyboardModifier = NO_KEY
) -> None:
    """Turn the wheel over a point; 120 is one notch away from the reader."""
    where = QPointF(at if at is not None else view.viewport().rect().center())
    event = QWheelEvent(
        where,
        view.viewport().mapToGlobal(where),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def drag(view: SliceView, button: Qt.MouseButton, start: QPoint, *stops: QPoint) -> None:
    """Press at a point, move over others and release at the last."""
    press(view, button, start)
    for stop in stops:
        move(view, stop, button)
    release(view, button, stops[-1])


def press(
    view: SliceView, button: Qt.MouseButton, at: QPoint, keys: Qt.KeyboardModifier = NO_KEY
) -> None:
    """Press a button and keep it down."""
    _send(view, QEvent.Type.MouseButtonPress, at, button, button, keys)


def release(view: SliceView, button: Qt.MouseButton, at: QPoint) -> None:
    """Let a button come up."""
    _send(view, QEvent.Type.MouseButtonRelease, at, button, Qt.MouseButton.NoButton)


def double_click(view: SliceView, at: QPoint) -> None:
    """Click twice, as the system tells it: the second press is a double click."""
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
        _send(view, kind, at, LEFT, LEFT)
        release(view, LEFT, at)


def move(view: SliceView, to: QPoint, held: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    """Move the pointer, with a button held or none."""
    _send(view, QEvent.Type.MouseMove, to, Qt.MouseButton.NoButton, held)


def _send(
    view: SliceView,
    kind: QEvent.Type,
    at: QPoint,
    button: Qt.MouseButton,
    held: Qt.MouseButton,
    keys: Qt.KeyboardModifier = NO_KEY,
) -> None:
    there = QPointF(at)
    area = view.viewport()
    event = QMouseEvent(kind, there, QPointF(area.mapToGlobal(at)), button, held, keys)
    QApplication.sendEvent(area, event)

"""What reaches the tools of a pointer: every press, every sample, pens, fingers, the left hand."""

from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QCursor,
    QEventPoint,
    QInputDevice,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
)
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app.program import Program
from gui.shell.view_state import ViewState
from gui.viewer.drawn.picture import Masks, make_picture
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import Tool, Touch
from tests.gui.pointing import (
    LEFT,
    MIDDLE,
    NO_KEY,
    RIGHT,
    double_click,
    drag,
    move,
    press,
    release,
    wheel,
)
from tests.gui.showing import display_of, small_volume

AT, THERE = QPoint(150, 260), QPoint(180, 240)
BACK = Qt.MouseButton.BackButton
CTRL = Qt.KeyboardModifier.ControlModifier


@dataclass
class Heard:
    """What a view said."""

    touches: list[Touch] = field(default_factory=list)
    ranges: list[tuple[float, float]] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [touch.kind for touch in self.touches]


@pytest.fixture
def view(slice_view: SliceView) -> SliceView:
    display = display_of(small_volume(), ViewState(at=(1, 0, 0)))
    slice_view.show_display(display, make_picture(small_volume(), Masks(), display.picture))
    return slice_view


@pytest.fixture
def heard(view: SliceView) -> Heard:
    found = Heard()
    view.touched.connect(found.touches.append)
    view.window_level_dragged.connect(lambda right, up: found.ranges.append((right, up)))
    return found


@pytest.mark.parametrize("tool", ["brush", "eraser", "threshold", "fill", "smart", "component"])
def test_a_second_press_at_once_is_a_press(view: SliceView, heard: Heard, tool: Tool) -> None:
    view.set_tool(tool)
    double_click(view, AT)
    assert heard.kinds == ["press", "release", "press", "release"]


def test_a_second_press_at_once_closes_a_polygon(view: SliceView, heard: Heard) -> None:
    view.set_tool("lasso")
    double_click(view, AT)
    assert heard.kinds == ["press", "release", "double"]


@pytest.mark.parametrize("tool", ["pan", "window", "brush"])
@pytest.mark.parametrize("button", [BACK, Qt.MouseButton.ForwardButton])
def test_the_buttons_at_the_side_of_a_mouse_do_nothing(
    view: SliceView, heard: Heard, tool: Tool, button: Qt.MouseButton
) -> None:
    view.set_tool(tool)
    centre, zoom = view.centre, view.zoom
    drag(view, button, AT, AT + QPoint(30, 30), THERE)
    assert (heard.touches, heard.ranges) == ([], [])
    assert (view.centre, view.zoom) == (centre, zoom)


def test_another_button_neither_ends_a_stroke_nor_takes_it_over(
    view: SliceView, heard: Heard
) -> None:
    view.set_tool("brush")
    press(view, LEFT, AT)
    press(view, RIGHT, AT)
    release(view, RIGHT, AT)
    move(view, THERE, LEFT)
    release(view, LEFT, THERE)
    assert heard.kinds == ["press", "move", "release"]
    assert not any(touch.other for touch in heard.touches)


def test_a_drag_whose_release_went_elsewhere_ends_at_the_next_move(
    view: SliceView, heard: Heard
) -> None:
    view.set_tool("brush")
    press(view, LEFT, AT)
    move(view, THERE)
    assert heard.kinds[:2] == ["press", "release"]


def test_a_sample_between_two_pixels_lies_between_them(view: SliceView, heard: Heard) -> None:
    view.set_tool("brush")
    press(view, LEFT, AT)
    at = QPointF(AT) + QPointF(0.5, 0.25)
    to = QPointF(view.viewport().mapToGlobal(at))
    kind = QEvent.Type.MouseMove
    event = QMouseEvent(kind, at, to, Qt.MouseButton.NoButton, LEFT, NO_KEY)
    QApplication.sendEvent(view.viewport(), event)
    first, second = heard.touches
    assert (second.x - first.x) * view.zoom == pytest.approx(0.5)
    assert (second.y - first.y) * view.zoom == pytest.approx(0.25)


def test_a_tool_taken_before_the_pointer_moves_is_drawn_where_the_pointer_rests(
    view: SliceView, qtbot: QtBot
) -> None:
    view.window().activateWindow()
    QCursor.setPos(view.mapToGlobal(AT))
    qtbot.waitUntil(view.underMouse)
    view.set_tool("brush")
    view.set_brush(6.0, "+")
    assert view.cursor_centre is not None
    there = view.voxel_at(QPointF(AT))
    assert (view.cursor_centre - there).manhattanLength() < 1


def test_every_sample_of_a_stroke_is_heard(view: SliceView, heard: Heard) -> None:
    view.set_tool("brush")
    stops = [AT + QPoint(step, step % 7) for step in range(1, 200)]
    drag(view, LEFT, AT, *stops)
    assert heard.kinds == ["press", *["move"] * len(stops), "release"]


def test_the_system_hands_on_every_sample_of_the_pointer(program: Program) -> None:
    attribute = Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents
    assert not QCoreApplication.testAttribute(attribute)


def test_swapped_buttons_draw_with_the_right_and_zoom_with_the_left(
    view: SliceView, heard: Heard
) -> None:
    view.set_swapped(True)
    view.set_tool("brush")
    drag(view, RIGHT, AT, THERE)
    drag(view, LEFT, AT, THERE)
    assert [touch.other for touch in heard.touches] == [False] * 3 + [True] * 3
    view.set_tool("window")
    zoom = view.zoom
    drag(view, RIGHT, AT, THERE)
    assert heard.ranges == [(30.0, 20.0)]
    drag(view, LEFT, AT, THERE)
    assert view.zoom > zoom
    centre = view.centre
    drag(view, MIDDLE, AT, THERE)
    assert view.centre != centre


@pytest.mark.parametrize("times", [5, 40])
def test_the_image_never_becomes_too_small_to_be_seen(view: SliceView, times: int) -> None:
    for _ in range(times):
        wheel(view, -960, keys=CTRL)
    assert min(view.width() / 32, view.height() / 40) / view.zoom < 4.5
    assert f"Zoom {view.zoom:.1f}×" in view.hud_text("bottom_left")
    assert view.zoom > 1


def pen(view: SliceView, kind: QEvent.Type, at: QPoint, pressure: float, *, end: bool) -> None:
    """Send what a pen does; `end` is its eraser."""
    pointers = QPointingDevice.PointerType
    device = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        pointers.Eraser if end else pointers.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        1,
    )
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else LEFT
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else LEFT
    there = QPointF(at)
    to = QPointF(view.viewport().mapToGlobal(at))
    event = QTabletEvent(kind, device, there, to, pressure, 0, 0, 0, 0, 0, NO_KEY, button, held)
    QApplication.sendEvent(view.viewport(), event)


@pytest.mark.parametrize("end", [False, True])
def test_a_pen_draws_with_its_pressure_and_erases_with_its_end(
    view: SliceView, heard: Heard, end: bool
) -> None:
    view.set_tool("brush")
    pen(view, QEvent.Type.TabletPress, AT, 0.25, end=end)
    pen(view, QEvent.Type.TabletMove, THERE, 0.75, end=end)
    pen(view, QEvent.Type.TabletRelease, THERE, 0.0, end=end)
    assert heard.kinds == ["press", "move", "release"]
    assert [touch.pressure for touch in heard.touches[:2]] == pytest.approx([0.25, 0.75], abs=0.01)
    assert [touch.eraser for touch in heard.touches] == [end] * 3


SCREEN = QPointingDevice(
    "screen",
    2,
    QInputDevice.DeviceType.TouchScreen,
    QPointingDevice.PointerType.Finger,
    QInputDevice.Capability.Position,
    10,
    0,
)


def fingers(view: SliceView, kind: QEvent.Type, *at: QPoint) -> None:
    """Send where fingers touch the view."""
    state = {
        QEvent.Type.TouchBegin: QEventPoint.State.Pressed,
        QEvent.Type.TouchUpdate: QEventPoint.State.Updated,
        QEvent.Type.TouchEnd: QEventPoint.State.Released,
    }[kind]
    points = [
        QEventPoint(number, state, QPointF(point), QPointF(view.viewport().mapToGlobal(point)))
        for number, point in enumerate(at)
    ]
    QApplication.sendEvent(view.viewport(), QTouchEvent(kind, SCREEN, NO_KEY, points))


def test_one_finger_draws(view: SliceView, heard: Heard) -> None:
    view.set_tool("brush")
    fingers(view, QEvent.Type.TouchBegin, AT)
    fingers(view, QEvent.Type.TouchUpdate, THERE)
    fingers(view, QEvent.Type.TouchEnd, THERE)
    assert heard.kinds == ["press", "move", "release"]


def test_two_fingers_zoom_and_pan_and_draw_nothing(view: SliceView, heard: Heard) -> None:
    view.set_tool("brush")
    one, other = QPoint(200, 200), QPoint(260, 200)
    fingers(view, QEvent.Type.TouchBegin, one)
    fingers(view, QEvent.Type.TouchUpdate, one, other)
    zoom, under = view.zoom, view.voxel_at(QPointF(230, 200))
    fingers(view, QEvent.Type.TouchUpdate, QPoint(180, 230), QPoint(300, 230))
    fingers(view, QEvent.Type.TouchEnd, QPoint(180, 230), QPoint(300, 230))
    assert heard.kinds == ["press", "cancel"]
    assert view.zoom == pytest.approx(2 * zoom)
    found = view.voxel_at(QPointF(240, 230))
    assert (found.x(), found.y()) == pytest.approx((under.x(), under.y()), abs=0.05)


def test_a_pinch_on_a_touch_pad_zooms_around_the_pointer(view: SliceView) -> None:
    zoom, under = view.zoom, view.voxel_at(QPointF(AT))
    gesture = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        QPointF(AT),
        QPointF(AT),
        QPointF(view.viewport().mapToGlobal(AT)),
        0.2,
        QPointF(),
    )
    QApplication.sendEvent(view.viewport(), gesture)
    found = view.voxel_at(QPointF(AT))
    assert view.zoom == pytest.approx(1.2 * zoom)
    assert (found.x(), found.y()) == pytest.approx((under.x(), under.y()), abs=0.05)

"""The slice view under the hand: wheel, drags, tools, and which voxel lies under the pointer."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.domain.volume import Volume
from gui.shell.view_state import RGB, Display, ViewState
from gui.viewer.drawn.picture import Masks, make_picture
from gui.viewer.slice.slice_view import SliceView
from tests.gui.pointing import CTRL, LEFT, MIDDLE, RIGHT, drag, move, wheel
from tests.gui.showing import HEAD, display_of, pixels_of, small_volume
from tests.synthetic import volume_of

AT = QPoint(150, 260)


@pytest.fixture
def view(slice_view: SliceView) -> SliceView:
    put(slice_view, small_volume(), ViewState(at=(1, 0, 0)))
    return slice_view


def put(view: SliceView, volume: Volume, chosen: ViewState) -> Display:
    display = display_of(volume, chosen)
    view.show_display(display, make_picture(volume, Masks(), display.picture))
    return display


def voxel(view: SliceView, at: QPoint) -> tuple[float, float]:
    found = view.voxel_at(QPointF(at))
    return found.x(), found.y()


def steps(view: SliceView) -> list[int]:
    said: list[int] = []
    view.slice_stepped.connect(said.append)
    return said


def test_the_wheel_steps_slices_towards_the_reader(view: SliceView) -> None:
    said, zoom = steps(view), view.zoom
    for angle in (-120, 120, -360):
        wheel(view, angle)

    assert said == [1, -1, 3]
    assert view.zoom == zoom


def test_fine_wheels_add_up_to_a_slice(view: SliceView) -> None:
    said = steps(view)
    for angle in (-40, -40, -40, -60, -60, 30):
        wheel(view, angle)

    assert said == [1, 1]


@pytest.mark.parametrize("angle", [120, -120, 480, -480])
def test_ctrl_and_wheel_zoom_around_the_pointer(view: SliceView, angle: int) -> None:
    said, zoom, under = steps(view), view.zoom, voxel(view, AT)
    wheel(view, angle, at=AT, keys=CTRL)

    assert view.zoom == pytest.approx(zoom * 1.25 ** (angle / 120))
    assert voxel(view, AT) == pytest.approx(under, abs=0.05)
    assert said == []


@pytest.mark.parametrize("pixels", [80, -80])
def test_a_right_drag_zooms_around_where_it_began(view: SliceView, pixels: int) -> None:
    zoom, under = view.zoom, voxel(view, AT)
    stops = [AT - QPoint(5, pixels * part // 4) for part in range(1, 5)]
    drag(view, RIGHT, AT, *stops)

    assert view.zoom == pytest.approx(zoom * 1.008**pixels)
    assert voxel(view, AT) == pytest.approx(under, abs=0.05)


@pytest.mark.parametrize("button", [MIDDLE, LEFT])
@pytest.mark.parametrize("notches", [0, 4, -2])
def test_a_drag_moves_the_image_with_the_pointer(
    view: SliceView, button: Qt.MouseButton, notches: int
) -> None:
    wheel(view, 120 * notches, keys=CTRL)
    under, zoom, there = voxel(view, AT), view.zoom, AT + QPoint(60, -35)
    drag(view, button, AT, AT + QPoint(13, 20), there)

    assert voxel(view, there) == pytest.approx(under, abs=0.05)
    assert view.zoom == pytest.approx(zoom)


def test_the_window_tool_asks_for_another_range_and_moves_nothing(view: SliceView) -> None:
    asked: list[tuple[float, float]] = []
    view.window_level_dragged.connect(lambda right, up: asked.append((right, up)))
    view.set_tool("window")
    under = voxel(view, AT)
    drag(view, LEFT, AT, AT + QPoint(10, 0), AT + QPoint(10, -7))

    assert asked == [(10.0, 0.0), (0.0, 7.0)]
    assert voxel(view, AT) == under

    drag(view, MIDDLE, AT, AT + QPoint(20, 0))
    assert len(asked) == 2
    assert voxel(view, AT + QPoint(20, 0)) == pytest.approx(under, abs=0.05)


def test_moving_says_the_voxel_under_the_pointer_and_leaving_says_none(view: SliceView) -> None:
    said: list[QPointF | None] = []
    view.hovered.connect(said.append)
    move(view, AT)
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))

    assert said == [view.voxel_at(QPointF(AT)), None]


@pytest.mark.parametrize("notches", [0, 3, 7, -2])
@pytest.mark.parametrize("place", [(3, 5), (20, 28), (30, 11)])
def test_a_voxel_lies_where_it_is_drawn(
    view: SliceView, place: tuple[int, int], notches: int
) -> None:
    x, y = place
    pixels = np.zeros((3, 1, 40, 32), np.uint8)
    pixels[0, 0, y, x] = 255
    put(view, volume_of(pixels), ViewState(channel=RGB, exact_voxels=True))
    # Around the voxel, so that it stays in the view.
    centre = view.voxel_at(QPointF(250, 200))
    drag(view, MIDDLE, QPoint(250, 200), _towards(view, centre, (x + 0.5, y + 0.5)))
    wheel(view, 120 * notches, at=QPoint(250, 200), keys=CTRL)

    red = _red(view)
    edge = view.zoom
    assert (edge - 1.5) ** 2 <= len(red) <= (edge + 1.5) ** 2
    top, left = red.min(axis=0)
    bottom, right = red.max(axis=0)
    assert voxel(view, QPoint(left, top)) == pytest.approx((x, y), abs=1.5 / edge)
    assert voxel(view, QPoint(right, bottom)) == pytest.approx((x + 1, y + 1), abs=1.5 / edge)


def test_fit_shows_the_whole_head_as_large_as_it_goes(view: SliceView) -> None:
    y0, y1, x0, x1 = HEAD
    for width, height in ((500, 400), (300, 600), (900, 300)):
        view.resize(width, height)
        QApplication.processEvents()
        left, top = voxel(view, QPoint(0, 0))
        right, bottom = voxel(view, QPoint(width, height))
        assert left <= x0 < x1 <= right
        assert top <= y0 < y1 <= bottom
        shares = (x1 - x0) / (right - left), (y1 - y0) / (bottom - top)
        assert 0.94 < max(shares) <= 1.0


def test_zoom_stays_from_slice_to_slice_until_fit(view: SliceView) -> None:
    fitted = view.zoom
    wheel(view, 360, at=AT, keys=CTRL)
    zoomed, under = view.zoom, voxel(view, AT)
    put(view, small_volume(), ViewState(at=(2, 0, 0)))
    assert (view.zoom, voxel(view, AT)) == (zoomed, under)

    view.fit()
    assert view.zoom == pytest.approx(fitted)


def test_another_head_is_fitted(view: SliceView) -> None:
    before = view.zoom
    volume = small_volume()
    display = replace(display_of(volume, ViewState()), head=(10, 20, 10, 20))
    view.show_display(display, make_picture(volume, Masks(), display.picture))

    assert view.zoom > 1.5 * before


@pytest.mark.parametrize("angle", [12_000, -12_000])
def test_no_wheel_loses_the_image_for_good(view: SliceView, angle: int) -> None:
    fitted = view.zoom
    wheel(view, angle, at=AT, keys=CTRL)
    assert 0 < view.zoom <= 64.0001
    view.fit()
    assert view.zoom == pytest.approx(fitted)


def test_a_key_is_left_to_the_window(view: SliceView, qtbot: QtBot) -> None:
    under = voxel(view, AT)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_Home, Qt.Key.Key_T):
        qtbot.keyClick(view, key)
    assert voxel(view, AT) == under


def _towards(view: SliceView, middle: QPointF, wanted: tuple[float, float]) -> QPoint:
    """Return where a drag from the centre must end to bring a voxel there."""
    shift = QPointF(middle.x() - wanted[0], middle.y() - wanted[1]) * view.zoom
    return QPoint(250, 200) + shift.toPoint()


def _red(view: SliceView) -> NDArray[np.intp]:
    """Return the (row, column) of the red pixels; the words in the corners are white."""
    shown = pixels_of(view).astype(int)
    return np.argwhere(shown[..., 0] - shown[..., 1] > 200)


def test_space_leaves_no_frame_and_no_pointer_of_another_view(view: SliceView) -> None:
    volume, chosen = small_volume(), ViewState(at=(1, 0, 0))
    plain = pixels_of(view)
    view.mark((10, 20, 8, 18), "1 / 3")
    view.point_at(QPointF(20.0, 20.0))
    QApplication.processEvents()
    assert (pixels_of(view) != plain).any()
    put(view, volume, replace(chosen, overlays_hidden=True))
    QApplication.processEvents()
    np.testing.assert_array_equal(pixels_of(view), plain)
    put(view, volume, chosen)
    QApplication.processEvents()
    assert (pixels_of(view) != plain).any()


@pytest.mark.parametrize("box", [(10, 20, 8, 18), (0, 5, 0, 4), (30, 40, 26, 32)])
def test_the_words_of_a_frame_stand_on_their_own_ground_inside_the_view(
    view: SliceView, box: tuple[int, int, int, int]
) -> None:
    plain = pixels_of(view)
    view.mark(box, "1 / 279")
    framed = pixels_of(view)
    view.mark(box, "")
    QApplication.processEvents()
    words = (framed != pixels_of(view)).any(axis=2)
    rows, columns = np.flatnonzero(words.any(axis=1)), np.flatnonzero(words.any(axis=0))
    assert 8 < np.ptp(rows) < 24
    assert 30 < np.ptp(columns) < 90
    ground = framed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    before = plain[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert np.median(ground) <= np.median(before) * 0.4 + 1

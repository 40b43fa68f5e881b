"""What the drawing tools draw under the mouse, over one slice view without the rest of a window."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.annotation import regions
from core.annotation.patch import in_plane
from core.domain.mask import Mask
from gui.shell.session_parts import OpenCase
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import Tool
from tests.gui.drawing_desk import DrawingDesk
from tests.gui.hand import Hand, Voxel
from tests.gui.pointing import CTRL, LEFT, NO_KEY, RIGHT
from tests.gui.tiny import SLICES, probability, write_dataset

EMPTY = (35, 8)
"""A voxel far from truth and prediction."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("strokes") / "tiny cases")


@pytest.fixture
def desk(qtbot: QtBot, home: Path, folder: Path, slice_view: SliceView) -> Iterator[DrawingDesk]:
    """A case with its prediction, the third slice on screen."""
    made = DrawingDesk(qtbot, home, folder, slice_view)
    made.open("A_1")
    made.predict(probability(SLICES["A_1"]))
    yield made
    made.close()


@pytest.fixture
def hand(desk: DrawingDesk, qtbot: QtBot) -> Hand:
    return Hand(desk, qtbot)


def opened(desk: DrawingDesk) -> OpenCase:
    found = desk.session.open_case
    assert found is not None
    return found


def truth(desk: DrawingDesk) -> Mask:
    mask = opened(desk).loaded.ground_truth
    assert mask is not None
    return mask


def prediction(desk: DrawingDesk) -> Mask:
    result = desk.session.result
    assert result is not None
    assert result.counted is not None
    return result.counted.mask


def middle(desk: DrawingDesk) -> Voxel:
    """Return a voxel amid the predicted lesion."""
    y, x = np.argwhere(prediction(desk)[2]).mean(axis=0)
    return int(y), int(x)


def take(desk: DrawingDesk, tool: Tool, size: int = 1) -> None:
    """Take a tool in hand, as large as a voxel or as told."""
    desk.drawing.set_tool(tool)
    desk.drawing.change(size=size)


def clear_slice(desk: DrawingDesk) -> None:
    cut = desk.session.view.cut
    make = in_plane(cut.plane, partial(regions.clear, z=cut.index))
    assert desk.desk.apply("clear slice", make, cut=cut)
    desk.settle()


def is_untouched(desk: DrawingDesk) -> bool:
    known = desk.desk.known
    return known is None or not known.can_undo


def test_the_brush_is_round_and_as_large_as_it_says(desk: DrawingDesk, hand: Hand) -> None:
    before = prediction(desk)[2]
    take(desk, "brush", 9)
    hand.draw((36, 10))
    y, x = np.mgrid[:48, :48]
    disc = np.hypot(y - 36, x - 10) <= 4.5
    drawn = hand.plane & ~before & 1
    assert int((drawn.astype(bool) ^ disc).sum()) <= 8  # a pixel of the screen is no whole voxel


@pytest.mark.parametrize(("pointer", "keys"), [(RIGHT, NO_KEY), (LEFT, CTRL)])
def test_the_right_button_and_ctrl_do_the_opposite(
    desk: DrawingDesk, hand: Hand, pointer: Qt.MouseButton, keys: Qt.KeyboardModifier
) -> None:
    take(desk, "brush", 5)
    inside = middle(desk)
    hand.draw(inside, button=pointer, keys=keys)
    assert hand.plane[inside] == 0
    take(desk, "eraser", 5)
    hand.draw(inside, button=pointer, keys=keys)
    assert hand.plane[inside] == 1
    hand.draw(inside)
    assert hand.plane[inside] == 0


def test_corners_make_a_polygon_and_a_double_click_closes_it(desk: DrawingDesk, hand: Hand) -> None:
    take(desk, "lasso")
    for corner in ((30, 4), (30, 16), (42, 16)):
        hand.draw(corner)
    hand.double_click((42, 4))
    assert hand.plane[31:42, 5:16].all()
    assert hand.plane[28, 10] == hand.plane[36, 2] == 0
    assert hand.correction.tools == {"lasso": 1}


def test_a_click_on_the_first_corner_closes_a_polygon(desk: DrawingDesk, hand: Hand) -> None:
    take(desk, "lasso")
    for corner in ((30, 4), (30, 16), (42, 16), (42, 4), (30, 4)):
        hand.draw(corner)
    assert hand.plane[31:42, 5:16].all()


def test_an_unsteady_hand_does_not_close_a_polygon(desk: DrawingDesk, hand: Hand) -> None:
    take(desk, "lasso")
    for corner in ((30, 4), (30, 16), (42, 16)):
        hand.press(corner)
        hand.tremble()
        hand.release()
    assert is_untouched(desk)
    hand.double_click((42, 4))
    assert hand.plane[32:41, 6:15].all()


def test_a_drag_is_a_lasso_and_the_right_button_cuts(desk: DrawingDesk, hand: Hand) -> None:
    take(desk, "lasso")
    around = ((30, 4), (30, 16), (42, 16), (42, 4))
    hand.draw(*around)
    assert hand.plane[31:42, 5:16].all()
    hand.draw((34, 8), (34, 12), (38, 12), (38, 8), button=RIGHT)
    assert not hand.plane[35:38, 9:12].any()
    assert hand.correction.tools == {"lasso": 2}


def test_escape_drops_a_half_drawn_polygon(desk: DrawingDesk, hand: Hand) -> None:
    take(desk, "lasso")
    for corner in ((30, 4), (30, 16), (42, 16)):
        hand.draw(corner)
    assert desk.drawing.holds
    QTest.keyClick(desk.view, Qt.Key.Key_Escape)
    hand.double_click((42, 4))
    assert is_untouched(desk)


def test_escape_while_the_button_is_down_drops_the_lasso(desk: DrawingDesk, hand: Hand) -> None:
    take(desk, "lasso")
    hand.press((30, 4))
    hand.move((30, 16))
    assert desk.drawing.holds
    QTest.keyClick(desk.view, Qt.Key.Key_Escape)
    hand.move((42, 16))
    hand.release()
    assert is_untouched(desk)


def test_the_threshold_brush_paints_what_is_as_bright_as_its_first_voxel(
    desk: DrawingDesk, hand: Hand
) -> None:
    flair = opened(desk).loaded.volume.pixels[1, 2].astype(int)
    clear_slice(desk)
    take(desk, "threshold", 30)
    bright = (19, 28)
    hand.draw(bright, (19, 26))
    drawn = hand.plane.astype(bool)
    span = dict(opened(desk).automatic)["FLAIR"].window
    near = np.abs(flair - flair[bright]) <= desk.drawing.settings.window * span
    assert drawn.any()
    assert near[drawn].all()
    assert not drawn.all()


def test_the_flood_fill_stays_in_its_slice_or_goes_through_all(
    desk: DrawingDesk, hand: Hand
) -> None:
    clear_slice(desk)
    desk.drawing.set_tool("fill")
    span = dict(opened(desk).automatic)["FLAIR"].window
    desk.drawing.change(tolerance=40 / span)
    hand.draw((19, 28))
    hand.settle()
    np.testing.assert_array_equal(hand.plane, truth(desk)[2])

    desk.drawing.change(volumetric=True)
    hand.draw((19, 28))
    hand.settle()
    assert (hand.correction.mask >= truth(desk)).all()
    assert hand.correction.tools["fill"] == 2


def test_a_click_takes_a_predicted_lesion_and_a_right_click_deletes_it(
    desk: DrawingDesk, hand: Hand
) -> None:
    start, inside = prediction(desk), middle(desk)
    desk.drawing.set_tool("component")
    for _ in range(2):  # it is marked first
        hand.draw(inside, button=RIGHT)
        hand.settle()
    assert not hand.plane.any()
    for _ in range(2):
        hand.draw(inside)
        hand.settle()
    np.testing.assert_array_equal(hand.correction.mask, start)


def test_taking_a_lesion_has_no_mode_that_another_tool_was_left_in(
    desk: DrawingDesk, hand: Hand
) -> None:
    start, inside = prediction(desk), middle(desk)
    clear_slice(desk)
    desk.drawing.set_tool("brush")
    desk.drawing.change(remove=True)
    desk.drawing.set_tool("component")
    hand.draw(inside)
    hand.settle()
    np.testing.assert_array_equal(hand.correction.mask[2], start[2])


@pytest.mark.parametrize(
    ("tool", "removes"),
    [("brush", False), ("eraser", True), ("threshold", False), ("lasso", False), ("fill", False)],
)
def test_the_cursor_shows_what_a_press_will_do(
    desk: DrawingDesk, hand: Hand, tool: Tool, removes: bool
) -> None:
    view, signs = desk.view, ("−", "+") if removes else ("+", "−")
    before: str = view.sign
    assert before == ""
    desk.drawing.set_tool(tool)
    hand.hover(EMPTY)
    assert view.sign == signs[0]
    QTest.keyPress(view, Qt.Key.Key_Control)
    assert view.sign == signs[1]
    QTest.keyRelease(view, Qt.Key.Key_Control)
    assert view.sign == signs[0]
    hand.press(EMPTY, RIGHT)
    assert view.sign == signs[1]
    hand.release(RIGHT)
    assert view.sign == signs[0]
    desk.drawing.change(remove=True)
    hand.hover(EMPTY)
    assert view.sign == "−"


def test_half_drawn_things_do_not_come_along_to_another_case(desk: DrawingDesk, hand: Hand) -> None:
    take(desk, "lasso")
    for corner in ((30, 4), (30, 16), (42, 16)):
        hand.draw(corner)
    desk.open(next(name for name in SLICES if name != "A_1"))
    hand.double_click((42, 4))
    QApplication.processEvents()
    assert is_untouched(desk)

"""The drawing tools in the whole window: their keys, their card, what wheel and Esc do to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations, product
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import (
    QInputDialog,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from scipy import ndimage

from core.annotation import shapes
from core.annotation.patch import Patch
from core.domain.components import box_slices
from core.domain.mask import Mask
from gui.app.program import Program
from tests import patience
from tests.gui.finding import button, by_name, texts
from tests.gui.hand import Hand, Voxel
from tests.gui.pointing import RIGHT, SHIFT, wheel
from tests.gui.pressing import Press
from tests.gui.tiny import predicted_mask, settle, toasts, true_mask

EMPTY = (35, 8)
"""A voxel far from truth and prediction."""


@pytest.fixture(autouse=True)
def on_a_slice(program: Program) -> None:
    program.viewer.verbs.go_to_slice(2)


def size(program: Program) -> int:
    return program.annotation.paint_tools.settings.size


def middle(program: Program) -> Voxel:
    """Return a voxel amid the predicted lesion."""
    y, x = np.argwhere(predicted_mask(program)[2]).mean(axis=0)
    return int(y), int(x)


def pieces(plane: NDArray[np.uint8]) -> int:
    return int(ndimage.label(plane, np.ones((3, 3)))[1])


def take(press: Press, program: Program, key: str, size: int = 1) -> None:
    """Take a tool in hand, as large as a voxel or as told."""
    press(key)
    program.annotation.paint_tools.change(size=size)


def test_a_quick_stroke_leaves_no_gap_and_is_one_step(
    program: Program, press: Press, hand: Hand
) -> None:
    start = predicted_mask(program)
    take(press, program, "B")
    hand.draw((30, 4), (38, 4), (38, 20), (44, 30))
    drawn = hand.plane & ~start[2] & 1
    assert pieces(drawn) == 1
    assert all(drawn[y, x] for y, x in ((30, 4), (34, 4), (38, 4), (38, 12), (38, 20), (44, 30)))
    assert hand.correction.tools == {"brush": 1}

    press("Ctrl+Z")
    np.testing.assert_array_equal(hand.correction.mask, start)
    assert not hand.correction.can_undo
    press("Ctrl+Shift+Z")
    np.testing.assert_array_equal(hand.plane & ~start[2] & 1, drawn)


def test_shift_and_the_wheel_resize_and_the_wheel_changes_the_slice(
    program: Program, press: Press
) -> None:
    view = program.window.view
    press("B")
    before, index = size(program), program.session.view.slice_index
    wheel(view, 120, keys=SHIFT)
    larger = size(program)
    assert larger > before
    wheel(view, -120, keys=SHIFT)
    assert size(program) < larger
    assert program.session.view.slice_index == index

    wheel(view, -120)
    assert program.session.view.slice_index == index + 1
    wheel(view, 120)
    assert program.session.view.slice_index == index


def test_the_brush_has_a_smallest_and_a_largest_size(program: Program, press: Press) -> None:
    press("B")
    program.annotation.paint_tools.change(size=180)
    for _ in range(4):
        press("]")
    assert size(program) == 200
    assert "200 px" in texts(program.window.card)
    program.annotation.paint_tools.change(size=3)
    for _ in range(4):
        press("[")
    assert size(program) == 1


def test_a_tool_key_pressed_again_puts_the_tool_back(program: Program, press: Press) -> None:
    card = program.window.card
    for key in "BEHLGQD":
        press(key)
        assert card.isVisible()
        assert key in texts(card)
        press(key)
        assert program.annotation.paint_tools.tool == "pan"
        assert not card.isVisible()


def test_escape_takes_a_stroke_in_hand_back(program: Program, press: Press, hand: Hand) -> None:
    start = predicted_mask(program)
    take(press, program, "B", 7)
    hand.press(EMPTY)
    hand.move((38, 20))
    assert hand.plane[EMPTY] == 1
    press("Esc")
    np.testing.assert_array_equal(hand.correction.mask, start)
    hand.move((38, 30))
    hand.release()
    np.testing.assert_array_equal(hand.correction.mask, start)
    assert not hand.correction.can_undo


@contextmanager
def computing(program: Program, qtbot: QtBot) -> Iterator[Event]:
    """Compute an edit that grows every lesion until the event is set; leave with the lanes idle."""
    go_on, begun = Event(), Event()

    def make(mask: Mask) -> Patch | None:
        begun.set()
        go_on.wait(patience.SECONDS)
        return shapes.grow(mask, by=1)

    program.annotation.desk.apply_later("grow", make)
    qtbot.waitUntil(begun.is_set)
    try:
        yield go_on
    finally:
        go_on.set()
        settle(qtbot, program)


def test_an_edit_that_takes_a_moment_is_seen_to_be_computed(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    press("=")
    start = program.session.correction
    assert start is not None
    before = start.mask.sum()
    with computing(program, qtbot) as go_on:
        qtbot.waitUntil(lambda: "Grow is being computed…" in texts(program.window.status))
        program.annotation.desk.apply_later("interpolate", lambda mask: None)
        qtbot.waitUntil(lambda: any("Grow is still being computed" in t for t in toasts(program)))
        go_on.set()
        qtbot.waitUntil(lambda: "Grow is being computed…" not in texts(program.window.status))
    assert start.mask.sum() > before


@pytest.mark.parametrize("way", ["Esc", "button"])
def test_an_edit_being_computed_can_be_stopped(
    program: Program, press: Press, qtbot: QtBot, way: str
) -> None:
    press("=")
    correction = program.session.correction
    assert correction is not None
    before = correction.mask.copy()
    with computing(program, qtbot):
        qtbot.waitUntil(lambda: "Grow is being computed…" in texts(program.window.status))
        if way == "Esc":
            press("Esc")
        else:
            button(program.window.status, "Stop").click()
        assert "Grow is being computed…" not in texts(program.window.status)
    np.testing.assert_array_equal(correction.mask, before)


def test_the_card_is_a_line_over_a_narrow_image_until_it_is_unfolded(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    card = program.window.card
    press("B")
    assert not card.folded
    whole = card.height()
    press("Ctrl+3")
    settle(qtbot, program)
    assert card.folded
    assert by_name(card, QToolButton, "Show the settings of the tool").height() < card.height()
    assert card.height() < whole / 2
    assert f"{size(program)} px" in texts(card)
    by_name(card, QToolButton, "Show the settings of the tool").click()
    assert not card.folded
    press("E")
    assert not card.folded  # as the reader wants it there
    press("Ctrl+1")
    settle(qtbot, program)
    assert not card.folded
    by_name(card, QToolButton, "Fold the settings away").click()
    press("B")
    assert card.folded


def test_what_is_in_hand_is_asked_about_as_long_as_it_is_there(
    program: Program, press: Press, hand: Hand
) -> None:
    program.context.trigger("delete_component")  # as from the menu, no pointer over the image
    (said,) = toasts(program)
    assert "Delete lesion" in said
    assert "Click the lesion" in said
    hand.draw(middle(program))
    hand.settle()
    (said,) = toasts(program)
    assert "voxels are marked" in said
    press("Esc")
    assert toasts(program) == []


def test_a_slice_or_the_case_grows_and_shrinks_by_as_many_voxels_as_told(
    program: Program, press: Press, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = predicted_mask(program)
    for (command, z), by in product((("reshape", 2), ("reshape_case", None)), (3, -2)):
        monkeypatch.setattr(QInputDialog, "getInt", lambda *_, by=by: (by, True))
        program.window.actions[command].trigger()
        hand.settle()
        make = shapes.grow if by > 0 else shapes.shrink
        patch = make(start, by=abs(by), z=z)
        assert patch is not None
        wanted = start.copy()
        wanted[box_slices(patch.box)] = patch.values
        np.testing.assert_array_equal(hand.correction.mask, wanted)
        assert hand.correction.tools == {"grow" if by > 0 else "shrink": 1}
        press("Ctrl+Z")
        np.testing.assert_array_equal(hand.correction.mask, start)


def test_scribbles_inside_and_outside_are_completed_by_enter(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    press("Ctrl+Delete")
    take(press, program, "Q", 2)
    hand.draw((17, 28), (21, 28))
    hand.draw((6, 20), (6, 36), (34, 38), (36, 18), (8, 16), button=RIGHT)
    press("Return")
    settle(qtbot, program)
    truth = true_mask(program)
    found = hand.plane
    overlap = 2 * (found & truth[2]).sum() / (found.sum() + truth[2].sum())
    assert overlap > 0.9


def test_the_card_sets_what_the_tool_does(program: Program, press: Press, hand: Hand) -> None:
    take(press, program, "B", 5)
    inside = middle(program)
    by_name(program.window.card, QPushButton, "The tool: Remove").click()
    hand.draw(inside)
    assert hand.plane[inside] == 0
    press("Q")
    assert button(program.window.card, "Complete (Enter)").isVisible()


def test_nothing_of_the_card_overlaps_when_what_it_says_changes(
    program: Program, press: Press
) -> None:
    card = program.window.card
    said = (None, "the ground truth", "the prediction of a model of a rather long name", None)
    for key, start in product("BQGHL", said):
        if start is None:
            press(key)
        card.show_start("prediction", start)
        parts = [p for p in card.findChildren(QWidget) if p.isVisible() and not p.children()]
        boxes = [QRect(part.mapTo(card, QPoint()), part.size()) for part in parts]
        assert all(card.rect().contains(box) for box in boxes)
        assert not any(one.intersects(other) for one, other in combinations(boxes, 2))
        labels = [p for p in parts if isinstance(p, QLabel) and p.wordWrap()]
        assert all(label.height() >= label.heightForWidth(label.width()) for label in labels)


def test_card_and_status_bar_name_the_button_that_the_hand_has(
    program: Program, press: Press
) -> None:
    for key in ("B", "E", "Shift+D"):
        press(key)
        assert any("ight" in said for said in texts(program.window.card))
        program.context.trigger("swap_buttons")
        for part in (program.window.card, program.window.status):
            assert not any("ight-" in said or "Right" in said for said in texts(part))
        assert any("eft" in said for said in texts(program.window.card))
        program.context.trigger("swap_buttons")

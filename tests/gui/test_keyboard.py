"""Help by key, Space over the overlays, and keys that a text field needs for itself."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QLineEdit,
    QPushButton,
    QTreeWidgetItemIterator,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from gui.app.program import Program
from gui.shell.commands import COMMANDS
from gui.shell.help import Page
from gui.shell.keyboard import Keyboard
from gui.shell.shortcuts import ShortcutSheet
from tests.gui.finding import button, by_name
from tests.gui.pressing import Press
from tests.gui.tiny import settle, shown_case

Key = Qt.Key


@pytest.fixture
def program(lent: Program) -> Program:
    """One window for all of them."""
    return lent


def pages(program: Program) -> list[Page]:
    return [page for page in program.window.findChildren(Page) if page.isVisible()]


def test_f1_opens_the_guide_and_the_question_mark_the_sheet(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    press("F1")
    (guide,) = pages(program)
    assert "guide" in guide.windowTitle()
    assert len(guide.browser.toPlainText()) > 500
    guide.reject()
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)

    press("?")
    (sheet,) = program.window.findChildren(ShortcutSheet)
    assert sheet.isVisible()
    rows = QTreeWidgetItemIterator(sheet.tree)
    said = set()
    while item := rows.value():
        said |= {item.text(0), item.text(1)}
        rows += 1
    assert {command.text for command in COMMANDS if command.keys} <= said
    assert {"Wheel", "Space"} <= said


def test_pages_of_help_do_not_pile_up(program: Program, press: Press) -> None:
    for _ in range(3):
        press("F1")
        program.window.activateWindow()
    assert len(pages(program)) == 1
    pages(program)[0].reject()
    QApplication.processEvents()
    press("F1")
    assert len(program.window.findChildren(Page)) == 1


def test_space_hides_the_overlays_while_it_is_held(program: Program, qtbot: QtBot) -> None:
    window, before = program.window, program.session.view
    for region in (window.view, window.worklist, window.strip):
        region.setFocus()
        target = QApplication.focusWidget() or window
        qtbot.keyPress(target, Key.Key_Space)
        assert program.session.view.overlays_hidden
        qtbot.keyRelease(target, Key.Key_Space)
        assert program.session.view == before


def test_space_hides_the_overlays_wherever_the_focus_was_left(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    """F6 leads to a button: held down, Space is a look under the mask there as anywhere."""
    for _ in range(7):
        press("F6")
        control = QApplication.focusWidget()
        assert control is not None
        qtbot.keyPress(control, Key.Key_Space)
        assert program.session.view.overlays_hidden, control
        qtbot.keyRelease(control, Key.Key_Space)
        assert not program.session.view.overlays_hidden, control
    box = by_name(program.window, QCheckBox, "Fill holes")
    box.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(box, Key.Key_Space)
    assert not program.session.post.fill_holes


def test_enter_presses_the_control_that_tab_has_reached_and_no_other(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    box = by_name(program.window, QCheckBox, "Fill holes")
    box.setFocus(Qt.FocusReason.TabFocusReason)
    press("Return")
    assert program.session.post.fill_holes
    button = by_name(program.window, QPushButton, "Metrics of: Slice")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    other = by_name(program.window, QPushButton, "Metrics of: Case")
    other.setFocus(Qt.FocusReason.MouseFocusReason)
    press("Return")
    assert button.isChecked()


def test_space_after_a_click_on_a_button_is_a_look_under_the_mask(
    program: Program, qtbot: QtBot
) -> None:
    button = by_name(program.window, QPushButton, "Metrics of: Slice")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is button
    qtbot.keyPress(button, Key.Key_Space)
    assert program.session.view.overlays_hidden
    qtbot.keyRelease(button, Key.Key_Space)
    assert not program.session.view.overlays_hidden


def test_overlays_come_back_though_the_key_comes_up_elsewhere(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    qtbot.keyPress(program.window.view, Key.Key_Space)
    press("Ctrl+F")
    qtbot.keyRelease(QApplication.focusWidget(), Key.Key_Space)
    assert not program.session.view.overlays_hidden

    program.window.view.setFocus()
    qtbot.keyPress(program.window.view, Key.Key_Space)
    assert program.session.view.overlays_hidden
    press("F1")
    qtbot.waitUntil(lambda: not program.session.view.overlays_hidden)


def test_keys_are_typed_into_the_search_field_and_start_nothing(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    press("Ctrl+F")
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    before, tool = program.session.view, program.window.actions["window_tool"].isChecked()
    typed = "tpfmwv0,. ?ab"
    for letter in typed:
        qtbot.keyClicks(field, letter)
        for key in (Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Home, Key.Key_End):
            qtbot.keyClick(field, key)
    assert field.text() == typed
    assert program.session.view == before
    assert program.window.actions["window_tool"].isChecked() is tool
    assert pages(program) == []

    field.clear()
    program.window.view.setFocus()
    press("T")
    assert not program.session.view.truth.visible


def test_keys_with_ctrl_and_page_keys_work_from_the_search_field(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    press("Ctrl+F")
    press("Ctrl+Shift+J")
    assert program.session.view.window_level("FLAIR") is not None
    order, here = program.window.worklist.order(), shown_case(program)
    press("PgDown")
    settle(qtbot, program)
    assert shown_case(program) == order[order.index(here) + 1]


def test_a_control_that_goes_under_the_focus_hands_it_to_the_image(
    program: Program, qtbot: QtBot
) -> None:
    """Else the next one gets it, as what stops a run gets it from what started that."""
    run = button(program.window.top_bar, "Run case")
    for go in (run.setDisabled, run.setHidden):
        run.setFocus(Qt.FocusReason.TabFocusReason)
        assert run.hasFocus()
        go(True)
        qtbot.waitUntil(program.window.view.hasFocus)
        go(False)


def test_keys_are_followed_over_a_control_that_is_gone(qtbot: QtBot) -> None:
    """Until another has the focus they come to the window, and Tab leads on from there."""
    window, said = QWidget(), []
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    going, staying = QPushButton("Going"), QPushButton("Staying")
    for each in (going, staying):
        column.addWidget(each)
        each.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    keyboard = Keyboard(window)
    keyboard.space_held.connect(said.append)
    staying.clicked.connect(lambda: said.append("clicked"))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)

    going.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.keyClick(going, Key.Key_Space)
    assert said == [True, False]
    staying.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    delete(going)
    assert QApplication.focusWidget() is None
    qtbot.keyClick(window, Key.Key_Space)
    assert said == [True, False] * 2

    staying.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    staying.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(staying, Key.Key_Space)
    assert said == [True, False] * 3
    qtbot.keyClick(staying, Key.Key_Return)
    assert said == [*[True, False] * 3, "clicked"]

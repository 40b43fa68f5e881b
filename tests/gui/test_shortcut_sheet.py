"""Keys that the reader gives to commands: set in the sheet, obeyed, named, kept, taken back."""

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QTreeWidgetItem,
    QTreeWidgetItemIterator,
    QWidget,
)
from pytestqt.qtbot import QtBot

from core.workspace.settings import load_settings, settings_path
from gui.app.program import Program
from gui.shell.commands import keys_of
from gui.shell.shortcuts import ShortcutSheet
from tests.gui.conftest import Start, shut
from tests.gui.finding import button, by_name, texts
from tests.gui.pressing import Press
from tests.gui.tiny import activate


@pytest.fixture
def sheet(program: Program, press: Press) -> ShortcutSheet:
    press("?")
    (found,) = program.window.findChildren(ShortcutSheet)
    return found


def row(sheet: ShortcutSheet, text: str) -> QTreeWidgetItem:
    rows = QTreeWidgetItemIterator(sheet.tree)
    while (item := rows.value()) is not None:
        if item.text(0) == text:
            return item
        rows += 1
    raise AssertionError(f"no line says {text!r}")


def give(sheet: ShortcutSheet, command: str, key: str) -> None:
    """Choose a command, press its new key in the field, and take it."""
    sheet.tree.setCurrentItem(row(sheet, command))
    field = by_name(sheet, QKeySequenceEdit, "New key")
    combined = QKeySequence(key)[0]
    QTest.keyClick(field, combined.key(), combined.keyboardModifiers())
    button(sheet, "Set").click()


def test_a_new_key_starts_the_command_and_the_old_one_does_not(
    program: Program, press: Press, sheet: ShortcutSheet, qtbot: QtBot
) -> None:
    give(sheet, "Brush", "J")
    assert row(sheet, "Brush").text(1) == "J"
    sheet.reject()
    activate(qtbot, program)
    chosen = []
    for key in ("B", "J"):
        press(key)
        chosen.append(program.annotation.paint_tools.tool)
    assert chosen == ["pan", "brush"]
    assert "J" in texts(program.window.card)
    tips = [b.toolTip() for b in program.window.rail.findChildren(QToolButton)]
    assert "Brush (J)" in tips


def test_keys_are_kept_for_the_next_start(
    program: Program, sheet: ShortcutSheet, start: Start, predicted: Path, qtbot: QtBot
) -> None:
    give(sheet, "Accept the prediction", "Ctrl+Shift+A")
    shut(program)
    assert load_settings(settings_path()).keys == {"accept": ("Ctrl+Shift+A",)}
    other = start(predicted)
    assert other.window.actions["accept"].shortcut().toString() == "Ctrl+Shift+A"
    Press(other, qtbot)("?")
    (again,) = other.window.findChildren(ShortcutSheet)
    assert row(again, "Accept the prediction").text(1) == "Ctrl+Shift+A"


def test_a_key_in_use_is_told_and_not_taken(program: Program, sheet: ShortcutSheet) -> None:
    give(sheet, "Brush", "E")
    assert any("E already means: Eraser" in text for text in texts(sheet))
    assert row(sheet, "Brush").text(1) == "B"
    assert program.session.settings.keys == {}
    assert program.window.actions["eraser_tool"].shortcut().toString() == "E"


def test_a_key_that_was_given_up_is_free(program: Program, sheet: ShortcutSheet) -> None:
    give(sheet, "Eraser", "J")
    give(sheet, "Brush", "E")
    assert program.session.settings.keys == {"eraser_tool": ("J",), "brush_tool": ("E",)}
    sheet.tree.setCurrentItem(row(sheet, "Eraser"))
    button(sheet, "Its own key").click()
    assert any("E now means: Brush" in text for text in texts(sheet))
    assert program.window.actions["eraser_tool"].shortcut().toString() == "J"


def test_a_key_of_the_readers_own_is_no_longer_anothers() -> None:
    given = {"brush_tool": ("F7", "E")}
    assert keys_of("brush_tool", given) == ("F7", "E")
    assert keys_of("cine", given) == ()
    assert keys_of("eraser_tool", given) == ()
    assert keys_of("redo", {"undo": ("Ctrl+Y",)}) == ("Ctrl+Shift+Z",)


def hidden(sheet: ShortcutSheet) -> set[str]:
    return {name for name in ("Brush", "Undo", "Brush size") if row(sheet, name).isHidden()}


def test_the_sheet_is_searched_by_name_and_key(qtbot: QtBot, qapp: QApplication) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    sheet = ShortcutSheet(parent, {})
    sheet.show()
    field = by_name(sheet, QLineEdit, "Search commands and keys")
    for words, gone in (
        ("brush", {"Undo"}),
        ("CTRL+Z", {"Brush", "Brush size"}),
        ("correct brush size", {"Undo", "Brush"}),
        ("", set()),
    ):
        field.setText(words)
        assert hidden(sheet) == gone, words


def test_space_stays_a_look_under_the_overlays(program: Program, sheet: ShortcutSheet) -> None:
    give(sheet, "Brush", "Space")
    assert any("Space hides all overlays" in text for text in texts(sheet))
    assert program.session.settings.keys == {}


def test_keys_go_back_one_by_one_and_all_at_once(program: Program, sheet: ShortcutSheet) -> None:
    for command, key in (("Brush", "J"), ("Eraser", "F8")):
        give(sheet, command, key)
    sheet.tree.setCurrentItem(row(sheet, "Brush"))
    button(sheet, "Its own key").click()
    assert program.session.settings.keys == {"eraser_tool": ("F8",)}
    assert row(sheet, "Brush").text(1) == "B"
    button(sheet, "All as they were").click()
    assert program.session.settings.keys == {}
    assert program.window.actions["eraser_tool"].shortcut().toString() == "E"


def test_one_sheet_is_enough_and_gestures_cannot_be_chosen(
    program: Program, press: Press, sheet: ShortcutSheet, qtbot: QtBot
) -> None:
    activate(qtbot, program)
    press("?")
    assert program.window.findChildren(ShortcutSheet) == [sheet]
    sheet.tree.clearSelection()
    sheet.tree.setCurrentIndex(QModelIndex())
    assert not button(sheet, "Set").isEnabled()
    assert not row(sheet, "Brush size").flags() & Qt.ItemFlag.ItemIsSelectable


def test_letters_in_the_note_start_nothing_however_they_are_written(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    field = by_name(program.window.review, QPlainTextEdit, "Note on this case")
    field.setFocus()
    before = program.session.view
    typed = "ABN Xyn ?=-[]12"
    for letter in typed:
        qtbot.keyClicks(field, letter)
    qtbot.keyClick(field, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert field.toPlainText().lower() == typed.lower() + "n\n"
    assert program.session.view == before
    assert program.session.reviews == {}
    assert program.annotation.paint_tools.tool == "pan"
    assert program.session.correction is None
    assert program.review.desks.disagreement_queue.queue.current == -1


def test_a_command_of_the_menu_works_while_a_note_is_written(
    program: Program, qtbot: QtBot
) -> None:
    by_name(program.window.review, QPlainTextEdit, "Note on this case").setFocus()
    program.window.actions["brush_tool"].trigger()
    assert program.annotation.paint_tools.tool == "brush"

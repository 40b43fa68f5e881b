"""Keys by their place on French and German keyboards, on each system."""

import sys

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from gui.shell.key_places import key_at

NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def pressed(
    key: int, place: int, modifiers: Qt.KeyboardModifier = NONE, *, repeated: bool = False
) -> QKeyEvent:
    """Return the press of a key that prints `key`, at the `place` the system says."""
    kind = QEvent.Type.KeyPress
    return QKeyEvent(kind, key, modifiers, place, place, 0, "", repeated, 1)


@pytest.mark.parametrize(
    ("platform", "one", "three", "bracket"),
    [("linux", 10, 12, 34), ("win32", 2, 4, 26), ("darwin", 18, 20, 33)],
)
def test_unshifted_digits_rate_and_brackets_size_on_french_and_german_keyboards(
    monkeypatch: pytest.MonkeyPatch, platform: str, one: int, three: int, bracket: int
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert key_at(pressed(Qt.Key.Key_Ampersand, one)) == "1"
    assert key_at(pressed(Qt.Key.Key_QuoteDbl, three)) == "3"
    assert key_at(pressed(Qt.Key.Key_Udiaeresis, bracket)) == "["
    assert key_at(pressed(Qt.Key.Key_Ampersand, one, CTRL)) == "Ctrl+1"


def test_keys_that_print_what_they_are_asked_for_or_are_held_mean_nothing_more() -> None:
    assert key_at(pressed(Qt.Key.Key_1, 10)) == ""
    assert key_at(pressed(Qt.Key.Key_Ampersand, 10, SHIFT)) == ""
    assert key_at(pressed(Qt.Key.Key_Ampersand, 10, repeated=True)) == ""
    assert key_at(pressed(Qt.Key.Key_A, 38)) == ""

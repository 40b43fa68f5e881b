"""What a model sends waits a frame while the reader moves through the slices."""

import shiboken6
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui.shell.thread_share import GestureDelay
from tests.gui.resting import give_rest, put_off

_HOUR = 3600.0


def test_nothing_waits_without_a_gesture() -> None:
    done: list[str] = []
    giving = GestureDelay(lambda: done.append("shown"))
    giving.do(can_wait=True)
    assert done == ["shown"]


def test_what_can_wait_is_done_once_after_a_gesture(qtbot: QtBot) -> None:
    done: list[str] = []
    giving = GestureDelay(lambda: done.append("shown"), seconds=_HOUR)
    giving.note_gesture()
    giving.do(can_wait=True)
    giving.do(can_wait=True)
    assert done == []
    give_rest()
    assert done == ["shown"]


def test_what_cannot_wait_is_done_at_once() -> None:
    done: list[str] = []
    giving = GestureDelay(lambda: done.append("shown"), seconds=_HOUR)
    giving.note_gesture()
    giving.do(can_wait=False)
    assert done == ["shown"]


def test_nothing_is_done_in_a_window_that_has_gone(qtbot: QtBot) -> None:
    done: list[str] = []
    window = QWidget()
    giving = GestureDelay(lambda: done.append("shown"), window, seconds=_HOUR)
    giving.note_gesture()
    giving.do(can_wait=True)
    assert put_off() != []
    shiboken6.delete(window)
    assert put_off() == []
    assert done == []

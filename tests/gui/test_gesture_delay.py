"""What a model sends waits a frame while the reader moves through the slices."""

import shiboken6
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui.shell.thread_share import GestureDelay


def test_nothing_waits_without_a_gesture() -> None:
    done: list[str] = []
    giving = GestureDelay(lambda: done.append("shown"))
    giving.do(can_wait=True)
    assert done == ["shown"]


def test_what_can_wait_is_done_once_after_a_gesture(qtbot: QtBot) -> None:
    done: list[str] = []
    giving = GestureDelay(lambda: done.append("shown"), seconds=0.5)
    giving.note_gesture()
    giving.do(can_wait=True)
    giving.do(can_wait=True)
    assert done == []
    qtbot.waitUntil(lambda: bool(done))
    assert done == ["shown"]


def test_what_cannot_wait_is_done_at_once() -> None:
    done: list[str] = []
    giving = GestureDelay(lambda: done.append("shown"))
    giving.note_gesture()
    giving.do(can_wait=False)
    assert done == ["shown"]


def test_nothing_is_done_in_a_window_that_has_gone(qtbot: QtBot) -> None:
    done: list[str] = []
    window = QWidget()
    giving = GestureDelay(lambda: done.append("shown"), window, seconds=0.02)
    later = QTimer(singleShot=True, interval=60)
    giving.note_gesture()
    giving.do(can_wait=True)
    shiboken6.delete(window)
    with qtbot.waitSignal(later.timeout):
        later.start()
    assert done == []

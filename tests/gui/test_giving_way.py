"""What a model sends waits a frame while the reader moves through the slices."""

from pytestqt.qtbot import QtBot

from gui.giving_way import GivingWay


def test_nothing_waits_without_a_gesture() -> None:
    done: list[str] = []
    giving = GivingWay(lambda: done.append("shown"))
    giving.do(can_wait=True)
    assert done == ["shown"]


def test_what_can_wait_is_done_once_after_a_gesture(qtbot: QtBot) -> None:
    done: list[str] = []
    giving = GivingWay(lambda: done.append("shown"), seconds=0.5)
    giving.note_gesture()
    giving.do(can_wait=True)
    giving.do(can_wait=True)
    assert done == []
    qtbot.waitUntil(lambda: bool(done))
    assert done == ["shown"]


def test_what_cannot_wait_is_done_at_once() -> None:
    done: list[str] = []
    giving = GivingWay(lambda: done.append("shown"))
    giving.note_gesture()
    giving.do(can_wait=False)
    assert done == ["shown"]

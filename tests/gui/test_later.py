"""What is put off is done once it has rested, and a test that settles waits for all of it."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui.shell.tasks import Lanes
from gui.widgets.later import Later
from tests.gui.resting import is_at_rest, put_off

_HOUR = 3_600_000


@pytest.fixture
def lanes(qtbot: QtBot) -> Iterator[Lanes]:
    lanes = Lanes()
    yield lanes
    lanes.close()


@pytest.fixture
def owner(qtbot: QtBot) -> QObject:
    return QObject()


def test_however_often_it_is_started_it_is_done_once(owner: QObject, qtbot: QtBot) -> None:
    done: list[str] = []
    later = Later(owner, 1, lambda: done.append("done"))
    for _ in range(5):
        later.start()
    assert done == []
    qtbot.waitUntil(lambda: not later.isActive())
    assert done == ["done"]


def test_nothing_that_is_put_off_is_missed(owner: QObject, lanes: Lanes, qtbot: QtBot) -> None:
    """What rests leads to work, the work to more that rests: all of it has been done."""
    done: list[str] = []
    last = Later(owner, _HOUR, lambda: done.append("last"))

    def work() -> None:
        lanes.run("io", lambda _: "worked", lambda said: (done.append(said), last.start()))

    first = Later(owner, _HOUR, work)
    first.start()
    assert not is_at_rest(lanes)
    qtbot.waitUntil(lambda: is_at_rest(lanes))
    assert done == ["worked", "last"]
    assert put_off() == []


def test_what_comes_first_is_done_first_and_may_stop_the_rest(
    owner: QObject, lanes: Lanes, qtbot: QtBot
) -> None:
    done: list[str] = []
    far = Later(owner, 2 * _HOUR, lambda: done.append("far"))
    far.start()
    near = Later(owner, _HOUR, lambda: (done.append("near"), far.stop()))
    near.start()
    qtbot.waitUntil(lambda: is_at_rest(lanes))
    assert done == ["near"]


def test_while_work_is_under_way_time_is_that_of_the_clock(
    owner: QObject, lanes: Lanes, qtbot: QtBot
) -> None:
    go_on: list[bool] = []
    done: list[str] = []
    later = Later(owner, _HOUR, lambda: done.append("later"))
    later.start()
    lanes.run("io", lambda _: None, lambda _: go_on.append(not done))
    qtbot.waitUntil(lambda: is_at_rest(lanes))
    assert go_on == [True]
    assert done == ["later"]

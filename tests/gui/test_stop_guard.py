"""What stops many runs asks first, whatever it is."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from core.domain.prediction import Postprocessing
from core.workspace.settings import Settings
from gui.prediction.prediction_views import queue_words
from gui.shell.actions import is_typing
from gui.shell.session import Session
from gui.shell.session_parts import RunQueue
from gui.shell.stop_guard import StopGuard
from tests.gui.conftest import Start
from tests.gui.finding import button
from tests.gui.pressing import Press
from tests.synthetic import publish_unet


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path, Settings())


def boxes(window: QWidget) -> list[QMessageBox]:
    return [box for box in window.findChildren(QMessageBox) if box.isVisible()]


def test_a_batch_is_asked_about_once_and_goes_on_unless_the_reader_agrees(
    session: Session, window: QWidget
) -> None:
    guard, done = StopGuard(session, window), list[str]()
    session.set_queue(RunQueue(total=15, done=3))
    for _ in range(2):
        guard.ask(lambda: done.append("stopped"), otherwise=lambda: done.append("left"))
    (box,) = boxes(window)
    assert box.text() == "Stop 12 runs?"
    assert "3 of 15 cases are predicted and stay so" in box.informativeText()
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert done == ["left"]
    guard.ask(lambda: done.append("stopped"))
    button(boxes(window)[0], "Stop the runs").click()
    assert done == ["left", "stopped"]


def test_the_question_says_how_far_the_runs_are_while_it_stands(
    session: Session, window: QWidget
) -> None:
    guard, done = StopGuard(session, window), list[str]()
    session.set_queue(RunQueue(total=12, done=7))
    guard.ask(lambda: done.append("changed"), otherwise=lambda: done.append("left"))
    session.set_queue(RunQueue(total=12, done=10, failed=1))
    (box,) = boxes(window)
    assert box.text() == "Stop 1 run?"
    assert "10 of 12 cases are predicted" in box.informativeText()
    assert "1 would not be run" in box.informativeText()
    assert done == []


@pytest.mark.parametrize("end", [RunQueue(), RunQueue(total=12, done=12)])
def test_a_question_of_runs_that_are_done_meanwhile_answers_itself(
    session: Session, window: QWidget, qtbot: QtBot, end: RunQueue
) -> None:
    guard, done = StopGuard(session, window), list[str]()
    session.set_queue(RunQueue(total=12, done=7))
    guard.ask(lambda: done.append("changed"), otherwise=lambda: done.append("left"))
    session.set_queue(end)
    qtbot.waitUntil(lambda: done == ["changed"])
    assert boxes(window) == []
    session.set_queue(RunQueue(total=12))
    guard.ask(lambda: done.append("again"))
    assert len(boxes(window)) == 1


def test_what_stops_the_runs_is_done_once(session: Session, window: QWidget) -> None:
    guard, done = StopGuard(session, window), list[str]()
    session.set_queue(RunQueue(total=12, done=7))

    def stop() -> None:
        done.append("stopped")
        session.set_queue(RunQueue())

    guard.ask(stop)
    button(boxes(window)[0], "Stop the runs").click()
    QApplication.processEvents()
    assert done == ["stopped"]


@pytest.mark.parametrize("queue", [RunQueue(), RunQueue(total=1), RunQueue(total=15, done=14)])
def test_what_ends_no_more_than_one_run_is_done_at_once(
    session: Session, window: QWidget, queue: RunQueue
) -> None:
    done: list[str] = []
    session.set_queue(queue)
    StopGuard(session, window).ask(lambda: done.append("stopped"))
    assert done == ["stopped"]
    assert boxes(window) == []


def test_every_way_to_end_a_batch_asks(start: Start, home: Path, predicted: Path) -> None:
    other = publish_unet(home / "models", postprocessing=Postprocessing(threshold=0.3))
    program = start(predicted)
    model, place = program.session.models.current, program.session.place
    ways = {
        "Esc": lambda: program.context.trigger("cancel_runs"),
        "Stop": lambda: program.window.drawer.stop_asked.emit(),
        "model": lambda: program.window.top_bar.model_chosen.emit(other.spec.id),
        "wish": lambda: program.context.wishes.model_wanted.emit(other.spec.id),
        "flips": lambda: program.context.trigger("flips"),
        "open": lambda: program.operations.open_dataset(predicted),
        "demo": program.operations.open_demo,
        "close": program.window.close,
    }
    for name, end in ways.items():
        program.session.set_queue(RunQueue(total=15, done=3))
        end()
        QApplication.processEvents()
        (box,) = boxes(program.window)
        box.reject()
        QApplication.processEvents()
        assert program.session.queue.total == 15, name
        assert program.session.models.current is model, name
        assert not program.session.settings.flips, name
        assert program.session.place is place, name
        assert program.window.isVisible(), name
    program.session.set_queue(RunQueue())


def test_esc_in_a_field_goes_back_to_the_image_and_stops_nothing(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    program = start(predicted)
    program.window.activateWindow()
    program.session.set_queue(RunQueue(total=15, done=3))
    program.context.trigger("find_case")
    qtbot.waitUntil(is_typing)
    Press(program, qtbot)("Esc")
    assert boxes(program.window) == []
    assert program.window.view.hasFocus()
    program.session.set_queue(RunQueue())


def test_the_time_that_is_left_is_said_as_people_say_it() -> None:
    queue = RunQueue(total=95, done=3, current="A_1", seconds_left=1054.0, message="preparing")
    assert queue_words(queue) == ("4 of 95 · A_1", 3 / 95, "18 min left · preparing")

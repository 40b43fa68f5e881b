"""What the reader says and does belongs to the case on screen, however slow the next one is."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.domain.progress import Progress, silent
from core.io.case import Case
from core.io.case_reader import LoadedCase, read_case
from core.review.reviews import reviews
from gui.app.program import Program
from gui.shell.commands import COMMANDS
from gui.shell.tasks import Fault
from tests.gui.conftest import Start
from tests.gui.finding import texts
from tests.gui.tiny import settle, shown_case

SLOW = "B_2"
LEADING_ELSEWHERE = ("blinded", "next_unreviewed", "save_and_next")


@dataclass
class Slow:
    """A reader of cases that does not go on with one of them before it is let go."""

    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(self, case: Case, *, progress: Progress = silent) -> LoadedCase:
        if case.id == SLOW:
            assert self.gate.wait(60)
        return read_case(case, progress=progress)


@pytest.fixture
def slow() -> Iterator[Slow]:
    reader = Slow()
    yield reader
    reader.gate.set()


@pytest.fixture
def on_the_way(start: Start, dataset: Path, slow: Slow, qtbot: QtBot) -> Program:
    """A window with one case on screen and the slow one asked for."""
    program = start(dataset)
    program.operations.cache.clear()  # the neighbours were read ahead
    program.operations.cache.reader = slow
    program.operations.choose_case(SLOW)
    assert program.session.pending == SLOW
    return program


def test_no_command_says_anything_of_a_case_that_is_not_on_screen(
    on_the_way: Program, slow: Slow, qtbot: QtBot
) -> None:
    program = on_the_way
    here = shown_case(program)
    assert program.session.current == here
    for command in ("accept", "rate_2", "correct", "reject", "rate_4"):
        program.context.trigger(command)
        qtbot.waitUntil(lambda: here in program.session.reviews, timeout=10_000)
    program.window.review.note_written.emit(here, "seen")
    place = program.session.place
    assert place is not None
    program.lanes.finish("journal", lambda: None)
    kept = reviews(place.workspace.store)
    assert SLOW not in kept
    assert (kept[here].status, kept[here].rating, kept[here].note) == ("rejected", 4, "seen")
    assert program.session.pending == SLOW  # nobody was led elsewhere by a verdict
    slow.gate.set()
    settle(qtbot, program)
    assert program.session.current == SLOW
    assert SLOW not in reviews(place.workspace.store)


def test_a_stroke_and_its_end_belong_to_the_case_on_screen(
    on_the_way: Program, slow: Slow, qtbot: QtBot
) -> None:
    program = on_the_way
    here = shown_case(program)
    assert program.annotation.desk.begin("brush", 1) is not None
    program.annotation.desk.end()
    correction = program.session.correction
    assert correction is not None
    program.annotation.desk.discard()
    assert program.session.correction is None
    assert program.session.current == here
    slow.gate.set()
    settle(qtbot, program)


def test_every_command_leaves_the_case_that_loads_alone(
    on_the_way: Program, slow: Slow, qtbot: QtBot
) -> None:
    program = on_the_way
    here = shown_case(program)
    for command in COMMANDS:
        if command.group == "Review" and command.id not in LEADING_ELSEWHERE:
            program.context.trigger(command.id)
            QApplication.processEvents()
    place = program.session.place
    assert place is not None
    program.lanes.finish("journal", lambda: None)
    assert set(reviews(place.workspace.store)) <= {here}
    assert SLOW not in program.session.reviews
    slow.gate.set()
    settle(qtbot, program)


def test_what_is_written_of_the_case_stands_over_its_own_picture(on_the_way: Program) -> None:
    here = shown_case(on_the_way)
    said = texts(on_the_way.window.header)
    assert any(here in text for text in said)
    assert not any(SLOW in text for text in said)


def test_an_unforeseen_error_while_a_case_is_read_is_told_and_the_case_is_not_awaited(
    start: Start, dataset: Path, qtbot: QtBot
) -> None:
    program = start(dataset)
    told: list[Fault] = []
    program.lanes.reports.faulted.disconnect()
    program.lanes.reports.faulted.connect(told.append)

    def broken(case: Case, *, progress: Progress = silent) -> LoadedCase:
        raise KeyError(case.id)

    program.operations.cache.clear()
    program.operations.cache.reader = broken
    program.operations.choose_case("C_10")
    qtbot.waitUntil(lambda: bool(told))
    settle_nothing(qtbot, program)
    assert "KeyError" in told[0].details
    assert program.session.pending == ""
    assert program.session.current == "C_10"
    assert "fault" in program.session.problem


def settle_nothing(qtbot: QtBot, program: Program) -> None:
    """Wait until nothing goes on behind a window that shows no case."""
    qtbot.waitUntil(lambda: not program.lanes.busy, timeout=30_000)
    QApplication.processEvents()

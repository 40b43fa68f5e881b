"""What the reader says and does belongs to the case on screen, however slow the next one is."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox
from pytestqt.qtbot import QtBot

from core.annotation import regions
from core.annotation.strokes import stroke
from core.domain.plane import Cut
from core.domain.progress import Progress, silent
from core.io.cases.case import Case
from core.io.cases.case_preview import FirstLook
from core.io.cases.case_reader import LoadedCase, read_case
from core.review.reviews import reviews
from gui.annotation.correction.versions_dialog import VersionsDialog
from gui.app.program import Program
from gui.shell.commands import COMMANDS
from gui.shell.tasks import Fault
from tests import patience
from tests.gui.conftest import Start
from tests.gui.finding import button, texts
from tests.gui.resting import is_at_rest
from tests.gui.tiny import choose, settle, shown_case, toasts

SLOW = "B_2"
LEADING_ELSEWHERE = ("blinded", "next_unreviewed", "save_and_next")


@dataclass
class Slow:
    """A reader of cases that does not go on with one of them before it is let go."""

    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(
        self, case: Case, *, progress: Progress = silent, look: FirstLook | None = None
    ) -> LoadedCase:
        if case.id == SLOW:
            assert self.gate.wait(patience.SECONDS)
        return read_case(case, progress=progress, look=look)


@pytest.fixture
def slow() -> Iterator[Slow]:
    reader = Slow()
    yield reader
    reader.gate.set()


@pytest.fixture
def on_the_way(start: Start, predicted: Path, slow: Slow, qtbot: QtBot) -> Program:
    """A window with one case on screen and the slow one asked for."""
    program = start(predicted)
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
        qtbot.waitUntil(lambda: here in program.session.reviews)
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
    begun = program.annotation.desk.begin("brush", Cut(index=1))
    assert begun is not None
    program.annotation.desk.paint(stroke(begun.mask, 1, [(36.5, 10.5)], size=6))
    program.annotation.desk.end()
    assert program.session.correction is begun
    assert begun.dirty
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

    def broken(
        case: Case, *, progress: Progress = silent, look: FirstLook | None = None
    ) -> LoadedCase:
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


SAYING = (
    *(
        command.id
        for command in COMMANDS
        if command.group in ("Correct", "Review")
        and command.id not in (*LEADING_ELSEWHERE, "discard_correction", "undo_review", "reader")
    ),
    "discard_correction",
    "run_case",
    "undo_review",  # it leads to the case it is about
)
"""Every command that says or does something of a case, and which case it was is looked up after."""

OF_A_CASE = (
    "corrections", "correction_states", "correction_edits", "reviews", "decisions", "time_spent"
)  # fmt: skip


def named(program: Program) -> set[str]:
    """The cases of which the workspace knows anything that a reader said."""
    place = program.session.place
    assert place is not None
    program.lanes.finish("journal", lambda: None)
    store = place.workspace.store
    rows = [row for table in OF_A_CASE for row in store.read(f"SELECT case_id FROM {table}")]
    kept = [path.name for path in (place.workspace.folder / "corrections").glob("*")]
    return {str(row[0]) for row in rows} | set(kept)


@pytest.fixture
def on_the_way_predicted(start: Start, tiny: str, predicted: Path, slow: Slow) -> Program:
    """A window whose case has a prediction, and the slow one asked for."""
    program = start(predicted)
    program.operations.cache.clear()
    program.operations.cache.reader = slow
    program.operations.choose_case(SLOW)
    return program


def test_every_command_of_the_table_is_about_the_case_on_screen(
    on_the_way_predicted: Program,
    slow: Slow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = on_the_way_predicted
    here = shown_case(program)
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_: (2, True))
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_, **__: ("", False))
    out = str(tmp_path / "out")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: out)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    done: set[str] = set()
    for command in SAYING:
        assert program.session.pending == SLOW, command
        program.context.trigger(command)
        program.lanes.finish("journal", lambda: None)
        QApplication.processEvents()
        done |= named(program)
        assert program.session.case_states[SLOW].run == ""
        if command == "run_case":
            assert program.session.case_states[here].run == "running"
            program.context.trigger("cancel_runs")
    assert done == {here}
    assert [path.name for path in Path(out).iterdir() if path.is_dir()] == [here]
    slow.gate.set()
    settle(qtbot, program)


def edits(program: Program, case_id: str) -> int:
    place = program.session.place
    assert place is not None
    program.lanes.finish("journal", lambda: None)
    query = "SELECT count(*) FROM correction_edits WHERE case_id = ?"
    return int(place.workspace.store.read(query, case_id)[0][0])


def corrected(program: Program, qtbot: QtBot, slow: Slow) -> str:
    """Correct both cases, and ask for the slow one; returns the id of the one on screen."""
    for case_id in (SLOW, "A_1"):
        choose(qtbot, program, case_id)
        program.context.trigger("grow")
        settle(qtbot, program)
        assert edits(program, case_id) == 1
    program.operations.cache.clear()
    program.operations.cache.reader = slow
    program.operations.choose_case(SLOW)
    return "A_1"


@pytest.mark.parametrize("command", ["discard_correction", "reshape", "reshape_case"])
def test_an_answer_that_comes_when_another_case_is_there_changes_neither(
    program: Program, slow: Slow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    here = corrected(program, qtbot, slow)

    def let_it_come() -> None:
        slow.gate.set()
        qtbot.waitUntil(lambda: program.session.current == SLOW)
        settle(qtbot, program)

    def ask(*_: object) -> QMessageBox.StandardButton:
        let_it_come()
        return QMessageBox.StandardButton.Yes

    def ask_number(*_: object) -> tuple[int, bool]:
        let_it_come()
        return 2, True

    monkeypatch.setattr(QMessageBox, "question", ask)
    monkeypatch.setattr(QInputDialog, "getInt", ask_number)
    program.context.trigger(command)
    settle(qtbot, program)
    assert shown_case(program) == SLOW
    assert (edits(program, here), edits(program, SLOW)) == (1, 1)
    assert any(f"{here} is no longer on screen" in said for said in toasts(program))


def test_an_export_asked_for_one_case_never_writes_another(
    program: Program,
    slow: Slow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = corrected(program, qtbot, slow)
    out = tmp_path / "out"

    def ask(*_: object) -> str:
        slow.gate.set()
        qtbot.waitUntil(lambda: program.session.current == SLOW)
        settle(qtbot, program)
        return str(out)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", ask)
    program.context.trigger("export_correction")
    settle(qtbot, program)
    assert not out.exists()
    assert any(f"{here} is no longer on screen" in said for said in toasts(program))


def test_a_version_of_one_case_is_never_restored_into_another(
    program: Program, slow: Slow, qtbot: QtBot
) -> None:
    here = corrected(program, qtbot, slow)
    program.context.trigger("save_version")
    qtbot.waitUntil(lambda: program.session.correction is not None)
    program.lanes.finish("journal", lambda: None)
    QApplication.processEvents()
    program.context.trigger("versions")
    dialog = program.window.findChild(VersionsDialog)
    assert dialog is not None
    qtbot.waitUntil(button(dialog, "Restore").isEnabled)
    held, place = threading.Event(), program.session.place
    assert place is not None
    program.lanes.run("journal", lambda _: held.wait(patience.SECONDS))
    button(dialog, "Restore").click()  # it waits for what is written before
    slow.gate.set()
    qtbot.waitUntil(lambda: program.session.current == SLOW)
    held.set()
    settle(qtbot, program)
    assert (edits(program, here), edits(program, SLOW)) == (1, 1)
    assert not program.window.findChildren(VersionsDialog)


def test_a_stroke_in_hand_when_the_next_case_comes_is_kept_for_its_own(
    program: Program, slow: Slow, qtbot: QtBot
) -> None:
    here = corrected(program, qtbot, slow)
    correction = program.annotation.desk.begin("clear slice", Cut(index=1))
    assert correction is not None
    program.annotation.desk.paint(regions.clear(correction.mask))
    slow.gate.set()
    settle(qtbot, program)
    assert shown_case(program) == SLOW
    program.annotation.desk.end()
    assert (edits(program, here), edits(program, SLOW)) == (2, 1)


def settle_nothing(qtbot: QtBot, program: Program) -> None:
    """Wait until nothing goes on behind a window that shows no case."""
    qtbot.waitUntil(lambda: is_at_rest(program.lanes))

"""Reviewing cases: accept, reject, rate, note, go on, take back; and what survives a restart."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
)
from pytestqt.qtbot import QtBot

from core.annotation.versions import versions
from core.review.reviews import Review
from gui.app.program import Program
from gui.review.time_dialog import TimeDialog
from tests.gui.conftest import Start, shut
from tests.gui.finding import button, by_name, texts
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.tiny import SLICES, choose, settle, shown_case, toasts


class Clock:
    """A clock that goes on when it is told to.

    It begins before any machine was started: what its window has counted until then by the real one
    is no time at all.
    """

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def note_field(program: Program) -> QPlainTextEdit:
    return by_name(program.window.review, QPlainTextEdit, "Note on this case")


def review(program: Program, case_id: str) -> Review:
    return program.session.reviews.get(case_id, Review(case_id=case_id))


def checked(program: Program) -> set[str]:
    """The names of the buttons of the review that are pressed in."""
    found = program.window.review.findChildren(QPushButton)
    return {each.accessibleName() for each in found if each.isChecked()}


@pytest.mark.parametrize(("key", "status"), [("A", "accepted"), ("X", "rejected")])
def test_a_verdict_goes_on_to_the_next_unreviewed_case_and_can_be_taken_back(
    program: Program, press: Press, qtbot: QtBot, key: str, status: str
) -> None:
    order = program.window.worklist.order()
    first = shown_case(program)
    press(key)
    settle(qtbot, program)
    assert review(program, first).status == status
    assert shown_case(program) != first
    assert shown_case(program) in order

    press("Ctrl+U")
    settle(qtbot, program)
    assert shown_case(program) == first
    assert review(program, first).status == "unreviewed"
    assert checked(program) == set()


def test_the_toast_of_a_verdict_takes_it_back(program: Program, press: Press, qtbot: QtBot) -> None:
    first = shown_case(program)
    press("A")
    settle(qtbot, program)
    (toast,) = [
        frame
        for frame in program.window.toasts.findChildren(QFrame)
        if frame.accessibleName().startswith("Accepted")
    ]
    button(toast, "Undo").click()
    settle(qtbot, program)
    assert shown_case(program) == first
    assert review(program, first).status == "unreviewed"


def test_reviewed_cases_are_passed_over_and_the_end_is_told(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    seen = []
    for _ in SLICES:
        seen.append(shown_case(program))
        press("A")
        settle(qtbot, program)
    assert sorted(seen) == sorted(SLICES)
    assert all(review(program, name).status == "accepted" for name in SLICES)
    assert any("Every case" in said for said in toasts(program))
    assert any(text.startswith("3 of 3") for text in texts(program.window.worklist))


def test_the_buttons_say_what_was_said(program: Program, qtbot: QtBot) -> None:
    panel = program.window.review
    for name in ("Correct", "Quality 4 of 5"):
        by_name(panel, QPushButton, name).click()
        settle(qtbot, program)
    assert checked(program) == {"Correct", "Quality 4 of 5"}
    assert program.annotation.paint_tools.tool == "brush"
    found = review(program, shown_case(program))
    assert (found.status, found.rating) == ("corrected", 4)

    by_name(panel, QPushButton, "Quality 4 of 5").click()
    settle(qtbot, program)
    assert checked(program) == {"Correct"}
    assert review(program, shown_case(program)).rating is None


def test_rating_note_and_time_survive_a_restart(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    first, clock = start(predicted), Clock()
    first.review.desks.review_desk.clock = clock
    choose(qtbot, first, "B_2")
    press = Press(first, qtbot)
    clock.now += 12.5
    press("3")
    note_field(first).setFocus()
    qtbot.keyClicks(note_field(first), "Rim too wide, See slice 3")
    shut(first)

    second = start(predicted)
    assert shown_case(second) == "B_2"
    found = review(second, "B_2")
    assert (found.rating, found.note) == (3, "Rim too wide, See slice 3")
    assert found.seconds == pytest.approx(12.5)
    assert note_field(second).toPlainText() == found.note
    assert checked(second) == {"Quality 3 of 5"}


def test_a_pause_counts_no_longer_than_one_reads(program: Program, qtbot: QtBot) -> None:
    clock = Clock()
    program.review.desks.review_desk.clock = clock
    choose(qtbot, program, "B_2")
    clock.now += 3600
    program.viewer.verbs.step_slice(1)
    clock.now += 5
    choose(qtbot, program, "A_1")
    assert review(program, "B_2").seconds == pytest.approx(35.0)


def test_note_and_time_are_kept_when_another_dataset_is_opened(
    program: Program, qtbot: QtBot, predicted: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(predicted, tmp_path / "with the same cases"))
    clock = Clock()
    program.review.desks.review_desk.clock = clock
    choose(qtbot, program, "B_2")
    clock.now += 20
    qtbot.keyClicks(note_field(program), "of the first")
    program.operations.open_dataset(other)
    qtbot.waitUntil(lambda: is_in(program, other))
    settle(qtbot, program)
    assert all(not each.note for each in program.session.reviews.values())
    assert note_field(program).toPlainText() == ""

    program.operations.open_dataset(predicted)
    qtbot.waitUntil(lambda: is_in(program, predicted))
    settle(qtbot, program)
    assert review(program, "B_2").note == "of the first"
    assert review(program, "B_2").seconds == pytest.approx(20.0)


def is_in(program: Program, folder: Path) -> bool:
    place = program.session.place
    return place is not None and place.dataset.root == folder


def test_time_is_shown_a_day_and_a_case_and_written_as_a_file(
    program: Program, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    program.review.desks.review_desk.clock = clock
    choose(qtbot, program, "B_2")
    clock.now += 20
    choose(qtbot, program, "A_1")
    clock.now += 8
    program.context.trigger("time_spent")  # what is on screen counts as well
    settle(qtbot, program)
    dialog = program.window.findChild(TimeDialog)
    assert dialog is not None
    today = date.today().isoformat()
    days, cases = (by_name(dialog, QTableWidget, f"Time a {what}") for what in ("day", "case"))
    assert cells(days) == [[today, program.session.reader, "2", "28 s", "14 s"]]
    assert [(row[0], row[3]) for row in cells(cases)] == [("A_1", "8 s"), ("B_2", "20 s")]

    place = program.session.place
    assert place is not None
    for path, written in ((place.dataset.root / "t.csv", False), (tmp_path / "t.csv", True)):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, to=path: (str(to), ""))
        button(dialog, "Export…").click()
        settle(qtbot, program)
        assert path.exists() is written
    assert any("outside the dataset" in said for said in toasts(program))
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 3
    dialog.reject()


def cells(table: QTableWidget) -> list[list[str]]:
    texts = [
        [table.item(row, column) for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]
    return [["" if item is None else item.text() for item in row] for row in texts]


def test_a_note_stays_with_its_case_however_one_goes_on(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    field = note_field(program)
    field.setFocus()
    qtbot.keyClicks(field, "of the first")
    first = shown_case(program)
    press("PgDown")
    settle(qtbot, program)
    second = shown_case(program)
    assert second != first
    assert field.toPlainText() == ""
    assert review(program, first).note == "of the first"
    assert review(program, second).note == ""
    choose(qtbot, program, first)
    assert field.toPlainText() == "of the first"


def test_what_is_being_written_is_not_overwritten(program: Program, qtbot: QtBot) -> None:
    field = note_field(program)
    field.setFocus()
    qtbot.keyClicks(field, "half a sen")
    by_name(program.window.review, QPushButton, "Quality 2 of 5").click()
    qtbot.keyClicks(field, "tence")
    settle(qtbot, program)
    assert field.toPlainText() == "half a sentence"


def test_save_and_next_keeps_note_and_version(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    first = shown_case(program)
    press("B")
    hand.draw((36, 6), (36, 14))
    note_field(program).setFocus()
    qtbot.keyClicks(note_field(program), "Speck added")
    press("Ctrl+Return")
    settle(qtbot, program)
    found, place = review(program, first), program.session.place
    assert place is not None
    assert (found.status, found.note) == ("corrected", "Speck added")
    assert [version.number for version in versions(place.workspace, first)] == [1]
    assert shown_case(program) != first


def test_correcting_leaves_guided_clicks_in_hand(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    tools = program.annotation.paint_tools
    press("D")
    press("C")
    settle(qtbot, program)
    assert tools.tool == "guided"
    assert review(program, shown_case(program)).status == "corrected"
    hand.draw((36, 6))
    settle(qtbot, program)
    press("C")
    settle(qtbot, program)
    assert tools.tool == "guided"
    assert len(tools.guided.clicks) == 1
    press("E")
    press("C")
    assert tools.tool == "eraser"
    press("D")
    press("Escape")
    press("V")
    press("C")
    assert tools.tool == "brush"


def test_save_and_next_accepts_the_clicks_that_are_shown(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    first = shown_case(program)
    press("D")
    hand.draw((36, 6))
    assert len(program.annotation.paint_tools.guided.clicks) == 1
    press("Ctrl+Return")
    settle(qtbot, program)
    place = program.session.place
    assert place is not None
    assert review(program, first).status == "corrected"
    assert [version.number for version in versions(place.workspace, first)] == [1]
    assert shown_case(program) != first
    assert not any("not accepted" in said for said in toasts(program))


def test_the_worklist_shows_and_filters_by_what_was_said(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    first = shown_case(program)
    press("X")
    settle(qtbot, program)
    assert any(text.startswith("1 of 3") for text in texts(program.window.worklist))
    press("Ctrl+U")
    settle(qtbot, program)
    press("Ctrl+U")
    settle(qtbot, program)
    assert any("No review" in said for said in toasts(program))
    assert shown_case(program) == first


def test_a_click_on_a_verdict_leaves_the_keys_to_the_image(program: Program, qtbot: QtBot) -> None:
    accept = by_name(program.window.review, QPushButton, "Accept")
    qtbot.mouseClick(accept, Qt.MouseButton.LeftButton)
    settle(qtbot, program)
    assert program.window.view.hasFocus()


def test_a_rating_alone_is_no_decision_and_is_not_called_of_something_else(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    first = shown_case(program)
    press("4")
    settle(qtbot, program)
    press("Ctrl+Return")
    settle(qtbot, program)
    assert shown_case(program) == first
    assert "has no decision yet" in toasts(program)[-1]


def test_what_was_to_be_corrected_is_not_left_as_if_it_were(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    first = shown_case(program)
    press("C")
    settle(qtbot, program)
    press("Ctrl+Return")
    settle(qtbot, program)
    assert shown_case(program) == first
    assert "Nothing is corrected" in toasts(program)[-1]


def test_what_was_corrected_and_saved_is_left_as_corrected_of_that_version(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    first = shown_case(program)
    press("C")
    settle(qtbot, program)
    hand.draw((36, 6), (36, 14))
    settle(qtbot, program)
    press("Ctrl+S")
    settle(qtbot, program)
    press("Ctrl+Return")
    settle(qtbot, program)
    found = review(program, first)
    assert found.subject is not None
    assert (found.status, found.subject.version) == ("corrected", 1)
    assert shown_case(program) != first


def test_a_prediction_that_is_not_shown_is_not_accepted(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    """Its figures are listed from before, but it could not be put on screen."""
    case_id = shown_case(program)
    program.session.set_result(None)
    assert program.session.subject(case_id).model
    for key in ("A", "X", "4"):
        press(key)
        settle(qtbot, program)
    assert not review(program, case_id).decided
    assert any("Nothing to accept" in said for said in toasts(program))
    assert shown_case(program) == case_id

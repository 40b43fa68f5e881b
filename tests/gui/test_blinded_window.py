"""Blinded reading: set up, read by keys with every name out of sight, taken back, unblinded."""

import threading
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QListWidget,
    QMessageBox,
    QPushButton,
    QSlider,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from core.domain.progress import Progress, silent
from core.io.cases.case import Case
from core.io.cases.case_preview import FirstLook
from core.io.cases.case_reader import LoadedCase
from core.review.blinded import blinded_studies, presentations
from core.workspace.store import Store
from gui.app.program import Program
from gui.blinded.blinded_reading import BlindedReading
from tests import patience
from tests.gui.comparing import SECOND, TITLES, said_on_screen
from tests.gui.conftest import Start
from tests.gui.finding import button, by_name, texts
from tests.gui.test_reviewing import Clock
from tests.gui.tiny import settle


@pytest.fixture
def program(qtbot: QtBot, start: Start, compared: Path) -> Program:
    """A window on the tiny cases, predicted by two models, with the set-up in front."""
    program = start(compared)
    # A reader who looks as long as it takes; what is too early has a test of its own.
    program.blinded.presenter.clock = partial(next, count())
    program.blinded.presenter.show()
    dialog = program.blinded.presenter.dialog
    qtbot.waitUntil(dialog.isVisible)
    models = by_name(dialog, QListWidget, "Models to read blinded")
    for row in range(models.count()):
        item = models.item(row)
        wanted = item.text() in TITLES.values()
        item.setCheckState(Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)
    by_name(dialog, QSpinBox, "Seed").setValue(5)
    return program


def _begin(qtbot: QtBot, program: Program) -> BlindedReading:
    button(program.blinded.presenter.dialog, "Begin reading").click()
    qtbot.waitUntil(lambda: program.blinded.presenter.reading is not None)
    reading = program.blinded.presenter.reading
    assert reading is not None
    qtbot.waitUntil(reading.isActiveWindow)
    _wait_for(qtbot, reading, 1)
    return reading


def _wait_for(qtbot: QtBot, reading: BlindedReading, number: int) -> None:
    """Wait until a case can be answered."""
    qtbot.waitUntil(lambda: reading.asked is not None and reading.asked.number == number)


def _store(program: Program) -> Store:
    place = program.session.place
    assert place is not None
    return place.workspace.store


def _press(qtbot: QtBot, reading: BlindedReading, key: Qt.Key) -> None:
    qtbot.keyClick(reading, key)


def _given(program: Program) -> list[str | None]:
    """Return the model that each answer so far prefers."""
    study = blinded_studies(_store(program))[0]
    found: list[str | None] = []
    for each in presentations(_store(program), study.id):
        if each.answer is not None:
            letter = each.answer.preferred
            found.append(None if letter is None else each.models["AB".index(letter)])
    return found


def test_no_name_is_anywhere_while_reading(qtbot: QtBot, program: Program) -> None:
    current = program.session.models.current
    assert current is not None
    assert current.spec.title in said_on_screen()
    reading = _begin(qtbot, program)
    shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert shown == [reading]
    for number in (2, 3):
        said = said_on_screen()
        assert "Case" in said
        for name in (*TITLES, *TITLES.values(), current.spec.title, "DSC"):
            assert name not in said.replace("Blinded reading", "")
        _press(qtbot, reading, Qt.Key.Key_2)
        _wait_for(qtbot, reading, number)
    reading.close()
    qtbot.waitUntil(program.window.isVisible)


def test_answers_by_keys_are_kept_taken_back_and_unblinded(qtbot: QtBot, program: Program) -> None:
    by_name(program.blinded.presenter.dialog, QSpinBox, "Cases shown twice").setValue(1)
    reading = _begin(qtbot, program)
    assert "Case 1 of 4" in texts(reading)
    _press(qtbot, reading, Qt.Key.Key_1)
    _wait_for(qtbot, reading, 2)
    first = _given(program)
    _press(qtbot, reading, Qt.Key.Key_T)
    _wait_for(qtbot, reading, 3)
    assert _given(program) == [*first, None]
    button(reading, "Undo").click()
    _wait_for(qtbot, reading, 2)
    assert _given(program) == first
    for number in (3, 4, 5):
        _press(qtbot, reading, Qt.Key.Key_2)
        if number < 5:
            _wait_for(qtbot, reading, number)
    qtbot.waitUntil(lambda: "All cases are answered" in texts(reading))
    assert not program.window.isVisible()
    button(reading, "Unblind").click()
    (box,) = reading.findChildren(QMessageBox)
    button(box, "Show the names").click()
    result = program.blinded.presenter.result
    qtbot.waitUntil(result.isVisible)
    assert program.window.isVisible()
    names = {result.models.item(row, 0).text() for row in range(2)}  # type: ignore[union-attr]
    assert names == set(TITLES.values())
    told = "\n".join(texts(result))
    assert "3 cases, 0 without a preference" in told
    assert "of 1 answers to cases shown twice" in told
    settle(qtbot, program)


def test_ratings_go_from_letter_to_letter(qtbot: QtBot, program: Program) -> None:
    question = by_name(program.blinded.presenter.dialog, QComboBox, "Question")
    question.setCurrentIndex(question.findData("rate"))
    reading = _begin(qtbot, program)
    _press(qtbot, reading, Qt.Key.Key_4)
    assert {"4 of 5", "not rated"} <= set(texts(reading))
    _press(qtbot, reading, Qt.Key.Key_Return)
    assert "Rate B: 1 to 5." in texts(reading)
    _press(qtbot, reading, Qt.Key.Key_2)
    _press(qtbot, reading, Qt.Key.Key_Return)
    _wait_for(qtbot, reading, 2)
    study = blinded_studies(_store(program))[0]
    answer = presentations(_store(program), study.id)[0].answer
    assert answer is not None
    assert answer.ratings == {"A": 4, "B": 2}
    assert answer.seconds > 0
    reading.close()
    settle(qtbot, program)


def test_slices_move_together_and_a_reading_goes_on_later(qtbot: QtBot, program: Program) -> None:
    reading = _begin(qtbot, program)
    before = [pane.view.hud_text("top_left") for pane in reading.panes]
    assert before[0] == before[1]
    _press(qtbot, reading, Qt.Key.Key_Up)
    after = [pane.view.hud_text("top_left") for pane in reading.panes]
    assert after[0] == after[1] != before[0]
    assert [pane.view.hud_text("top_right") for pane in reading.panes] == ["", ""]
    _press(qtbot, reading, Qt.Key.Key_1)
    _wait_for(qtbot, reading, 2)
    button(reading, "Leave").click()
    qtbot.waitUntil(program.window.isVisible)
    program.blinded.presenter.show()
    dialog = program.blinded.presenter.dialog
    qtbot.waitUntil(dialog.isVisible)
    assert not button(dialog, "Unblind").isVisible()
    button(dialog, "Go on").click()
    qtbot.waitUntil(lambda: program.blinded.presenter.reading is not None)
    again = program.blinded.presenter.reading
    assert again is not None
    _wait_for(qtbot, again, 2)
    again.close()
    settle(qtbot, program)


@pytest.mark.parametrize("ticked", [0, 1, 3])
def test_too_few_models_cannot_begin(qtbot: QtBot, program: Program, ticked: int) -> None:
    dialog = program.blinded.presenter.dialog
    models = by_name(dialog, QListWidget, "Models to read blinded")
    for row in range(models.count()):
        on = row < ticked
        models.item(row).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
    assert button(dialog, "Begin reading").isEnabled() == (ticked >= 2)
    assert len(dialog.form.models) == min(ticked, models.count())
    assert SECOND in {m.spec.id for m in program.session.models.available}


def test_the_end_of_the_program_ends_the_reading(qtbot: QtBot, program: Program) -> None:
    reading = _begin(qtbot, program)
    program.window.close()
    assert not reading.isVisible()
    assert [w for w in QApplication.topLevelWidgets() if w.isVisible()] == []


def test_an_answer_counts_half_a_second_after_the_pair_is_shown(
    qtbot: QtBot, program: Program
) -> None:
    clock = Clock()
    program.blinded.presenter.clock = clock
    reading = _begin(qtbot, program)
    qtbot.waitUntil(lambda: reading.asked is not None)
    for pane in reading.panes:
        pane.view.viewport().repaint()
    clock.now += 0.49
    for key in (Qt.Key.Key_1, Qt.Key.Key_T, Qt.Key.Key_A):
        _press(qtbot, reading, key)
    button(reading, "A is best").click()
    settle(qtbot, program)
    assert _given(program) == []
    assert any(said.startswith("Look first") for said in texts(reading))
    clock.now += 0.02
    _press(qtbot, reading, Qt.Key.Key_1)
    _wait_for(qtbot, reading, 2)
    assert len(_given(program)) == 1
    reading.close()
    settle(qtbot, program)


def test_ratings_typed_before_the_pair_was_seen_are_none(qtbot: QtBot, program: Program) -> None:
    question = by_name(program.blinded.presenter.dialog, QComboBox, "Question")
    question.setCurrentIndex(question.findData("rate"))
    program.blinded.presenter.clock = Clock()
    reading = _begin(qtbot, program)
    _press(qtbot, reading, Qt.Key.Key_4)
    assert [said for said in texts(reading) if said.endswith("of 5")] == []
    reading.close()
    settle(qtbot, program)


def test_every_pair_is_prepared_before_the_first_and_nothing_can_be_pressed_meanwhile(
    qtbot: QtBot, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    reader, read = program.operations.cache.reader, list[str]()

    def slow(
        case: Case, *, progress: Progress = silent, look: FirstLook | None = None
    ) -> LoadedCase:
        assert gate.wait(patience.SECONDS)
        read.append(case.id)
        return reader(case, progress=progress)

    program.operations.cache.clear()
    program.operations.cache.reader = slow
    button(program.blinded.presenter.dialog, "Begin reading").click()
    qtbot.waitUntil(lambda: program.blinded.presenter.reading is not None)
    reading = program.blinded.presenter.reading
    assert reading is not None
    qtbot.waitUntil(reading.isVisible)
    qtbot.waitUntil(lambda: "Preparing every case" in texts(reading))
    enabled = [b.text() for b in reading.findChildren(QPushButton) if b.isVisible()]
    assert set(enabled) - {"A", "B"} == {"Undo", "Leave"}
    assert not button(reading, "Undo").isEnabled()
    leave = button(reading, "Leave")
    before = leave.geometry()
    gate.set()
    _wait_for(qtbot, reading, 1)
    assert leave.geometry() == before
    assert sorted(read[:3]) == ["A_1", "B_2", "C_10"]
    assert not button(reading, "Unblind").isVisible()
    assert button(reading, "Unblind").property("primary") is None
    reading.close()
    settle(qtbot, program)


def test_a_reader_who_leaves_while_it_is_prepared_is_back_at_once(
    qtbot: QtBot, program: Program
) -> None:
    gate = threading.Event()
    reader = program.operations.cache.reader

    def slow(
        case: Case, *, progress: Progress = silent, look: FirstLook | None = None
    ) -> LoadedCase:
        assert gate.wait(patience.SECONDS)
        return reader(case, progress=progress)

    program.operations.cache.clear()
    program.operations.cache.reader = slow
    button(program.blinded.presenter.dialog, "Begin reading").click()
    qtbot.waitUntil(lambda: program.blinded.presenter.reading is not None)
    reading = program.blinded.presenter.reading
    assert reading is not None
    reading.close()
    assert program.window.isVisible()
    gate.set()
    settle(qtbot, program)
    assert program.blinded.presenter.reading is None


def test_the_answers_stay_where_they_are_from_pair_to_pair(qtbot: QtBot, program: Program) -> None:
    reading = _begin(qtbot, program)

    def places() -> dict[str, QRect]:
        found = [b for b in reading.findChildren(QWidget) if isinstance(b, QPushButton | QSlider)]
        return {
            f"{b.accessibleName()}": QRect(b.mapTo(reading, QPoint(0, 0)), b.size())
            for b in found
            if b.isVisible()
        }

    qtbot.waitUntil(lambda: any(name.startswith("A is best") for name in places()))
    before = places()
    reading.show_waiting("Keeping the answer…")
    QApplication.processEvents()
    assert places() == before
    assert not button(reading, "A is best").isEnabled()
    reading.close()
    settle(qtbot, program)

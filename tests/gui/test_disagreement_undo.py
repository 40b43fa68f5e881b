"""Undo and redo after an answer: the tick goes and comes back with what the answer did."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.review.questions import Question
from gui.app.program import Program
from tests.gui.conftest import Start, shut
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.test_disagreeing import looked_at, masks
from tests.gui.tiny import SLICES, keep_triages, settle


@pytest.fixture
def predicted(home: Path, predicted: Path) -> Path:
    """The tiny cases, of which triage says nothing that would be asked first."""
    keep_triages(home, predicted, dict.fromkeys(SLICES, ()), rest=0.5)
    return predicted


@pytest.fixture
def first(program: Program, press: Press) -> Question:
    """The first disagreement, looked at."""
    press("N")
    return looked_at(program)


def changing(error: Question) -> str:
    """Return the key of the answer that changes the mask, which is as predicted."""
    return "U" if error.pieces[0].kind == "false_positive" else "Y"


def agreeing(error: Question) -> str:
    """Return the key of the answer that leaves the mask as it is."""
    return "Y" if error.pieces[0].kind == "false_positive" else "U"


def answers(program: Program) -> dict[str, bool]:
    return dict(program.review.desks.disagreement_queue.queue.answers)


def test_undo_takes_the_tick_back_with_the_edit_and_redo_puts_both_again(
    program: Program, press: Press, hand: Hand, first: Question
) -> None:
    _, prediction = masks(program)
    press(changing(first))
    corrected, said = hand.correction.mask.copy(), answers(program)
    assert said == {first.key: first.pieces[0].kind == "false_negative"}
    press("Ctrl+Z")
    assert answers(program) == {}
    assert looked_at(program) == first
    np.testing.assert_array_equal(hand.correction.mask, prediction)
    press("Ctrl+Shift+Z")
    assert answers(program) == said
    np.testing.assert_array_equal(hand.correction.mask, corrected)


def test_an_answer_that_changes_nothing_is_undone_before_the_edit_that_came_first(
    program: Program, press: Press, hand: Hand, first: Question
) -> None:
    press(changing(first))
    corrected, second = hand.correction.mask.copy(), looked_at(program)
    press(agreeing(second))
    assert set(answers(program)) == {first.key, second.key}
    press("Ctrl+Z")
    assert set(answers(program)) == {first.key}
    assert looked_at(program) == second
    np.testing.assert_array_equal(hand.correction.mask, corrected)
    press("Ctrl+Z")
    assert answers(program) == {}
    assert not hand.correction.can_undo


def test_the_very_first_answer_can_be_undone_though_it_changed_nothing(
    program: Program, press: Press, first: Question
) -> None:
    press(agreeing(first))
    assert program.window.actions["undo"].isEnabled()
    press("Ctrl+Z")
    assert answers(program) == {}
    assert not program.window.actions["undo"].isEnabled()


def test_a_stroke_since_then_goes_first(
    program: Program, press: Press, hand: Hand, first: Question
) -> None:
    press(agreeing(first))
    press("B")
    hand.draw((36, 6), (36, 14))
    press("Ctrl+Z")
    assert first.key in answers(program)
    assert not hand.correction.can_undo
    press("Ctrl+Z")
    assert answers(program) == {}


def test_a_tick_taken_back_stays_so_after_a_restart(
    program: Program,
    press: Press,
    first: Question,
    start: Start,
    predicted: Path,
    qtbot: QtBot,
) -> None:
    press(changing(first))
    shut(program)
    second = start(predicted)
    settle(qtbot, second)
    assert set(answers(second)) == {first.key}
    Press(second, qtbot)("Ctrl+Z")
    assert answers(second) == {}
    shut(second)
    third = start(predicted)
    settle(qtbot, third)
    assert answers(third) == {}
    assert third.review.desks.disagreement_queue.queue.answered == 0

"""Slices on which triage and mask disagree, first in the queue, ticked as seen."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QListView
from pytestqt.qtbot import QtBot

from core.domain.triage import Contradiction, Triage
from gui.app.program import Program
from gui.review.contradiction_queue import SliceQueue, key_of
from gui.review.queue_rows import hint_row
from tests.gui.conftest import Start, shut
from tests.gui.finding import by_name, texts
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.tiny import BARE, choose, predicted_mask, settle, toasts


def say(program: Program, qtbot: QtBot, chances: np.ndarray) -> None:
    """Have a classifier say this of the case on screen."""
    opened = program.session.open_case
    assert opened is not None
    numbers = opened.loaded.volume.slice_numbers
    program.session.set_triage(Triage(chances, numbers, "classifier", "cpu", 0.1))
    settle(qtbot, program)


def contrary(program: Program, *, sure: tuple[float, ...] = (0.99, 0.97)) -> np.ndarray:
    """Say the contrary of the mask on its first slices, and nothing of the others."""
    chances = np.full(len(predicted_mask(program)), 0.5)
    for z, chance in enumerate(sure):
        chances[z] = 1 - chance if predicted_mask(program)[z].any() else chance
    return chances


def kinds(program: Program) -> list[tuple[int, str]]:
    return [
        (each.index, each.kind) for each in program.review.desks.contradiction_queue.queue.found
    ]


@pytest.fixture
def doubted(program: Program, qtbot: QtBot) -> Program:
    """The first case with two contradictions."""
    say(program, qtbot, contrary(program))
    return program


def test_both_kinds_are_found_the_surest_first(doubted: Program) -> None:
    there = [bool(plane.any()) for plane in predicted_mask(doubted)]
    names = ["unexpected" if one else "missing" for one in there]
    assert kinds(doubted) == [(0, names[0]), (1, names[1])]


def test_they_come_before_the_pieces_and_n_goes_round_all(doubted: Program, press: Press) -> None:
    pieces = len(doubted.review.desks.disagreement_queue.queue.found)
    assert pieces > 0
    for position in (*range(pieces + 2), 0):
        press("N")
        assert doubted.review.desks.walk.current == position
    assert doubted.session.view.slice_index == 0
    assert doubted.review.desks.disagreement_queue.queue.current == -1
    press("N")
    assert doubted.session.view.slice_index == 1
    press("N")
    assert doubted.review.desks.contradiction_queue.queue.current == -1
    assert doubted.review.desks.disagreement_queue.queue.current == 0
    press("Shift+N")
    press("Shift+N")
    press("Shift+N")
    assert doubted.review.desks.disagreement_queue.queue.current == pieces - 1


def test_a_tick_corrects_nothing_and_comes_back_after_a_restart(
    doubted: Program, press: Press, start: Start, predicted: Path, qtbot: QtBot
) -> None:
    doubted.review.desks.walk.choose(0)
    press("Right")
    press("Y")
    assert doubted.session.correction is None
    assert doubted.review.desks.walk.answered == 1
    assert doubted.review.desks.contradiction_queue.queue.is_seen(0)
    chances, total = contrary(doubted), doubted.review.desks.walk.count
    assert f"1 of {total}" in texts(doubted.window.disagreements)
    settle(qtbot, doubted)
    shut(doubted)

    other = start(predicted)
    say(other, qtbot, chances)
    assert other.review.desks.contradiction_queue.queue.is_seen(0)
    assert not other.review.desks.contradiction_queue.queue.is_seen(1)
    Press(other, qtbot)("N")
    assert other.review.desks.walk.current == 1


def test_a_click_on_seen_ticks_its_line(doubted: Program, qtbot: QtBot) -> None:
    lines = by_name(doubted.window.disagreements, QListView, "Disagreements")
    area = lines.visualRect(lines.model().index(1, 0))
    spot = QPoint(area.right() - 40, area.center().y())
    for _ in range(2):  # the first one goes there
        qtbot.mouseClick(lines.viewport(), Qt.MouseButton.LeftButton, pos=spot)
        settle(qtbot, doubted)
        doubted.window.view.viewport().repaint()
    assert [doubted.review.desks.contradiction_queue.queue.is_seen(n) for n in (0, 1)] == [
        False,
        True,
    ]
    assert doubted.session.view.slice_index == 1


def test_what_is_only_to_be_seen_is_not_asked_as_a_region(doubted: Program) -> None:
    doubted.review.desks.walk.choose(0)
    said = texts(doubted.window.disagreements)
    assert any("Look at the slice" in each for each in said)
    assert not any("Is the tinted region" in each for each in said)


def test_without_ground_truth_they_are_there_too(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    choose(qtbot, program, BARE)
    say(program, qtbot, contrary(program, sure=(0.99,)))
    assert len(kinds(program)) == 1
    program.viewer.verbs.last_slice()
    program.review.desks.walk.choose(0)
    assert program.session.view.slice_index == 0


def test_the_mask_on_screen_decides(doubted: Program, hand: Hand, qtbot: QtBot) -> None:
    full = np.full(len(predicted_mask(doubted)), 0.99)
    say(doubted, qtbot, full)
    assert {kind for _, kind in kinds(doubted)} <= {"missing"}
    doubted.prediction.desk.set_threshold(0.99)
    settle(qtbot, doubted)
    empty = [not plane.any() for plane in predicted_mask(doubted)]
    assert len(kinds(doubted)) == sum(empty) == len(empty)


def test_agreement_leaves_the_queue_to_the_pieces(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    agreed = [0.99 if plane.any() else 0.01 for plane in predicted_mask(program)]
    say(program, qtbot, np.array(agreed))
    assert kinds(program) == []
    press("N")
    assert (
        program.review.desks.walk.current
        == program.review.desks.disagreement_queue.queue.current
        == 0
    )
    assert toasts(program) == []


HINTS = st.lists(
    st.builds(
        Contradiction,
        st.integers(0, 30),
        st.sampled_from(["missing", "unexpected"]),
        st.floats(0, 1),
    ),
    max_size=8,
    unique_by=key_of,
)


@given(HINTS, st.data())
def test_ticks_are_counted_by_slice_and_kind(
    hints: list[Contradiction], data: st.DataObject
) -> None:
    seen = data.draw(st.sets(st.sampled_from(hints))) if hints else set()
    queue = SliceQueue(tuple(hints), frozenset(map(key_of, seen)))
    assert queue.ticked == len(seen)
    for position, hint in enumerate(hints):
        row = hint_row(queue, position, range(1, 40))
        assert row.to_see
        assert (row.answer is True) == (hint in seen)
        assert row.slices == str(hint.index + 1)
        assert row.false_positive == (hint.kind == "unexpected")

"""The question before a window closes over work that the workspace would not take."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from core.annotation.export import read_export
from core.domain.mask import Mask
from gui.app.program import Program
from tests.gui.conftest import Start, shut
from tests.gui.finding import button
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.test_correction_desk import full_disk, paint, store_file
from tests.gui.tiny import choose, settle, shown_case

AGAIN, ELSEWHERE, STAY = "Try again", "Save elsewhere…", "Do not close"
LOSE = "Close and lose it"
_LOOK_MS = 5


class Reader:
    """Answers the question with one press after the other, and keeps what it said."""

    def __init__(self, *presses: str) -> None:
        self.presses = list(presses)
        self.asked: list[str] = []

    def close(self, program: Program) -> bool:
        """Close the window; returns whether it is closed."""
        timer = QTimer(interval=_LOOK_MS)
        timer.timeout.connect(self._answer)
        timer.start()
        program.window.close()
        timer.stop()
        return not program.window.isVisible()

    def _answer(self) -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox) and box.isVisible():
            self.asked.append(f"{box.text()} {box.informativeText()}")
            button(box, self.presses.pop(0) if self.presses else STAY).click()


def unsaved(program: Program, hand: Hand) -> Mask:
    """Paint what cannot be written and return the mask."""
    paint(program, hand)
    return hand.correction.mask.copy()


def test_the_question_names_the_case_and_what_is_at_stake(
    program: Program, hand: Hand, home: Path, predicted: Path
) -> None:
    with full_disk(store_file(home, predicted)):
        mask = unsaved(program, hand)
        reader = Reader(AGAIN, STAY)
        assert not reader.close(program)
        np.testing.assert_array_equal(hand.correction.mask, mask)
    assert len(reader.asked) == 2
    for said in reader.asked:
        assert all(word in said for word in ("A_1", "1 edit ", "disk is full"))
    shut(program)


def test_trying_again_writes_it_once_there_is_room(
    program: Program, hand: Hand, home: Path, predicted: Path, start: Start, qtbot: QtBot
) -> None:
    with full_disk(store_file(home, predicted)):
        mask = unsaved(program, hand)
    reader = Reader()
    assert reader.close(program)
    assert reader.asked == []
    again = start(predicted)
    np.testing.assert_array_equal(Hand(again, qtbot).correction.mask, mask)


def clicked(program: Program, press: Press, hand: Hand, qtbot: QtBot) -> Mask:
    """Make a guided click and return the mask it is made on."""
    press("D")
    before = program.annotation.desk.mask_now()
    assert before is not None
    before = before.copy()
    hand.draw((36, 6))
    settle(qtbot, program)
    return before


def test_clicks_that_wait_are_asked_about_and_can_be_accepted(
    program: Program, press: Press, hand: Hand, predicted: Path, start: Start, qtbot: QtBot
) -> None:
    clicked(program, press, hand, qtbot)
    reader = Reader(STAY)
    assert not reader.close(program)
    assert "1 click on A_1 is not accepted" in reader.asked[0]
    assert len(program.annotation.paint_tools.guided.clicks) == 1
    assert Reader("Accept and close").close(program)
    kept = Hand(start(predicted), qtbot).correction
    assert len(kept.clicks) == 1
    assert kept.mask[:, 36, 6].any()


def test_clicks_that_are_not_answered_yet_close_the_window_later(
    program: Program, press: Press, hand: Hand, predicted: Path, start: Start, qtbot: QtBot
) -> None:
    press("D")
    hand.draw((36, 6))
    Reader("Accept and close").close(program)
    qtbot.waitUntil(lambda: not program.window.isVisible())
    assert len(Hand(start(predicted), qtbot).correction.clicks) == 1


def test_clicks_that_wait_can_be_given_up(
    program: Program, press: Press, hand: Hand, predicted: Path, start: Start, qtbot: QtBot
) -> None:
    before = clicked(program, press, hand, qtbot)
    assert Reader("Close without it").close(program)
    again = start(predicted)
    assert again.session.correction is None
    np.testing.assert_array_equal(again.annotation.desk.mask_now(), before)


def test_it_can_be_saved_elsewhere(
    program: Program,
    hand: Hand,
    home: Path,
    predicted: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    safe = home.parent / "safe"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(safe))
    with full_disk(store_file(home, predicted)):
        mask = unsaved(program, hand)
        opened = program.session.open_case
        assert opened is not None
        # The case on screen need not be the one that is not saved.
        choose(qtbot, program, "B_2")
        assert Reader(ELSEWHERE).close(program)
    np.testing.assert_array_equal(
        read_export(safe, opened.loaded.case).mask(opened.loaded.case.region), mask
    )


def test_a_folder_that_will_not_do_asks_again(
    program: Program,
    hand: Hand,
    home: Path,
    predicted: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = iter([str(predicted / "inside"), ""])
    warned: list[str] = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(chosen))
    monkeypatch.setattr(QMessageBox, "warning", lambda *said: warned.append(said[2]))
    with full_disk(store_file(home, predicted)):
        unsaved(program, hand)
        reader = Reader(ELSEWHERE, ELSEWHERE, STAY)
        assert not reader.close(program)
    assert len(reader.asked) == 3
    assert "dataset" in "".join(warned)
    shut(program)


def test_what_is_given_up_is_gone_and_the_rest_stays(
    program: Program, hand: Hand, home: Path, predicted: Path, start: Start, qtbot: QtBot
) -> None:
    paint(program, hand, size=3)
    mask = hand.correction.mask.copy()
    with full_disk(store_file(home, predicted)):
        paint(program, hand, size=20)
        assert Reader(LOSE).close(program)
    again = start(predicted)
    settle(qtbot, again)
    assert shown_case(again) == "A_1"
    np.testing.assert_array_equal(Hand(again, qtbot).correction.mask, mask)


def test_a_stroke_that_is_still_being_written_is_waited_for(
    program: Program, hand: Hand, home: Path, predicted: Path
) -> None:
    with full_disk(store_file(home, predicted)):
        paint(program, hand, wait=False)
        reader = Reader(LOSE)
        assert reader.close(program)
    assert len(reader.asked) == 1


def test_what_was_exported_is_not_called_lost(
    program: Program,
    hand: Hand,
    home: Path,
    predicted: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    safe = home.parent / "safe"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(safe))
    with full_disk(store_file(home, predicted)):
        unsaved(program, hand)
        program.window.actions["export_correction"].trigger()
        hand.settle()
        reader = Reader(STAY)
        assert not reader.close(program)
        paint(program, hand, size=20)
        worse = Reader(STAY)
        assert not worse.close(program)
        program.window.actions["export_correction"].trigger()
        hand.settle()
        assert Reader("Close").close(program)
    (said,), (later,) = reader.asked, worse.asked
    assert str(safe) in said
    assert "work is lost" not in said
    assert "work is lost" in later

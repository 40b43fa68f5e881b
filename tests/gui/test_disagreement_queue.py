"""The queue of disagreements: gone through by size, answered, and what an answer does."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QListView, QToolButton
from pytestqt.qtbot import QtBot

from core.domain.components import Disagreement, box_slices, disagreements, voxels_of
from core.domain.mask import Mask
from core.domain.prediction import Prediction, to_mask
from core.models.registry import prediction_key
from core.workspace.prediction_cache import keep_prediction
from gui.app.program import Program
from gui.review.review_presenter import extent_text
from gui.shell.mask_source import CORRECTION, TRUTH, MaskSource
from gui.widgets.key_button import KeyButton
from tests.gui.conftest import Start, shut
from tests.gui.finding import button, by_name, texts
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.tiny import (
    BARE,
    SLICES,
    choose,
    keep_triages,
    predicted_mask,
    settle,
    toasts,
    true_mask,
)


def masks(program: Program) -> tuple[Mask, Mask]:
    """Ground truth and prediction on screen."""
    return true_mask(program), predicted_mask(program)


def looked_at(program: Program) -> Disagreement:
    queue = program.review.desks.disagreement_queue.queue
    return queue.found[queue.current]


def show_speck(program: Program, qtbot: QtBot) -> None:
    program.prediction.desk.set_largest_component(False)
    program.prediction.desk.set_no_small(False)
    settle(qtbot, program)


@pytest.fixture
def predicted(home: Path, predicted: Path) -> Path:
    """The tiny cases, of which triage says nothing that a mask could contradict."""
    keep_triages(home, predicted, dict.fromkeys(SLICES, ()), rest=0.5)
    return predicted


@pytest.fixture
def wanted(program: Program, qtbot: QtBot) -> list[Disagreement]:
    """What there is to ask of the first case, with the speck beside its lesion."""
    show_speck(program, qtbot)
    found = disagreements(*masks(program))
    assert len(found) > 2
    return found


def test_n_goes_to_the_largest_and_centres_it(
    program: Program, press: Press, wanted: list[Disagreement]
) -> None:
    program.window.view.zoom_by(4)
    press("End")
    press("N")
    error = looked_at(program)
    assert error == wanted[0]
    assert error.voxels == max(each.voxels for each in wanted)
    z, y, x = error.centre
    assert program.session.view.slice_index == z
    centre = program.window.view.centre
    assert (centre.y(), centre.x()) == pytest.approx((y + 0.5, x + 0.5), abs=0.1)


def test_n_and_shift_n_go_round_the_queue(
    program: Program, press: Press, wanted: list[Disagreement]
) -> None:
    for error in (*wanted, wanted[0]):
        press("N")
        assert looked_at(program) == error
    press("Shift+N")
    assert looked_at(program) == wanted[-1]


@pytest.mark.parametrize("is_lesion", [True, False])
def test_an_answer_makes_the_correction_as_it_says_and_goes_on(
    program: Program, press: Press, hand: Hand, wanted: list[Disagreement], is_lesion: bool
) -> None:
    truth, prediction = masks(program)
    expected = prediction.copy()
    for error in wanted[:2]:
        piece = voxels_of(error, truth, prediction)
        expected[box_slices(error.box)][piece] = is_lesion
    press("N")
    press("Y" if is_lesion else "U")
    assert looked_at(program) == wanted[1]
    press("Y" if is_lesion else "U")
    hand.settle()
    if hand.correction.can_undo:
        np.testing.assert_array_equal(hand.correction.mask, expected)
    assert looked_at(program) == wanted[2]
    assert f"2 of {len(wanted)} answered" in texts(program.window.disagreements)


def test_the_right_answers_lead_to_the_truth_and_the_end_is_told(
    program: Program, press: Press, hand: Hand, wanted: list[Disagreement]
) -> None:
    press("N")
    for error in wanted:
        assert looked_at(program) == error
        press("U" if error.kind == "false_positive" else "Y")
    hand.settle()
    truth, _ = masks(program)
    np.testing.assert_array_equal(hand.correction.mask, truth)
    assert program.review.desks.disagreement_queue.queue.answered == len(wanted)
    assert any("All answered" in said for said in toasts(program))
    assert "1.000" in texts(program.window.metrics)


def test_an_answer_is_undone_like_any_edit(
    program: Program, press: Press, hand: Hand, wanted: list[Disagreement]
) -> None:
    _, prediction = masks(program)
    press("N")
    press("U" if wanted[0].kind == "false_positive" else "Y")
    assert hand.correction.tools == {"disagreement": 1}
    press("Ctrl+Z")
    np.testing.assert_array_equal(hand.correction.mask, prediction)


def test_answers_come_back_after_a_restart_and_are_passed_over(
    program: Program,
    press: Press,
    wanted: list[Disagreement],
    start: Start,
    predicted: Path,
    qtbot: QtBot,
) -> None:
    press("N")
    press("Y")
    settle(qtbot, program)
    shut(program)
    other = start(predicted)
    show_speck(other, qtbot)
    assert other.review.desks.disagreement_queue.queue.answers == {wanted[0].key: True}
    Press(other, qtbot)("N")
    assert looked_at(other) == wanted[1]


def test_a_click_on_no_answers_its_own_line(
    program: Program, hand: Hand, wanted: list[Disagreement], qtbot: QtBot
) -> None:
    lines = by_name(program.window.disagreements, QListView, "Disagreements")
    area = lines.visualRect(lines.model().index(1, 0))
    spot = QPoint(area.right() - 30, area.center().y())
    qtbot.mouseClick(lines.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    hand.settle()
    assert program.review.desks.disagreement_queue.queue.answers == {wanted[1].key: False}
    assert looked_at(program) == wanted[2]


def test_an_answer_without_a_question_is_told(program: Program, press: Press) -> None:
    press("Y")
    assert program.session.correction is None
    assert any("Go to a disagreement first" in said for said in toasts(program))


def test_another_threshold_asks_anew(
    program: Program, press: Press, wanted: list[Disagreement], qtbot: QtBot
) -> None:
    press("N")
    program.prediction.desk.set_threshold(0.3)
    settle(qtbot, program)
    queue = program.review.desks.disagreement_queue.queue
    assert queue.current == -1
    assert list(queue.found) == disagreements(*masks(program))
    assert list(queue.found) != wanted


def test_without_ground_truth_another_model_is_held_against(
    program: Program, press: Press, wanted: list[Disagreement], qtbot: QtBot
) -> None:
    choose(qtbot, program, BARE)
    assert program.review.desks.disagreement_queue.queue.found == ()
    assert TRUTH not in offered(program)
    assert any("has not been run" in said for said in texts(program.window.disagreements))
    press("N")
    assert program.review.desks.disagreement_queue.queue.current == -1
    assert any("No disagreement" in said for said in toasts(program))


def against(program: Program) -> QComboBox:
    return by_name(program.window.disagreements, QComboBox, "Hold the prediction against")


def offered(program: Program) -> tuple[MaskSource, ...]:
    return program.window.disagreements.sources


def hold_against(program: Program, source: MaskSource, qtbot: QtBot) -> None:
    box, index = against(program), offered(program).index(source)
    box.setCurrentIndex(index)
    box.activated.emit(index)
    settle(qtbot, program)


def test_the_prediction_is_held_against_another_model(
    program: Program, wanted: list[Disagreement], press: Press, hand: Hand, qtbot: QtBot
) -> None:
    assert offered(program)[0] == TRUTH
    others = [source.name for source in offered(program) if source.kind == "model"]
    other = next(m for m in program.session.models.available if m.spec.id in others)
    theirs_alone = MaskSource("model", other.spec.id)
    hold_against(program, theirs_alone, qtbot)
    said = f"{other.spec.title} has not been run on this case."
    assert said in texts(program.window.disagreements)
    press("N")
    assert said in toasts(program)[-1]

    opened, place = program.session.open_case, program.session.place
    assert opened is not None
    assert place is not None
    theirs = np.zeros(opened.loaded.volume.geometry.shape, np.uint8)
    theirs[2, 5:20, 5:20] = 255
    made = prediction_key(other, opened.loaded.volume)
    made_by_other = Prediction(theirs, other.spec.id, made, "cpu", 0.1)
    keep_prediction(opened.loaded, other, place.workspace, made_by_other)
    hold_against(program, TRUTH, qtbot)
    hold_against(program, theirs_alone, qtbot)
    queue = program.review.desks.disagreement_queue.queue
    other_mask = to_mask(theirs, other.spec.postprocessing)
    assert list(queue.found) == disagreements(other_mask, predicted_mask(program))

    missed = next(n for n, each in enumerate(queue.found) if each.kind == "false_negative")
    program.review.desks.disagreement_queue.choose(missed)
    plane = program.review.desks.disagreement_queue.voxels(queue.found[missed].centre_slice)
    assert plane is not None
    assert 0 < plane.sum() <= queue.found[missed].voxels
    assert (
        program.review.desks.disagreement_queue.voxels(queue.found[missed].last_slice + 1) is None
    )
    press("Y")
    hand.settle()
    assert hand.correction.mask[other_mask == 1].all()


def test_the_correction_is_a_source_while_there_is_one(
    program: Program, wanted: list[Disagreement], press: Press, hand: Hand, qtbot: QtBot
) -> None:
    assert CORRECTION not in offered(program)
    press("N")
    press("Y" if wanted[0].kind == "false_negative" else "U")
    hand.settle()
    hold_against(program, CORRECTION, qtbot)
    found = program.review.desks.disagreement_queue.queue.found
    assert [each.voxels for each in found] == [wanted[0].voxels]

    press("Ctrl+Z")
    hand.settle()
    qtbot.waitUntil(lambda: not program.review.desks.disagreement_queue.queue.found)
    press("N")
    assert "Prediction and correction agree everywhere." in toasts(program)[-1]


def test_the_printed_keys_are_those_of_the_reader(program: Program) -> None:
    panel, review = program.window.disagreements, program.window.review
    following, accept = button(panel, "Next"), button(review, "Accept")
    assert isinstance(following, KeyButton)
    assert isinstance(accept, KeyButton)
    assert following.key == "N"
    program.window.set_keys({"next_disagreement": ("J",), "yes": ("Z",), "accept": ("Ctrl+A",)})
    assert (following.key, accept.key) == ("J", "")
    assert following.toolTip().endswith("(J)")
    assert "Is the marked region lesion?  Z yes, U no" in texts(panel)
    assert accept.toolTip() == "Accept (Ctrl+A)"
    assert button(review, "Reject").toolTip() == "Reject (X)"
    assert button(review, "Save and open next case").toolTip().endswith("(Ctrl+Enter)")

    program.window.set_keys({"toggle_truth": ("Ctrl+Alt+T",), "next_case": ()})
    assert following.key == "N"
    printed = {b.key for b in review.findChildren(KeyButton)}
    assert printed in ({"A", "C", "X"}, {""})  # all, or none where there is no room for one
    header = program.window.header
    chip = by_name(header, QAbstractButton, "Truth")
    assert chip.toolTip() == "Show or hide: truth (Ctrl+Alt+T)"
    assert by_name(header, QToolButton, "Next case").toolTip() == "Next case"


def test_a_line_and_the_marker_say_how_far_it_reaches(
    program: Program, press: Press, wanted: list[Disagreement]
) -> None:
    press("N")
    lines = by_name(program.window.disagreements, QListView, "Disagreements")
    tip = str(lines.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    across = f"{wanted[0].largest_extent():.0f} voxels across"
    assert tip.startswith(wanted[0].error.capitalize())
    assert tip.endswith(across)
    assert extent_text(wanted[0], None) == across
    assert extent_text(wanted[0], (5.0, 0.5, 0.5)).endswith("mm across")

"""The queue of disagreements: gone through by size, answered, and what an answer does."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QInputDialog,
    QListView,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from core.domain.components import box_slices, disagreements
from core.domain.mask import Mask
from core.domain.plane import Cut
from core.domain.prediction import Prediction, to_mask
from core.models.registry import prediction_key
from core.review.questions import Question, region_of
from core.review.truth_errors import truth_errors
from core.workspace.prediction_cache import keep_prediction
from gui.app.program import Program
from gui.review.queue_rows import extent_text
from gui.shell.mask_source import CORRECTION, TRUTH, MaskSource
from gui.viewer.items.asked_item import AskedItem
from gui.viewer.items.tool_items import Marker
from gui.widgets.key_button import KeyButton
from tests.gui.conftest import Start, shut
from tests.gui.finding import button, by_name, texts
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.test_reviewing import Clock
from tests.gui.tiny import (
    BARE,
    SLICES,
    activate,
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


def looked_at(program: Program) -> Question:
    queue = program.review.desks.disagreement_queue.queue
    return queue.found[queue.current]


def look(program: Program, index: int) -> None:
    """Look at what is asked at a position among the pieces."""
    program.review.desks.disagreement_queue.choose(index)
    program.window.view.viewport().repaint()


def show_speck(program: Program, qtbot: QtBot) -> None:
    """Ask about the speck beside the lesion too, small as it is."""
    program.operations.change_settings(small_voxels=1)
    program.prediction.desk.set_largest_component(False)
    program.prediction.desk.set_no_small(False)
    settle(qtbot, program)


@pytest.fixture
def predicted(home: Path, predicted: Path) -> Path:
    """The tiny cases, of which triage says nothing that a mask could contradict."""
    keep_triages(home, predicted, dict.fromkeys(SLICES, ()), rest=0.5)
    return predicted


@pytest.fixture
def wanted(program: Program, qtbot: QtBot) -> list[Question]:
    """What there is to ask of the first case, with the speck beside its lesion."""
    show_speck(program, qtbot)
    found = list(program.review.desks.disagreement_queue.queue.found)
    assert len(found) > 2
    return found


def test_n_goes_to_a_lesion_before_parts_and_brings_it_into_view(
    program: Program, press: Press, wanted: list[Question]
) -> None:
    program.window.view.zoom_by(6)
    press("Home")
    press("N")
    question = looked_at(program)
    assert question == wanted[0]
    assert question.name == "invented lesion"
    parts = [each.voxels for each in wanted[1:]]
    assert parts == sorted(parts, reverse=True)
    assert max(parts) > question.voxels
    z, y, x = question.centre
    assert program.session.view.slice_index == z
    centre = program.window.view.centre
    assert (centre.y(), centre.x()) == pytest.approx((y + 0.5, x + 0.5), abs=0.1)


def test_the_view_stays_where_the_region_is_in_it_already(
    program: Program, press: Press, wanted: list[Question]
) -> None:
    part = max(wanted, key=lambda each: each.voxels)
    index = part.first_slice + 1
    assert index != part.centre[0]
    program.viewer.verbs.go_to_slice(index)
    before = program.window.view.centre
    look(program, wanted.index(part))
    assert program.session.view.slice_index == index
    assert program.window.view.centre == before


def test_what_is_asked_about_is_tinted_alone_and_numbered_once(
    program: Program, press: Press, wanted: list[Question]
) -> None:
    def chips() -> set[str]:
        found = program.window.header.findChildren(QAbstractButton)
        names = {"False positive", "False negative"}
        return {b.accessibleName() for b in found if b.isChecked() and b.accessibleName() in names}

    assert chips() == {"False positive", "False negative"}
    press("N")
    press("N")
    view = program.window.view
    tint = next(item for item in view.items() if isinstance(item, AskedItem))
    assert tint.isVisible()
    assert chips() == set()
    question = looked_at(program)
    plane = program.review.desks.disagreement_queue.voxels(program.session.view.cut)
    assert plane is not None
    z0, _, y0, y1, x0, x1 = question.box
    region = region_of(question, masks(program))[program.session.view.slice_index - z0]
    np.testing.assert_array_equal(plane[y0:y1, x0:x1] > 0, region)
    assert np.count_nonzero(plane) == region.sum()
    rows = by_name(program.window.disagreements, QListView, "Disagreements").model().rowCount()
    marker = next(item for item in view.items() if isinstance(item, Marker))
    assert marker.text.startswith(f"2 / {rows} · ")
    assert f"0 of {rows}" in texts(program.window.disagreements)

    press("F")  # the reader wants to see the others too
    assert chips() == {"False positive", "False negative"}
    press("N")
    press("Esc")
    assert program.review.desks.walk.current == -1
    assert not tint.isVisible()
    assert chips() == {"False positive", "False negative"}


def test_what_an_answer_would_change_is_said_first(
    program: Program, press: Press, hand: Hand, wanted: list[Question]
) -> None:
    missed = next(n for n, each in enumerate(wanted) if each.pieces[0].kind == "false_negative")
    question, numbers = wanted[missed], range(1, 99)
    look(program, missed)
    first, last = numbers[question.first_slice], numbers[question.last_slice]
    said = f"Yes adds {question.voxels} voxels on slices {first} to {last}"
    assert said in texts(program.window.disagreements)
    shown = program.review.desks.disagreement_queue.voxels(Cut(index=question.first_slice))
    assert (shown == 2).any()
    press("Y")
    hand.settle()
    look(program, missed)
    said = f"No takes away {question.voxels} voxels on slices {first} to {last}"
    assert said in texts(program.window.disagreements)


def test_small_ones_are_one_line_and_answered_together(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    program.operations.change_settings(small_voxels=10_000)
    settle(qtbot, program)
    (few,) = program.review.desks.disagreement_queue.queue.found
    found = disagreements(*masks(program))
    assert few.together
    lines = by_name(program.window.disagreements, QListView, "Disagreements")
    assert f"and {len(found)} small ones" in str(lines.model().index(0, 0).data())
    press("N")
    press("U")
    hand.settle()
    truth, prediction = masks(program)
    np.testing.assert_array_equal(hand.correction.mask, truth & prediction)
    queue = program.review.desks.disagreement_queue.queue
    assert queue.answers == {each.key: False for each in found}
    assert "1 of 1" in texts(program.window.disagreements)
    press("Ctrl+Z")
    hand.settle()
    assert program.review.desks.disagreement_queue.queue.answers == {}
    press("Ctrl+Shift+Z")
    hand.settle()
    assert program.review.desks.disagreement_queue.queue.answered == 1
    program.operations.change_settings(small_voxels=1)
    settle(qtbot, program)
    assert program.review.desks.disagreement_queue.queue.answered == len(found)


def test_an_answer_counts_once_the_region_was_seen(
    program: Program, press: Press, hand: Hand, wanted: list[Question]
) -> None:
    clock = Clock()
    program.context.readiness.clock = clock
    program.window.view.viewport().repaint()
    clock.now += 60.0
    press("N")
    program.window.view.viewport().repaint()
    press("Y")
    assert program.review.desks.disagreement_queue.queue.answers == {}
    assert any("less than half a second" in said for said in toasts(program))
    clock.now += 0.5
    press("Y")
    program.window.view.viewport().repaint()
    press("Y")  # meant for the one before: the next has just come
    assert len(program.review.desks.disagreement_queue.queue.answers) == 1


def test_the_truth_may_be_what_is_wrong(
    program: Program, press: Press, hand: Hand, wanted: list[Question], qtbot: QtBot, tmp_path: Path
) -> None:
    missed = next(n for n, each in enumerate(wanted) if each.pieces[0].kind == "false_negative")
    question = wanted[missed]
    look(program, missed)
    press("J")
    (dialog,) = [d for d in program.window.findChildren(QInputDialog) if d.isVisible()]
    assert "No lesion there" in dialog.comboBoxItems()
    dialog.setTextValue("Marked on the wrong side")
    dialog.accept()
    hand.settle()
    place = program.session.place
    assert place is not None
    (kept,) = truth_errors(place.workspace.store)
    assert (kept.error.case_id, kept.error.name, kept.error.lesion, kept.error.reader) == (
        "A_1",
        question.name,
        False,
        "Ann",
    )
    assert kept.error.reason == "Marked on the wrong side"
    np.testing.assert_array_equal(kept.region, region_of(question, masks(program)))
    _, prediction = masks(program)
    np.testing.assert_array_equal(hand.correction.mask, prediction)
    said = "Write 1 error of the ground truth, of all cases, as a parcel"
    assert by_name(program.window.disagreements, QToolButton, said).isVisible()

    program.review.truth._write(tmp_path / "out")
    settle(qtbot, program)
    assert (tmp_path / "out" / "errors.csv").is_file()
    assert any("Error parcel written" in said for said in toasts(program))
    activate(qtbot, program)
    press("Ctrl+Z")
    hand.settle()
    assert truth_errors(place.workspace.store) == []


def test_only_the_truth_can_be_called_wrong_and_one_region_at_a_time(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    program.operations.change_settings(small_voxels=10_000)
    settle(qtbot, program)
    press("J")
    press("N")
    press("J")
    assert [d for d in program.window.findChildren(QInputDialog) if d.isVisible()] == []
    assert any("Small ones are many" in said for said in toasts(program))


def test_n_and_shift_n_go_round_the_queue(
    program: Program, press: Press, wanted: list[Question]
) -> None:
    for error in (*wanted, wanted[0]):
        press("N")
        assert looked_at(program) == error
    press("Shift+N")
    assert looked_at(program) == wanted[-1]


@pytest.mark.parametrize("is_lesion", [True, False])
def test_an_answer_makes_the_correction_as_it_says_and_goes_on(
    program: Program, press: Press, hand: Hand, wanted: list[Question], is_lesion: bool
) -> None:
    truth, prediction = masks(program)
    expected = prediction.copy()
    for error in wanted[:2]:
        piece = region_of(error, (truth, prediction))
        expected[box_slices(error.box)][piece] = is_lesion
    press("N")
    press("Y" if is_lesion else "U")
    assert looked_at(program) == wanted[1]
    press("Y" if is_lesion else "U")
    hand.settle()
    if hand.correction.can_undo:
        np.testing.assert_array_equal(hand.correction.mask, expected)
    assert looked_at(program) == wanted[2]
    assert f"2 of {len(wanted)}" in texts(program.window.disagreements)


def test_the_right_answers_lead_to_the_truth_and_the_end_is_told(
    program: Program, press: Press, hand: Hand, wanted: list[Question]
) -> None:
    press("N")
    for error in wanted:
        assert looked_at(program) == error
        press("U" if error.pieces[0].kind == "false_positive" else "Y")
    hand.settle()
    truth, _ = masks(program)
    np.testing.assert_array_equal(hand.correction.mask, truth)
    assert program.review.desks.disagreement_queue.queue.answered == len(wanted)
    assert any("All answered" in said for said in toasts(program))
    assert "1.000" in texts(program.window.metrics)


def test_an_answer_is_undone_like_any_edit(
    program: Program, press: Press, hand: Hand, wanted: list[Question]
) -> None:
    _, prediction = masks(program)
    press("N")
    press("U" if wanted[0].pieces[0].kind == "false_positive" else "Y")
    assert hand.correction.tools == {"disagreement": 1}
    press("Ctrl+Z")
    np.testing.assert_array_equal(hand.correction.mask, prediction)


def test_answers_come_back_after_a_restart_and_are_passed_over(
    program: Program,
    press: Press,
    wanted: list[Question],
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
    program: Program, hand: Hand, wanted: list[Question], qtbot: QtBot
) -> None:
    lines = by_name(program.window.disagreements, QListView, "Disagreements")
    area = lines.visualRect(lines.model().index(1, 0))
    spot = QPoint(area.right() - 30, area.center().y())
    qtbot.mouseClick(lines.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    hand.settle()
    assert program.review.desks.disagreement_queue.queue.answers == {}  # it was not seen yet
    assert looked_at(program) == wanted[1]
    qtbot.mouseClick(lines.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    hand.settle()
    assert program.review.desks.disagreement_queue.queue.answers == {wanted[1].key: False}
    assert looked_at(program) == wanted[2]


def test_an_answer_without_a_question_is_told(program: Program, press: Press) -> None:
    press("Y")
    assert program.session.correction is None
    assert any("Go to a disagreement first" in said for said in toasts(program))


def test_another_threshold_asks_anew(
    program: Program, press: Press, wanted: list[Question], qtbot: QtBot
) -> None:
    press("N")
    program.prediction.desk.set_threshold(0.3)
    settle(qtbot, program)
    queue = program.review.desks.disagreement_queue.queue
    assert queue.current == -1
    found = {piece.key for question in queue.found for piece in question.pieces}
    assert found == {error.key for error in disagreements(*masks(program))}
    assert list(queue.found) != wanted


def test_without_ground_truth_another_model_is_held_against(
    program: Program, press: Press, wanted: list[Question], qtbot: QtBot
) -> None:
    choose(qtbot, program, BARE)
    assert program.review.desks.disagreement_queue.queue.found == ()
    assert TRUTH not in offered(program)
    assert any("has not been run" in said for said in texts(program.window.disagreements))
    press("N")
    assert program.review.desks.disagreement_queue.queue.current == -1
    assert any("has not been run" in said for said in toasts(program))


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
    program: Program, wanted: list[Question], press: Press, hand: Hand, qtbot: QtBot
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
    found = {piece.key for question in queue.found for piece in question.pieces}
    expected = disagreements(other_mask, predicted_mask(program))
    assert found == {error.key for error in expected}

    kinds = [question.pieces[0].kind for question in queue.found]
    missed = kinds.index("false_negative")
    look(program, missed)
    plane = program.review.desks.disagreement_queue.voxels(Cut(index=queue.found[missed].centre[0]))
    assert plane is not None
    assert 0 < np.count_nonzero(plane) <= queue.found[missed].voxels
    beyond = Cut(index=queue.found[missed].last_slice + 1)
    assert program.review.desks.disagreement_queue.voxels(beyond) is None
    press("Y")
    hand.settle()
    assert hand.correction.mask[other_mask == 1].all()


def test_the_correction_is_a_source_while_there_is_one(
    program: Program, wanted: list[Question], press: Press, hand: Hand, qtbot: QtBot
) -> None:
    assert CORRECTION not in offered(program)
    press("N")
    press("Y" if wanted[0].pieces[0].kind == "false_negative" else "U")
    hand.settle()
    hold_against(program, CORRECTION, qtbot)
    found = program.review.desks.disagreement_queue.queue.found
    assert [each.voxels for each in found] == [wanted[0].voxels]

    # Painted on, what is asked follows once the hand rests.
    queue = program.review.desks.disagreement_queue
    press("B")
    hand.draw((36, 8))
    qtbot.waitUntil(lambda: len(queue.queue.found) == 2)
    press("Ctrl+Z")
    hand.settle()
    qtbot.waitUntil(lambda: len(queue.queue.found) == 1)

    press("Ctrl+Z")
    hand.settle()
    assert CORRECTION not in offered(program), "undone whole it is none"
    again = program.review.desks.disagreement_queue
    qtbot.waitUntil(lambda: len(again.queue.found) == len(wanted))
    assert again.source == TRUTH


def test_an_answer_is_of_the_threshold_it_was_given_at(
    program: Program, wanted: list[Question], press: Press, hand: Hand, qtbot: QtBot
) -> None:
    desk, queue = program.prediction.desk, program.review.desks.disagreement_queue
    before, mask = program.session.post.threshold, predicted_mask(program)
    press("N")
    press("Y")
    hand.settle()
    answered = dict(queue.queue.answers)
    assert len(answered) == 1
    desk.set_threshold(before + 0.1)
    settle(qtbot, program)
    np.testing.assert_array_equal(predicted_mask(program), mask)
    assert queue.queue.answers == {}, "the same region, of which nothing was said as it is now"
    desk.set_threshold(before)
    settle(qtbot, program)
    assert queue.queue.answers == answered


def test_nothing_is_said_to_agree_before_there_is_a_prediction(start: Start, dataset: Path) -> None:
    program = start(dataset)
    assert "None" not in texts(program.window.disagreements)
    program.context.trigger("next_disagreement")
    assert "no prediction of this case yet" in toasts(program)[-1]
    assert not any("agree" in said for said in toasts(program))


def test_the_printed_keys_are_those_of_the_reader(program: Program) -> None:
    panel, review = program.window.disagreements, program.window.review
    following, accept = button(panel, "Next"), button(review, "Accept")
    assert isinstance(following, KeyButton)
    assert isinstance(accept, KeyButton)
    assert following.key == "N"
    program.window.set_keys({"next_disagreement": ("D",), "yes": ("Z",), "accept": ("Ctrl+A",)})
    assert (following.key, accept.key) == ("D", "")
    assert following.toolTip().endswith("(D)")
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
    program: Program, press: Press, wanted: list[Question]
) -> None:
    press("N")
    lines = by_name(program.window.disagreements, QListView, "Disagreements")
    tip = str(lines.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    across = f"{wanted[0].pieces[0].largest_extent():.0f} voxels across"
    assert tip.startswith("Invented lesion, slice")
    assert tip.endswith(across)
    assert extent_text(wanted[0], None) == across
    assert extent_text(wanted[0], (5.0, 0.5, 0.5)).endswith("mm across")

"""Hands over a case: where a correction starts, what is in hand, what is marked before it goes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import msgspec
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.annotation import regions, strokes
from core.annotation.journal import begun_corrections
from core.annotation.patch import Patch
from core.domain.mask import Mask
from gui.shell.correction_origin import other_origin
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import Touch
from tests import patience
from tests.gui.drawing_desk import DrawingDesk
from tests.gui.tiny import BARE, probability, write_dataset
from tests.synthetic import write_case

FAR = (36.5, 8.5)
"""A point far from truth and prediction."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("hands") / "tiny cases")


@pytest.fixture
def desk(qtbot: QtBot, home: Path, folder: Path, slice_view: SliceView) -> Iterator[DrawingDesk]:
    made = DrawingDesk(qtbot, home, folder, slice_view)
    made.open("A_1")
    yield made
    made.close()


@pytest.fixture
def predicted(desk: DrawingDesk) -> DrawingDesk:
    desk.predict(probability(6))
    return desk


def truth(desk: DrawingDesk) -> Mask:
    opened = desk.session.open_case
    assert opened is not None
    assert opened.loaded.ground_truth is not None
    return opened.loaded.ground_truth


def prediction(desk: DrawingDesk) -> Mask:
    result = desk.session.result
    assert result is not None
    assert result.counted is not None
    return result.counted.mask


def start_from(desk: DrawingDesk, kind: str) -> None:
    changed = msgspec.structs.replace(desk.session.settings, start_from=kind)  # type: ignore[arg-type]
    desk.session.set_settings(changed)


def in_hand(desk: DrawingDesk, tool: str, **settings: object) -> None:
    desk.drawing.set_tool(tool)  # type: ignore[arg-type]
    desk.drawing.change(**settings)
    desk.settle()


def middle(mask: Mask) -> tuple[float, float]:
    y, x = np.argwhere(mask[2]).mean(axis=0)
    return float(y), float(x)


# Where a correction starts


def test_one_dab_on_a_case_with_truth_alone_begins_with_the_truth(desk: DrawingDesk) -> None:
    in_hand(desk, "brush", size=3)
    assert desk.desk.start is not None
    assert desk.desk.start.title == "the ground truth"
    desk.draw(FAR)
    assert desk.correction.origin.kind == "ground_truth"
    assert desk.correction.figures().voxels > truth(desk).sum()


@pytest.mark.parametrize(
    ("kind", "origin"), [("prediction", "prediction"), ("truth", "ground_truth")]
)
def test_the_setting_says_what_the_first_stroke_starts_from(
    predicted: DrawingDesk, kind: str, origin: str
) -> None:
    start_from(predicted, kind)
    in_hand(predicted, "brush", size=3)
    predicted.draw(FAR)
    wanted = prediction(predicted) if kind == "prediction" else truth(predicted)
    np.testing.assert_array_equal(predicted.correction.start, wanted)
    assert predicted.correction.origin.kind == origin


def test_a_correction_may_start_from_nothing(predicted: DrawingDesk) -> None:
    start_from(predicted, "nothing")
    in_hand(predicted, "brush", size=1)
    predicted.draw(FAR)
    assert predicted.correction.figures().voxels == 1


def test_a_correction_may_start_from_the_last_version(predicted: DrawingDesk) -> None:
    in_hand(predicted, "brush", size=3)
    predicted.draw(FAR)
    saved = predicted.correction.snapshot_mask()
    predicted.desk.save_version()
    predicted.settle()
    predicted.desk.discard()
    state = predicted.session.case_states["A_1"]
    predicted.session.set_case_state(replace(state, version=1))
    start_from(predicted, "version")
    predicted.settle()
    assert predicted.desk.start is not None
    assert predicted.desk.start.title == "version 1"
    predicted.draw((40.5, 40.5))
    np.testing.assert_array_equal(predicted.correction.start, saved)
    assert predicted.correction.origin.version == 1


def test_a_case_with_neither_starts_from_nothing_and_says_so(desk: DrawingDesk) -> None:
    desk.open(BARE)
    assert desk.desk.start is not None
    assert desk.desk.start.title == "nothing"


def test_a_stroke_before_all_is_ready_waits_and_is_drawn_whole(
    predicted: DrawingDesk,
) -> None:
    go_on = Event()
    for _ in range(4):  # every worker there is
        predicted.lanes.run("io", lambda _: go_on.wait(patience.SECONDS))
    predicted.drawing.set_tool("brush")
    predicted.drawing.change(size=3)
    assert predicted.desk.waiting
    predicted.draw((36.5, 6.5), (36.5, 12.5), (42.5, 12.5))
    assert predicted.session.correction is None
    assert predicted.drawing.holds
    go_on.set()
    predicted.settle()
    wanted = strokes.covered((48, 48), [(36.5, 6.5), (36.5, 12.5), (42.5, 12.5)], 3)
    assert wanted is not None
    assert predicted.plane[wanted[0]][wanted[1]].all()
    assert predicted.correction.tools == {"brush": 1}


@pytest.mark.parametrize("kept_back", ["seeking", "running"])
def test_what_a_first_stroke_begins_is_made_once_nothing_keeps_it_back(
    desk: DrawingDesk, kept_back: str
) -> None:
    session = desk.session
    state = session.case_states[session.current]
    if kept_back == "seeking":
        session.set_seeking(True)
    else:
        session.set_case_state(replace(state, run="running"))
    desk.drawing.set_tool("brush")
    assert desk.desk.problem != ""
    assert not desk.desk.waiting
    session.set_seeking(False)
    session.set_case_state(state)
    assert desk.desk.waiting


# A correction undone whole is none


def test_a_correction_undone_whole_is_none_and_can_be_made_again(predicted: DrawingDesk) -> None:
    in_hand(predicted, "brush", size=3)
    predicted.draw(FAR)
    predicted.settle()
    assert predicted.session.case_states["A_1"].begun
    assert begun_corrections(predicted.place.workspace.store) == {"A_1"}
    predicted.desk.undo()
    assert predicted.session.correction is None
    assert not predicted.session.case_states["A_1"].begun
    predicted.settle()
    assert begun_corrections(predicted.place.workspace.store) == frozenset()
    assert predicted.desk.can_redo
    predicted.desk.redo()
    assert predicted.session.correction is predicted.correction
    assert predicted.plane[36, 8] == 1


def test_a_correction_undone_whole_comes_back_as_none(predicted: DrawingDesk) -> None:
    in_hand(predicted, "brush", size=3)
    predicted.draw(FAR)
    predicted.desk.undo()
    predicted.settle()
    predicted.open("B_2")
    predicted.open("A_1")
    assert predicted.session.correction is None
    assert predicted.desk.can_redo


def test_after_undoing_all_the_next_stroke_starts_from_what_is_predicted_now(
    predicted: DrawingDesk,
) -> None:
    in_hand(predicted, "brush", size=3)
    predicted.draw(FAR)
    predicted.desk.undo()
    other = np.roll(probability(6), 4, axis=1)
    predicted.predict(other)
    predicted.draw(FAR)
    np.testing.assert_array_equal(predicted.correction.start, prediction(predicted))
    assert predicted.correction.applied == 1
    predicted.settle()
    predicted.open("B_2")
    predicted.open("A_1")
    assert predicted.session.correction is not None


def test_a_stroke_that_changes_nothing_begins_no_correction(predicted: DrawingDesk) -> None:
    in_hand(predicted, "eraser", size=3)
    predicted.draw(FAR)
    assert predicted.session.correction is None
    predicted.desk.apply("nothing", lambda _: None)
    assert predicted.session.correction is None


def test_a_correction_of_another_model_says_so(predicted: DrawingDesk) -> None:
    in_hand(predicted, "brush", size=3)
    predicted.draw(FAR)
    assert other_origin(predicted.session) == ""
    models = predicted.session.models
    own = models.current
    assert own is not None
    others = [model for model in models.available if model.spec.id != own.spec.id]
    if not others:
        pytest.skip("one model alone comes with the program")
    predicted.session.set_models(replace(models, current=others[0]))
    assert other_origin(predicted.session) == own.spec.title


# What is in hand


def test_undo_takes_corners_before_edits(predicted: DrawingDesk) -> None:
    in_hand(predicted, "brush", size=3)
    predicted.draw(FAR)
    in_hand(predicted, "lasso")
    for corner in ((30.5, 4.5), (30.5, 16.5), (42.5, 16.5)):
        predicted.draw(corner)
    for left in (2, 1, 0):
        assert predicted.drawing.holds
        assert predicted.drawing.take_back()
        assert len(trace(predicted)) == left
    assert not predicted.drawing.holds
    assert not predicted.drawing.take_back()
    assert predicted.correction.applied == 1


def trace(desk: DrawingDesk) -> list[tuple[float, float]]:
    """Return the corners that are shown, as (y, x)."""
    lines = desk.view.trace
    return [(point.y(), point.x()) for point in lines[0].points] if lines else []


def test_enter_closes_a_polygon_and_a_line_goes_to_the_pointer(predicted: DrawingDesk) -> None:
    in_hand(predicted, "lasso")
    predicted.draw((30.5, 4.5))
    predicted.hover((30.5, 12.5))
    to_pointer = predicted.view.trace[1].points
    assert [(p.y(), p.x()) for p in to_pointer] == [(30.5, 4.5), (30.5, 12.5)]
    for corner in ((30.5, 16.5), (42.5, 16.5), (42.5, 4.5)):
        predicted.draw(corner)
    predicted.drawing.complete()
    assert predicted.plane[31:42, 5:16].all()
    assert not predicted.view.trace


def test_a_polygon_stays_on_the_slice_it_began_on(predicted: DrawingDesk) -> None:
    before = prediction(predicted)
    in_hand(predicted, "lasso")
    for corner in ((30.5, 4.5), (30.5, 16.5), (42.5, 16.5)):
        predicted.draw(corner)
    predicted.go_to(3)
    assert not predicted.view.trace
    predicted.draw((42.5, 4.5))
    assert "on another slice" in predicted.said[-1][0]
    predicted.drawing.complete()
    np.testing.assert_array_equal(predicted.correction.mask[3], before[3])
    assert predicted.correction.mask[2][32:40, 12:16].any()


@pytest.mark.parametrize("tool", ["brush", "threshold", "smart"])
def test_a_stroke_stays_on_the_slice_it_began_on(predicted: DrawingDesk, tool: str) -> None:
    before = prediction(predicted)
    in_hand(predicted, tool, size=3)
    predicted.press((36.5, 8.5))
    predicted.go_to(3)
    predicted.move((36.5, 20.5))
    predicted.go_to(2)
    predicted.move((40.5, 24.5))
    predicted.release((40.5, 24.5))
    if tool != "smart":
        np.testing.assert_array_equal(predicted.correction.mask[3], before[3])
        changed = predicted.correction.mask[2] & ~before[2] & 1
        assert not changed[36, 14]
    if tool == "brush":
        assert changed[36, 8]
        assert changed[40, 24]
        assert not changed[38, 16]


@pytest.mark.parametrize("tool", ["brush", "threshold"])
def test_a_stroke_in_hand_ends_as_it_is_when_another_tool_is_taken(
    predicted: DrawingDesk, tool: str
) -> None:
    in_hand(predicted, tool, size=3)
    predicted.press(FAR)
    predicted.move((FAR[0], FAR[1] + 4))
    predicted.drawing.set_tool("eraser")
    predicted.move((FAR[0], FAR[1] + 20))  # the button is still down, the stroke is over
    predicted.release((FAR[0], FAR[1] + 20))
    predicted.settle()
    assert predicted.plane[36, 8]
    assert not predicted.plane[36, 24]
    assert predicted.correction.tools == {tool: 1}
    predicted.desk.undo()
    np.testing.assert_array_equal(predicted.plane, prediction(predicted)[2])


def test_escape_drops_a_stroke_and_what_follows_of_it(predicted: DrawingDesk) -> None:
    in_hand(predicted, "brush", size=3)
    predicted.press(FAR)
    predicted.move((40.5, 20.5))
    assert predicted.drawing.drop()
    predicted.move((44.5, 30.5))
    predicted.release((44.5, 30.5))
    assert predicted.session.correction is None


def test_a_pen_draws_as_wide_as_it_is_pressed_and_its_end_erases(predicted: DrawingDesk) -> None:
    in_hand(predicted, "brush", size=9)
    predicted.draw(FAR, pressure=1.0)
    full = int((predicted.plane & ~prediction(predicted)[2] & 1).sum())
    predicted.desk.undo()
    predicted.draw(FAR, pressure=0.2)
    light = int((predicted.plane & ~prediction(predicted)[2] & 1).sum())
    assert 0 < light < full / 3
    predicted.draw(FAR, pressure=1.0, eraser=True)
    assert predicted.plane[36, 8] == 0


# Scribbles


def scribble(desk: DrawingDesk) -> None:
    """Scribble inside and around the true lesion."""
    desk.draw((17.5, 28.5), (21.5, 28.5))
    around = ((6.5, 20.5), (6.5, 36.5), (34.5, 38.5), (36.5, 18.5), (8.5, 16.5))
    desk.draw(*around, other=True)


def test_scribbles_stay_after_a_fill_as_wide_as_they_were_drawn(desk: DrawingDesk) -> None:
    start_from(desk, "nothing")
    in_hand(desk, "smart", size=2)
    scribble(desk)
    desk.drawing.change(size=6)
    assert [line.width for line in desk.view.trace] == [2, 2]
    desk.drawing.complete()
    desk.settle()
    found = desk.plane
    assert 2 * (found & truth(desk)[2]).sum() / (found.sum() + truth(desk)[2].sum()) > 0.9
    assert len(desk.view.trace) == 2
    assert not desk.drawing.holds


def test_another_scribble_refines_the_fill(desk: DrawingDesk) -> None:
    start_from(desk, "nothing")
    in_hand(desk, "smart", size=2)
    scribble(desk)
    desk.drawing.complete()
    desk.settle()
    first = desk.plane
    y, x = np.argwhere(first)[-1]
    desk.draw((float(y) + 0.5, float(x) + 0.5), other=True)
    assert desk.drawing.holds
    desk.drawing.complete()
    desk.settle()
    second = desk.plane
    assert second[y, x] == 0
    assert 0 < second.sum() < first.sum()
    assert desk.correction.tools == {"smart fill": 2}
    assert not desk.drawing.take_back()
    desk.desk.undo()
    np.testing.assert_array_equal(desk.plane, first)


def test_refining_brings_back_what_the_first_fill_took_away(desk: DrawingDesk) -> None:
    start_from(desk, "nothing")
    in_hand(desk, "brush", size=1)
    desk.draw((20.5, 28.5), (20.5, 44.5))
    in_hand(desk, "smart", size=2)
    desk.draw((17.5, 28.5), (21.5, 28.5))
    desk.draw((6.5, 20.5), (6.5, 36.5), (34.5, 36.5), (36.5, 18.5), other=True)
    desk.drawing.complete()
    desk.settle()
    assert not desk.plane[20, 44]
    desk.draw((17.5, 28.5), (21.5, 28.5), other=True)
    desk.draw((8.5, 8.5))
    desk.drawing.complete()
    desk.settle()
    assert desk.plane[20, 44]


def test_undo_takes_the_last_scribble_that_no_fill_has_heeded(desk: DrawingDesk) -> None:
    in_hand(desk, "smart", size=2)
    scribble(desk)
    assert desk.drawing.take_back()
    assert len(desk.view.trace) == 1
    assert desk.drawing.take_back()
    assert not desk.drawing.take_back()


def test_a_stroke_may_be_drawn_in_any_of_several_views(
    predicted: DrawingDesk, qtbot: QtBot
) -> None:
    other = SliceView()
    qtbot.addWidget(other)
    in_hand(predicted, "brush", size=3)
    predicted.drawing.add_view(other)
    y, x = FAR
    for kind, right in (("press", 0), ("move", 5), ("release", 5)):
        other.touched.emit(Touch(kind, x + right, y))  # type: ignore[arg-type]
    predicted.settle()
    assert predicted.plane[36, 8:14].all()
    assert predicted.correction.tools == {"brush": 1}


# Ranges of grey values


def test_ranges_are_shares_of_the_image_and_shown_under_the_pointer(desk: DrawingDesk) -> None:
    in_hand(desk, "fill", tolerance=0.2)
    desk.hover((19.5, 28.5))
    desk.until(lambda: desk.preview.answer is not None)
    taken = desk.preview.answer
    assert taken is not None
    assert desk.view.marks_region
    desk.draw((19.5, 28.5))
    desk.settle()
    np.testing.assert_array_equal(desk.plane & ~truth(desk)[2] & 1, taken.plane & ~truth(desk)[2])
    desk.hover(None)
    assert not desk.view.marks_region


def test_ranges_of_a_16_bit_image_are_as_wide_as_its_values(
    qtbot: QtBot, home: Path, tmp_path: Path, slice_view: SliceView
) -> None:
    write_case(tmp_path / "deep", "D_1", 6, (48, 48), dtype=np.uint16)
    made = DrawingDesk(qtbot, home, tmp_path / "deep", slice_view)
    made.open("D_1")
    try:
        in_hand(made, "fill", tolerance=0.2)
        made.hover((19.5, 28.5))
        made.until(lambda: made.preview.answer is not None)
        taken = made.preview.answer
        assert taken is not None
        volume = made.session.open_case
        assert volume is not None
        assert int(volume.loaded.volume.pixels.max()) > 1000
        assert taken.voxels > 50  # ±127 of so many values would take next to nothing
    finally:
        made.close()


@pytest.mark.parametrize("tool", ["threshold", "fill"])
def test_a_tool_taken_by_its_key_marks_under_a_pointer_at_rest(
    predicted: DrawingDesk, tool: str
) -> None:
    in_hand(predicted, "brush")
    predicted.hover((19.5, 28.5))
    predicted.settle()
    assert not predicted.view.marks_region
    in_hand(predicted, tool)
    predicted.until(lambda: predicted.view.marks_region)


def test_a_fill_through_all_slices_says_on_how_many(desk: DrawingDesk) -> None:
    in_hand(desk, "fill", tolerance=0.2, volumetric=True)
    desk.hover((19.5, 28.5))
    desk.until(lambda: desk.preview.answer is not None)
    assert desk.preview.answer is not None
    assert desk.preview.answer.slices > 1


def test_the_threshold_brush_marks_what_a_press_would_paint(predicted: DrawingDesk) -> None:
    start_from(predicted, "nothing")
    in_hand(predicted, "threshold", size=12, window=0.1)
    predicted.hover((19.5, 28.5))
    predicted.until(lambda: predicted.preview.answer is not None)
    taken = predicted.preview.answer
    assert taken is not None
    assert 0 < taken.voxels < 113
    predicted.draw((19.5, 28.5))
    np.testing.assert_array_equal(predicted.plane > 0, taken.plane)


# Whole lesions


def delete(desk: DrawingDesk, at: tuple[float, float], *, here: bool = False) -> None:
    voxel = (desk.session.view.slice_index, int(at[0]), int(at[1]))
    desk.lesions.act("delete component", voxel, here=here)
    desk.settle()


def test_a_lesion_on_other_slices_is_marked_before_it_is_deleted(predicted: DrawingDesk) -> None:
    at = middle(prediction(predicted))
    delete(predicted, at)
    assert predicted.session.correction is None
    assert predicted.view.marks_region
    assert predicted.drawing.holds
    title, sentence = predicted.said[-1]
    assert "voxels are marked" in title
    assert "slices 1 to" in sentence or "slices 2 to" in sentence
    predicted.go_to(3)
    assert predicted.view.marks_region
    predicted.go_to(2)
    delete(predicted, at)
    assert not predicted.plane[int(at[0]), int(at[1])]
    assert not predicted.correction.mask[3][prediction(predicted)[3] > 0].any()
    assert not predicted.view.marks_region


def test_a_marked_lesion_is_left_by_undo_and_by_escape(predicted: DrawingDesk) -> None:
    at = middle(prediction(predicted))
    for leave in (predicted.drawing.take_back, predicted.drawing.drop):
        delete(predicted, at)
        assert leave()
        assert not predicted.view.marks_region
        assert predicted.session.correction is None


def test_enter_does_what_is_marked(predicted: DrawingDesk) -> None:
    delete(predicted, middle(prediction(predicted)))
    predicted.drawing.complete()
    assert predicted.session.correction is not None


def test_a_lesion_is_deleted_on_its_slice_alone(predicted: DrawingDesk) -> None:
    before = prediction(predicted)
    delete(predicted, middle(before), here=True)
    assert not predicted.plane.any()
    np.testing.assert_array_equal(predicted.correction.mask[3], before[3])


def test_the_lesion_tool_has_a_way_for_the_slice_alone(predicted: DrawingDesk) -> None:
    before = prediction(predicted)
    in_hand(predicted, "component", through=False)
    predicted.draw(middle(before), other=True)
    predicted.settle()
    assert not predicted.plane.any()
    np.testing.assert_array_equal(predicted.correction.mask[3], before[3])


def test_a_lesion_on_one_slice_is_deleted_at_once(predicted: DrawingDesk) -> None:
    in_hand(predicted, "brush", size=5)
    predicted.draw(FAR)
    delete(predicted, FAR)
    assert not predicted.plane[36, 8]
    assert predicted.plane[tuple(map(int, middle(prediction(predicted))))]


def test_the_lesion_of_the_truth_is_taken(predicted: DrawingDesk) -> None:
    start_from(predicted, "nothing")
    y, x = middle(truth(predicted))
    for _ in range(2):
        predicted.lesions.act("take truth component", (2, int(y), int(x)), here=False)
        predicted.settle()
    wanted = regions.add_lesion(np.zeros_like(truth(predicted)), truth(predicted), (2, 20, 25))
    assert isinstance(wanted, Patch)
    assert predicted.correction.mask.sum() == wanted.values.sum()


def test_a_command_without_a_pointer_asks_for_a_click(predicted: DrawingDesk) -> None:
    asked: list[tuple[int, int, int]] = []
    predicted.drawing.pick("Delete lesion", asked.append)
    assert predicted.drawing.holds
    predicted.draw((20.5, 28.5))
    assert asked == [(2, 20, 28)]
    predicted.draw((20.5, 28.5))
    assert len(asked) == 1


def test_a_click_that_was_asked_for_can_be_left(predicted: DrawingDesk) -> None:
    asked: list[tuple[int, int, int]] = []
    predicted.drawing.pick("Delete lesion", asked.append)
    assert predicted.drawing.drop()
    predicted.draw((20.5, 28.5))
    assert asked == []

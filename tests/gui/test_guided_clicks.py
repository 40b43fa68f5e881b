"""Guided clicks in hand: shown first, taken back singly, one edit when accepted, kept with it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.annotation.guided import guided
from core.annotation.journal import load_draft
from core.annotation.versions import load_version, versions
from core.domain.plane import Cut
from gui.annotation.clicks.click_card import ClickCard
from gui.viewer.slice.slice_view import SliceView
from tests.gui.drawing_desk import DrawingDesk
from tests.gui.tiny import probability, write_dataset

SPOT, OTHER = (20.5, 12.5), (30.5, 22.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("clicks") / "tiny cases")


@pytest.fixture
def desk(qtbot: QtBot, home: Path, folder: Path, slice_view: SliceView) -> Iterator[DrawingDesk]:
    made = DrawingDesk(qtbot, home, folder, slice_view)
    made.open("A_1")
    made.predict(probability(6))
    made.drawing.set_tool("guided")
    made.drawing.change(reach="slice")
    made.settle()
    yield made
    made.close()


def click(desk: DrawingDesk, *path: tuple[float, float], other: bool = False) -> None:
    desk.draw(*path, other=other)
    desk.settle()


def test_a_click_shows_what_it_would_change_and_writes_nothing(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    shown = desk.view.clicks
    assert shown is not None
    assert shown.after[20, 12]
    assert (shown.after >= shown.before).all()
    assert [(sign.number, sign.adds, sign.newest) for sign in shown.signs] == [(1, True, True)]
    assert desk.desk.known is None
    assert desk.drawing.holds


def test_enter_makes_one_edit_of_all_clicks_and_one_undo_takes_it_back(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    click(desk, OTHER, other=True)
    before = desk.desk.mask_now()
    assert before is not None
    before = before.copy()
    expected = desk.guided.states[-1].patch()
    assert expected is not None
    desk.drawing.complete()
    desk.settle()
    assert desk.correction.applied == 1
    assert desk.correction.last_tool == "guided click"
    assert desk.plane[20, 12] == 1
    assert desk.plane[30, 22] == 0
    assert desk.view.clicks is None
    assert not desk.drawing.holds
    desk.desk.undo()
    assert np.array_equal(desk.correction.mask, before)


def test_clicks_are_kept_with_the_edit_and_can_be_replayed(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    click(desk, OTHER, other=True)
    ground = desk.guided.states[0].ground
    desk.drawing.complete()
    desk.settle()
    draft = load_draft(desk.place.workspace.store, "A_1", desk.correction.mask.shape)
    assert draft is not None
    kept = draft.history.clicks
    assert [(one.z, one.spots[0], one.adds) for one in kept] == [
        (2, (20, 12), True),
        (2, (30, 22), False),
    ]
    patch = guided(ground, kept).patch()
    assert patch is not None
    again = ground.mask.copy()
    z0, z1, y0, y1, x0, x1 = patch.box
    again[z0:z1, y0:y1, x0:x1] = patch.values
    assert np.array_equal(again, desk.correction.mask)
    desk.desk.undo()
    assert desk.correction.clicks == ()


def test_kept_clicks_are_replayed_on_another_prediction(desk: DrawingDesk) -> None:
    desk.guided.replay()
    assert desk.said[-1][1] == "There are no clicks in this correction."
    click(desk, SPOT)
    desk.drawing.complete()
    desk.settle()
    other = np.roll(probability(6), 5, axis=2)
    desk.predict(other)
    ground = desk.guided._grounds.over(desk.session.result.counted.mask)  # type: ignore[union-attr]
    expected = guided(ground, desk.correction.clicks)
    desk.guided.replay()
    desk.settle()
    assert desk.correction.last_tool == "replay clicks"
    for z in range(6):
        assert np.array_equal(desk.correction.mask[z] > 0, expected.mask_of(z))


def test_backspace_takes_the_last_click_back_and_esc_all(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    first = desk.guided.states[-1].counts
    click(desk, OTHER)
    assert desk.drawing.take_back()
    desk.settle()
    assert len(desk.guided.clicks) == 1
    assert desk.guided.states[-1].counts == first
    assert desk.drawing.drop()
    assert desk.guided.clicks == ()
    assert desk.view.clicks is None
    assert not desk.drawing.take_back()


def test_a_click_in_the_middle_can_be_taken_back(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    alone = desk.guided.states[-1].counts
    desk.drawing.drop()
    click(desk, OTHER)
    click(desk, SPOT)
    desk.guided.remove(0)
    desk.settle()
    assert [one.spots[0] for one in desk.guided.clicks] == [(20, 12)]
    assert desk.guided.states[-1].counts == alone


def test_clicks_made_while_another_is_answered_are_answered_too(desk: DrawingDesk) -> None:
    desk.draw(SPOT)
    desk.draw(OTHER)
    desk.drawing.complete()
    desk.settle()
    assert desk.correction.applied == 1
    assert len(desk.correction.clicks) == 2


def test_the_other_button_and_the_mode_take_away(desk: DrawingDesk) -> None:
    desk.drawing.change(remove=True)
    click(desk, SPOT)
    click(desk, OTHER, other=True)
    assert [one.adds for one in desk.guided.clicks] == [False, True]


def test_a_drag_is_a_scribble_or_a_box(desk: DrawingDesk) -> None:
    click(desk, SPOT, (22.5, 12.5), (24.5, 12.5))
    desk.drawing.change(drag="box")
    click(desk, OTHER, (34.5, 26.5), (36.5, 28.5))
    scribble, box = desk.guided.clicks
    assert scribble.shape == "scribble"
    assert {(y, 12) for y in range(20, 25)} <= set(scribble.spots)
    assert (box.shape, box.spots) == ("box", ((30, 22), (36, 28)))


def test_what_a_click_would_change_shows_when_the_pointer_rests(desk: DrawingDesk) -> None:
    desk.hover(SPOT)
    desk.until(lambda: desk.guided.preview.answer is not None)
    desk.settle()
    shown = desk.view.clicks
    assert shown is not None
    assert shown.pointed is not None
    assert shown.pointed_adds
    hovered = shown.pointed.copy()
    click(desk, SPOT)
    after = desk.view.clicks
    assert after is not None
    assert np.array_equal(hovered, after.after & ~after.before)
    assert desk.desk.known is None
    desk.hover(None)
    assert desk.guided.preview.answer is None


def test_clicks_are_answered_anew_when_the_mask_below_them_changes(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    desk.drawing.set_tool("brush")
    desk.draw((35.5, 5.5))
    desk.settle()
    desk.drawing.set_tool("guided")
    desk.settle()
    assert desk.guided.states[-1].ground.mask[2, 35, 5] == 1
    desk.drawing.complete()
    desk.settle()
    assert desk.correction.applied == 2
    assert desk.plane[35, 5] == 1
    assert desk.plane[20, 12] == 1


def test_clicks_that_were_not_accepted_are_told_when_the_case_is_left(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    desk.open("B_2")
    assert desk.said[-1][0] == "1 click was not accepted"
    assert desk.guided.clicks == ()
    assert desk.view.clicks is None


def test_without_a_prediction_clicks_start_from_the_mask_alone(desk: DrawingDesk) -> None:
    desk.open("B_2")
    desk.settle()
    click(desk, OTHER)
    assert desk.guided.states[-1].ground.probability is None
    shown = desk.view.clicks
    assert shown is not None
    assert shown.after[30, 22]


def test_the_card_says_what_would_change(qtbot: QtBot, desk: DrawingDesk) -> None:
    card = ClickCard(desk.view)
    card.show_figures(desk.guided.figures(Cut(index=2)))
    assert card.isHidden()
    click(desk, SPOT)
    figures = desk.guided.figures(Cut(index=2))
    assert figures is not None
    card.show_figures(figures)
    assert not card.isHidden()
    assert "Preview, click 1" in card.text
    assert f"+{figures.slice_added:,} −0 voxels on this slice" in card.text
    assert figures.dsc is not None


@pytest.mark.parametrize("answered", [True, False])
def test_a_version_holds_the_clicks_that_are_shown(desk: DrawingDesk, answered: bool) -> None:
    desk.draw(SPOT)
    if answered:
        desk.settle()
    desk.desk.save_version()
    desk.settle()
    (version,) = versions(desk.place.workspace, "A_1")
    assert load_version(version, desk.correction.mask.shape)[2, 20, 12] == 1
    assert not desk.correction.dirty
    assert not desk.guided.holds


def test_what_waits_for_clicks_is_left_when_they_are_taken_back(desk: DrawingDesk) -> None:
    done: list[str] = []
    desk.draw(SPOT)
    desk.desk.finish(lambda: done.append("saved"))
    assert desk.drawing.take_back()
    desk.settle()
    assert done == []
    desk.desk.finish(lambda: done.append("saved"))
    assert done == ["saved"]


def test_clicks_that_are_out_of_sight_are_not_accepted_by_saving(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    desk.drawing.set_tool("brush")
    desk.desk.save_version()
    desk.settle()
    assert versions(desk.place.workspace, "A_1") == []
    assert len(desk.guided.clicks) == 1


def test_the_note_of_clicks_that_were_lost_is_true_after_an_edit(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    desk.drawing.complete()
    desk.settle()
    click(desk, OTHER)
    desk.open("B_2")
    assert ("1 click was not accepted", "The mask of A_1 is without it.") in desk.said


def test_enter_with_every_slice_left_out_keeps_the_clicks_and_says_so(desk: DrawingDesk) -> None:
    click(desk, SPOT)
    desk.guided.leave_out("axial", set(desk.guided.states[-1].reached["axial"]))
    desk.settle()
    desk.drawing.complete()
    desk.settle()
    assert desk.said[-1][0] == "Every slice is left out"
    assert len(desk.guided.clicks) == 1
    assert desk.session.correction is None
    desk.guided.leave_out("axial", ())
    desk.settle()
    assert len(desk.guided.clicks) == 1, "taken in again it still waits for Enter"
    desk.drawing.complete()
    assert desk.plane[20, 12] == 1

"""Hands over a coronal and a sagittal slice: what they paint, take back and find again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from core.annotation import strokes
from core.annotation.journal import load_draft
from core.annotation.patch import in_plane, replayed
from core.annotation.strokes import Tip
from core.domain.mask import Mask
from core.domain.plane import PLANES, Plane
from gui.annotation.clicks.click_list import click_list
from gui.annotation.correction.shown_grey import ShownGrey
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import Tool
from tests.gui.drawing_desk import DrawingDesk
from tests.gui.tiny import write_dataset

PATH = ((1.5, 5.5), (3.5, 14.5), (4.5, 20.5))
SIDEWAYS = [PLANES["coronal"], PLANES["sagittal"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("planes") / "tiny cases")


@pytest.fixture(params=SIDEWAYS, ids=lambda plane: plane.name)
def plane(request: pytest.FixtureRequest) -> Plane:
    return request.param


@pytest.fixture
def desk(
    qtbot: QtBot, home: Path, folder: Path, slice_view: SliceView, plane: Plane
) -> Iterator[DrawingDesk]:
    made = DrawingDesk(qtbot, home, folder, slice_view)
    made.open("A_1")
    made.show(plane)
    yield made
    made.close()


def take(desk: DrawingDesk, tool: Tool, **settings: object) -> None:
    desk.drawing.set_tool(tool)
    desk.drawing.change(**settings)
    desk.settle()


def changed(desk: DrawingDesk) -> NDArray[np.bool_]:
    """Return which voxels the correction changed."""
    return np.asarray(desk.correction.mask != desk.correction.start)


def lies_on(where: NDArray[np.bool_], plane: Plane, index: int) -> bool:
    turned = plane.apply(where)
    return bool(turned[index].any()) and not np.delete(turned, index, axis=0).any()


def drawn(mask: Mask, plane: Plane, index: int, **how: object) -> Mask:
    patch = in_plane(plane, lambda cut: strokes.stroke(cut, index, PATH, **how))(mask)  # type: ignore[arg-type]
    return mask if patch is None else replayed(mask, patch)


def test_a_stroke_is_one_edit_of_the_slice_it_was_drawn_on(desk: DrawingDesk, plane: Plane) -> None:
    index = desk.session.view.slice_index
    take(desk, "brush", size=3)
    desk.draw(*PATH)
    wanted = drawn(desk.correction.start, plane, index, size=3)
    np.testing.assert_array_equal(desk.correction.mask, wanted)
    assert desk.correction.applied == 1
    assert lies_on(changed(desk), plane, index)


def test_a_ball_reaches_into_the_slices_around(desk: DrawingDesk, plane: Plane) -> None:
    index = desk.session.view.slice_index
    take(desk, "brush", size=5, ball=True)
    desk.draw(*PATH)
    wanted = drawn(desk.correction.start, plane, index, size=5, tip=Tip(ball=True))
    np.testing.assert_array_equal(desk.correction.mask, wanted)
    assert np.count_nonzero(plane.apply(changed(desk)).any(axis=(1, 2))) == 5
    assert desk.correction.applied == 1


def test_undo_names_the_plane_and_slice_to_go_back_to(desk: DrawingDesk, plane: Plane) -> None:
    cut = desk.session.view.cut
    take(desk, "brush", size=3)
    desk.draw(*PATH)
    desk.session.set_view(desk.session.view.working_in(PLANES["axial"]))
    assert desk.desk.undo() == cut
    assert not changed(desk).any()
    assert desk.desk.redo() == cut
    assert lies_on(changed(desk), plane, cut.index)


def test_a_polygon_is_closed_in_its_plane(desk: DrawingDesk, plane: Plane) -> None:
    index = desk.session.view.slice_index
    take(desk, "lasso")
    for corner in ((0.2, 2.0), (0.2, 20.0), (4.8, 20.0), (4.8, 2.0)):
        desk.draw(corner)
    desk.drawing.complete()
    assert lies_on(changed(desk), plane, index)
    assert plane.apply(desk.correction.mask)[index][0:5, 2:20].all()


def test_a_fill_takes_what_is_joined_in_its_plane(desk: DrawingDesk, plane: Plane) -> None:
    cut = desk.session.view.cut
    take(desk, "fill", tolerance=0.02)
    desk.draw((2.5, 2.5))
    desk.settle()
    filled = changed(desk)
    assert lies_on(filled, plane, cut.index)
    opened = desk.session.open_case
    assert opened is not None
    volume = opened.loaded.volume
    values = cut.of(volume.pixels[1]).astype(float)
    span = dict(opened.automatic)[volume.channels[1]].window
    near = np.abs(values - values[2, 2]) <= 0.02 * span
    assert not (cut.of(filled) & ~near).any()


def test_a_threshold_brush_keeps_to_the_values_of_its_plane(
    desk: DrawingDesk, plane: Plane
) -> None:
    cut = desk.session.view.cut
    take(desk, "threshold", size=9, window=0.05)
    desk.draw(*PATH)
    opened = desk.session.open_case
    assert opened is not None
    volume = opened.loaded.volume
    values = cut.of(volume.pixels[1]).astype(float)
    half = 0.05 * dict(opened.automatic)[volume.channels[1]].window
    painted = cut.of(desk.correction.mask & ~desk.correction.start) > 0
    assert painted.any()
    assert np.abs(values[painted] - values[1, 5]).max() <= half


def test_scribbles_complete_a_region_in_their_plane(desk: DrawingDesk, plane: Plane) -> None:
    index = desk.session.view.slice_index
    take(desk, "smart", size=2)
    desk.draw((2.5, 16.5), (3.5, 18.5))
    desk.draw((0.5, 1.5), (5.5, 1.5), other=True)
    desk.drawing.complete()
    desk.settle()
    assert lies_on(changed(desk), plane, index)


def test_guided_clicks_correct_the_slice_of_their_plane(desk: DrawingDesk, plane: Plane) -> None:
    cut = desk.session.view.cut
    take(desk, "guided", reach="slice")
    desk.draw((2.5, 5.5))
    desk.draw((4.5, 12.5), other=True)
    desk.settle()
    assert [(one.z, one.plane, one.spots, one.adds) for one in desk.guided.clicks] == [
        (cut.index, plane.name, ((2, 5),), True),
        (cut.index, plane.name, ((4, 12),), False),
    ]
    expected = desk.guided.states[-1].patch()
    assert expected is not None
    first = click_list(desk.guided, (), ShownGrey(desk.session)).lines[0]
    assert first.where.startswith(f"{plane.name.capitalize()} slice {cut.index + 1}")
    desk.drawing.complete()
    desk.settle()
    assert lies_on(changed(desk), plane, cut.index)
    assert desk.plane[2, 5] == 1
    np.testing.assert_array_equal(desk.correction.mask, replayed(desk.correction.start, expected))
    assert desk.desk.undo() == cut
    assert not changed(desk).any()


def test_a_click_in_one_plane_shows_in_the_others(desk: DrawingDesk, plane: Plane) -> None:
    take(desk, "guided", reach="slice")
    desk.draw((2.5, 5.5))
    desk.settle()
    opened = desk.session.open_case
    assert opened is not None
    shape = opened.loaded.volume.geometry.shape
    z, y, x = plane.voxel((desk.session.view.slice_index, 2, 5), shape)
    desk.show(PLANES["axial"])
    desk.session.set_view(replace(desk.session.view, at=(z, y, x)))
    desk.show()
    desk.settle()
    shown = desk.view.clicks
    assert shown is not None
    assert shown.after[y, x]
    assert [(sign.y, sign.x) for sign in shown.signs] == [(y + 0.5, x + 0.5)]
    desk.draw((y + 0.5, x + 1.5))
    desk.settle()
    desk.drawing.complete()
    desk.settle()
    assert desk.correction.applied == 1
    assert [click.plane for click in desk.correction.clicks] == [plane.name, "axial"]
    assert desk.correction.mask[z, y, x] == 1
    draft = load_draft(desk.place.workspace.store, "A_1", shape)
    assert draft is not None
    assert draft.history.clicks == desk.correction.clicks


def test_what_a_click_in_a_plane_would_change_shows_when_the_pointer_rests(
    desk: DrawingDesk,
) -> None:
    take(desk, "guided", reach="slice")
    desk.hover((2.5, 5.5))
    desk.until(lambda: desk.guided.preview.answer is not None)
    pointed = desk.guided.preview.answer
    assert pointed is not None
    assert pointed.cut == desk.session.view.cut
    desk.draw((2.5, 5.5))
    desk.settle()
    shown = desk.view.clicks
    assert shown is not None
    np.testing.assert_array_equal(pointed.plane, shown.after & ~shown.before)


def test_a_drag_in_a_plane_is_a_scribble_or_a_box(desk: DrawingDesk) -> None:
    take(desk, "guided", reach="slice")
    desk.draw((1.5, 5.5), (1.5, 12.5), (1.5, 15.5))
    desk.drawing.change(drag="box")
    desk.draw((0.5, 3.5), (3.5, 8.5))
    desk.settle()
    scribble, box = desk.guided.clicks
    assert set(scribble.spots) == {(1, x) for x in range(5, 16)}
    assert (box.shape, box.spots) == ("box", ((0, 3), (3, 8)))


def test_what_is_half_drawn_is_shown_on_its_own_slice(desk: DrawingDesk, plane: Plane) -> None:
    take(desk, "lasso")
    desk.draw((0.5, 2.0))
    desk.draw((0.5, 20.0))
    assert desk.view.trace
    desk.go_to(desk.session.view.slice_index + 1)
    assert not desk.view.trace

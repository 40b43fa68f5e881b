"""Three linked planes: what each view shows, says and moves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import create_autospec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from core.domain.grid import Grid
from core.domain.plane import PLANES, Plane
from core.domain.volume import Volume
from core.domain.window_level import automatic
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.workspace.settings import Settings
from gui.shell.mask_finder import MaskFinder
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes
from gui.shell.view_state import PictureKey, Shown, ViewState, plane_edges, resolve
from gui.viewer.drawn.picture import Masks, make_picture
from gui.viewer.labels.label_painter import LabelPainter
from gui.viewer.planes.linked_grid import LinkedGrid
from gui.viewer.planes.linked_pane import LinkedPane
from gui.viewer.planes.pane_drawer import PaneDrawer
from gui.viewer.planes.plane_grid import PlanePanes
from gui.viewer.planes.planes_presenter import PlanesPresenter
from gui.viewer.planes.pointer_words import PointerWords
from gui.viewer.slice.canvas_presenter import CanvasPresenter
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.view_verbs import ViewVerbs
from tests.gui.finding import by_name

SHAPE = (7, 11, 13)
SPACING = (5.0, 1.0, 0.5)
AFFINE = np.array([[-0.5, 0, 0, 3], [0, -1, 0, 9], [0, 0, 5, -20], [0, 0, 0, 1]], float)
VOXELS = st.tuples(*[st.integers(0, side - 1) for side in SHAPE])


def volume(grid: Grid | None = None, shape: tuple[int, int, int] = SHAPE) -> Volume:
    pixels = np.arange(np.prod(shape), dtype=np.int16).reshape(1, *shape)
    return Volume(pixels, ("FLAIR",), tuple(range(1, shape[0] + 1)), grid or Grid(shape, AFFINE))


def shown(of: Volume) -> Shown:
    ranges = tuple((name, automatic(px)) for name, px in zip(of.channels, of.pixels, strict=True))
    return Shown(1, 1, "A_1", of, ranges)


@given(VOXELS, st.sampled_from(list(PLANES.values())))
def test_every_plane_cuts_through_the_crosshair(at, plane: Plane) -> None:
    there = volume()
    view = ViewState(at=at, crosshair=True, exact_voxels=True)
    display = resolve(view, shown(there), plane)
    picture = make_picture(there, Masks(), display.picture)
    assert display.crosshair is not None
    x, y = display.crosshair
    assert display.voxel(x, y) == at
    assert picture.image[int(y), int(x)] == there.pixels[0][at]
    _, rows, columns = plane.turned(SHAPE)
    assert picture.shape == (rows, columns)


@given(
    st.permutations([0, 1, 2]),
    st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3),
    st.sampled_from(list(PLANES.values())),
    st.booleans(),
)
def test_letters_are_where_the_affine_says_the_patient_lies(order, signs, plane, mirrored) -> None:
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    for axis, (patient, sign) in enumerate(zip(order, signs, strict=True)):
        affine[patient, axis] = sign
    grid = Grid((5, 6, 7), affine)
    left, top, right, bottom = plane_edges(grid, plane, mirrored=mirrored)

    def towards(row: int, column: int) -> np.ndarray:
        ends = [plane.voxel((1, *at), grid.shape) for at in ((1, 1), (1 + row, 1 + column))]
        return grid.to_patient(ends[1]) - grid.to_patient(ends[0])

    letters = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
    step = towards(0, -1 if mirrored else 1)
    for letter, direction in ((right, step), (left, -step)):
        axis, sign = letters[letter]
        assert direction[axis] * sign > 0.9
    for letter, direction in ((bottom, towards(1, 0)), (top, -towards(1, 0))):
        axis, sign = letters[letter]
        assert direction[axis] * sign > 0.9


def test_a_canonical_volume_lies_as_radiologists_expect() -> None:
    grid = Grid(SHAPE, AFFINE)
    edges = {name: plane_edges(grid, plane, mirrored=False) for name, plane in PLANES.items()}
    assert edges == {
        "axial": ("R", "A", "L", "P"),
        "coronal": ("R", "S", "L", "I"),
        "sagittal": ("A", "S", "P", "I"),
    }


def test_the_neurological_side_turns_all_but_sagittal_slices() -> None:
    view = ViewState(neurological=True)
    turned = {name: resolve(view, shown(volume()), plane) for name, plane in PLANES.items()}
    assert {name: display.mirrored for name, display in turned.items()} == {
        "axial": True,
        "coronal": True,
        "sagittal": False,
    }
    assert turned["coronal"].edges == ("L", "S", "R", "I")


def test_voxels_have_their_true_proportions_in_every_plane() -> None:
    aspects = {n: resolve(ViewState(), shown(volume()), p).aspect for n, p in PLANES.items()}
    assert aspects == {"axial": 2.0, "coronal": 10.0, "sagittal": 5.0}
    unknown = volume(Grid(SHAPE))
    assert all(resolve(ViewState(), shown(unknown), p).aspect == 1.0 for p in PLANES.values())


def test_a_view_says_where_it_lies_and_how_thick_the_slices_are() -> None:
    at = (2, 4, 6)
    said = {n: resolve(ViewState(at=at), shown(volume()), p).top_left for n, p in PLANES.items()}
    assert said["axial"] == ("Slice 3 / 7", "Axial FLAIR", "z −10.0 mm")
    assert said["coronal"] == ("Slice 5 / 11", "Coronal FLAIR", "y +5.0 mm", "5.0 mm slices")
    assert said["sagittal"] == ("Slice 7 / 13", "Sagittal FLAIR", "x +0.0 mm", "5.0 mm slices")


def test_without_an_orientation_planes_are_named_by_their_axes() -> None:
    display = resolve(ViewState(), shown(volume(Grid(SHAPE))), PLANES["coronal"])
    assert display.top_left == ("Slice 1 / 11", "x–z FLAIR", "A_1")
    assert display.edges == ()


def test_thick_slices_are_blended_or_stand_as_steps_and_exact_voxels_are_as_stored() -> None:
    there = volume()
    key = PictureKey(1, 4, "FLAIR", 1, False, plane="coronal")
    stored = PLANES["coronal"].apply(there.pixels[0])[4]
    blended = make_picture(there, Masks(), key).image
    stepped = make_picture(there, Masks(), replace(key, between=False)).image
    exact = make_picture(there, Masks(), replace(key, exact=True)).image
    np.testing.assert_array_equal(exact, stored)
    assert blended.shape == stepped.shape
    high = stepped.shape[0] // SHAPE[0]
    changes = np.flatnonzero(np.any(stepped[1:] != stepped[:-1], axis=1)) + 1
    assert high > 3
    assert len(changes) < stepped.shape[0] // 3
    assert len(np.unique(blended[:, 0])) > len(np.unique(stepped[:, 0]))


class Planes:
    """Views of three planes over one session, without the rest of a window."""

    def __init__(self, qtbot: QtBot, home: Path) -> None:
        self.session, self.lanes = Session(home, Settings()), Lanes()
        self.main = SliceView()
        self.grid = PlanePanes(LinkedGrid(self.main), self.main)
        qtbot.addWidget(self.grid)
        self.grid.resize(960, 600)
        self.grid.show()
        self.verbs = ViewVerbs(self.session)
        self.canvas = CanvasPresenter(self.session, self.lanes, self.main)
        self.presenter = PlanesPresenter(self, self.grid, self.verbs)  # type: ignore[arg-type]

    @property
    def closing(self) -> object:
        """What the presenter knows of a window that ends."""
        return self.grid.destroyed

    def open(self, grid: Grid | None = None) -> None:
        there = volume(grid)
        loaded = LoadedCase(Case("A_1", Path("A_1"), ()), there, None)
        head = (0, there.geometry.shape[1], 0, there.geometry.shape[2])
        self.session.set_open_case(OpenCase(loaded, shown(there).automatic, head), slice_index=3)

    @property
    def indices(self) -> dict[str, int]:
        cuts = [view.cut for view in self.grid.views]
        return {cut.plane.name: cut.index for cut in cuts if cut is not None}


@pytest.fixture
def planes(qtbot: QtBot, tmp_path: Path) -> Iterator[Planes]:
    made = Planes(qtbot, tmp_path)
    yield made
    made.lanes.close()


def point(view: SliceView, x: float, y: float) -> QPoint:
    """Return where a point of the slice is in a view."""
    scene = view._box.mapViewToScene(QPointF(x, y))
    return view.mapFromScene(scene)


def test_a_case_opens_in_the_plane_it_was_acquired_in(planes: Planes) -> None:
    thick_x = Grid(SHAPE, AFFINE @ np.diag([10.0, 1.0, 0.2, 1.0]))
    planes.open(thick_x)
    assert planes.main.cut is not None
    assert planes.main.cut.plane.name == "sagittal"
    planes.presenter.show_planes()
    assert planes.indices == {"sagittal": 6, "axial": 3, "coronal": 5}


def test_three_planes_step_for_themselves_and_share_the_crosshair(planes: Planes) -> None:
    planes.open()
    planes.presenter.show_planes()
    assert planes.indices == {"axial": 3, "coronal": 5, "sagittal": 6}
    coronal = planes.grid.small[0]
    coronal.slice_stepped.emit(2)
    assert planes.indices == {"axial": 3, "coronal": 7, "sagittal": 6}
    assert planes.main.crosshair == QPointF(6.5, 7.5)
    assert planes.session.view.at == (3, 7, 6)


def test_the_wheel_steps_the_view_under_the_pointer_and_keys_the_active_one(
    planes: Planes,
) -> None:
    planes.open()
    planes.presenter.show_planes()
    sagittal = planes.grid.small[1]
    at = QPointF(sagittal.rect().center())
    turned = QWheelEvent(
        at,
        sagittal.mapToGlobal(at),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    sagittal.wheelEvent(turned)
    assert planes.indices == {"axial": 3, "coronal": 5, "sagittal": 7}
    planes.verbs.step_slice(1)
    assert planes.indices["axial"] == 4
    QTest.mouseClick(sagittal.viewport(), Qt.MouseButton.LeftButton, pos=point(sagittal, 4.5, 2.5))
    assert [view.framed for view in planes.grid.views] == [False, False, True]
    planes.verbs.step_slice(1)
    assert planes.indices["sagittal"] == 8


def test_a_click_and_shift_bring_the_crosshair_and_with_it_the_slices(
    planes: Planes, qtbot: QtBot
) -> None:
    planes.open()
    planes.presenter.show_planes()
    coronal = planes.grid.small[0]
    QTest.mouseClick(coronal.viewport(), Qt.MouseButton.LeftButton, pos=point(coronal, 9.5, 2.5))
    assert planes.session.view.at == (4, 5, 9)  # rows of a coronal slice run from above
    coronal.pointed.emit(QPointF(2.5, 0.5))
    qtbot.waitUntil(lambda: planes.session.view.at == (6, 5, 2))
    assert planes.indices == {"axial": 6, "coronal": 5, "sagittal": 2}


def test_a_double_click_lets_a_view_fill_the_area_and_again_shows_all(planes: Planes) -> None:
    planes.open()
    planes.presenter.show_planes()
    coronal = planes.grid.small[0]
    wide = coronal.width()
    for alone in (True, False):
        QTest.mouseDClick(coronal.viewport(), Qt.MouseButton.LeftButton)
        assert planes.main.isVisible() is not alone
        assert planes.grid.small[1].isVisible() is not alone
    assert coronal.width() == wide


@pytest.mark.parametrize("goes", ["one view", "enlarged"])
def test_keys_stay_with_the_views_when_the_one_that_had_them_goes(
    planes: Planes, qtbot: QtBot, goes: str
) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    row = QVBoxLayout(around)
    pressed = list[bool]()
    for said in ("before", "after"):
        button = QPushButton(said)
        button.setAutoDefault(True)
        button.clicked.connect(pressed.append)
        row.addWidget(button)
    row.insertWidget(1, planes.grid)
    planes.open()
    planes.presenter.show_planes()
    with qtbot.waitActive(around):
        around.show()
    coronal, sagittal = planes.grid.small
    coronal.setFocus()
    if goes == "one view":
        planes.grid.grid.set_count(1)
    else:
        planes.grid.enlarge(sagittal)
    kept = planes.main if goes == "one view" else sagittal
    assert QApplication.focusWidget() is kept
    QTest.keyClick(around, Qt.Key.Key_Return)
    assert not pressed
    planes.grid.setParent(None)


def test_one_view_shows_the_plane_that_is_chosen(planes: Planes) -> None:
    planes.open()
    planes.verbs.work_in(PLANES["coronal"])
    assert planes.indices == {"coronal": 5}
    assert planes.main.crosshair is None
    planes.presenter.show_planes()
    assert planes.main.cut is not None
    assert planes.main.cut.plane.name == "axial"
    planes.grid.grid.set_count(1)
    assert not planes.grid.on
    assert planes.session.view.active == "axial"


def test_a_pane_for_surfaces_takes_its_place_below_and_leaves_it(
    planes: Planes, qtbot: QtBot
) -> None:
    planes.open()
    planes.presenter.show_planes()
    heights = [view.height() for view in planes.grid.small]
    pane = SliceView()
    planes.grid.set_surface_pane(pane)
    assert pane.isVisible()
    before = list(zip(planes.grid.small, heights, strict=True))
    qtbot.waitUntil(lambda: all(view.height() < high for view, high in before))
    planes.grid.set_surface_pane(None)
    pane.deleteLater()


def test_a_view_beside_another_shows_its_own_sequence_of_the_same_slice(planes: Planes) -> None:
    there = volume()
    two = replace(
        there,
        pixels=np.concatenate([there.pixels, -there.pixels]),
        channels=("FLAIR", "T1c"),
        roles=(),
    )
    loaded = LoadedCase(Case("A_1", Path("A_1"), ()), two, None)
    planes.session.set_open_case(
        OpenCase(loaded, shown(two).automatic, (0, 11, 0, 13)), slice_index=3
    )
    pane = LinkedPane(planes.grid)
    views, labels = (planes.main, pane), create_autospec(LabelPainter)
    drawer = PaneDrawer(planes.session, create_autospec(MaskFinder), views, lambda _: None, labels)
    drawer.draw()
    assert "FLAIR" in pane.view.hud_text("top_left")
    by_name(pane, QComboBox, "Sequence of this view").setCurrentText("T1c")
    assert "T1c" in pane.view.hud_text("top_left")
    assert "FLAIR" in planes.main.hud_text("top_left")
    planes.verbs.step_slice(1)
    drawer.draw()
    assert "Slice 5 / 7" in pane.view.hud_text("top_left")


def test_the_corner_says_voxel_and_every_channel_under_the_pointer_of_any_view(
    planes: Planes,
) -> None:
    planes.open()
    planes.presenter.show_planes()
    words = PointerWords(planes.session, planes.main)
    for view in planes.grid.views:
        words.add_view(view)
    coronal = planes.grid.small[0]
    coronal.hovered.emit(QPointF(9.5, 2.5))
    assert words.voxel == (4, 5, 9)
    said = planes.main.hud_text("bottom_right").splitlines()
    opened = planes.session.open_case
    assert opened is not None
    assert said == ["x 9  y 5  z 4", f"FLAIR {opened.loaded.volume.pixels[0, 4, 5, 9]}"]
    coronal.hovered.emit(None)
    assert planes.main.hud_text("bottom_right") == ""

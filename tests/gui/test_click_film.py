"""The film of carried clicks and their list: what they say, and what a press on them does."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import create_autospec

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel, QMainWindow, QPushButton, QScrollArea, QToolButton
from pytestqt.qtbot import QtBot

from core.annotation.journal import load_draft
from core.domain.plane import PLANES, Cut
from gui.annotation.clicks.click_film import ClickFilm, Film
from gui.annotation.clicks.click_list import ClickLine, ClickList
from gui.annotation.clicks.clicks_panel import ClicksPanel
from gui.annotation.clicks.film_strip import FilmStrip
from gui.annotation.clicks_presenter import ClicksPresenter, ClickViews
from gui.annotation.correction.shown_grey import ShownGrey
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.view_verbs import ViewVerbs
from tests.gui.drawing_desk import DrawingDesk
from tests.synthetic import write_slice

SPOT, NEAR, OTHER = (32.5, 32.5), (34.5, 33.5), (18.5, 20.5)
SLICE, SLICES, SIDE = 3, 7, 64


class Desk:
    """Clicks on a missed ball, with the film and the list that a window shows of them."""

    def __init__(self, qtbot: QtBot, home: Path, folder: Path, view: SliceView) -> None:
        self.drawing = DrawingDesk(qtbot, home, folder, view)
        grey = ShownGrey(self.drawing.session)
        self.film = ClickFilm(self.guided, grey)
        self.strip, self.panel = FilmStrip(), ClicksPanel()
        for widget in (self.strip, self.panel):
            qtbot.addWidget(widget)
        self.strip.resize(700, 168)
        self.filming: list[bool] = []
        self.verbs = create_autospec(ViewVerbs, instance=True, spec_set=True)
        self.presenter = ClicksPresenter(
            self.drawing.lanes,
            (self.drawing.desk, self.drawing.drawing, self.film, grey),
            self.verbs,
            ClickViews(self.strip, self.panel, self.filming.append),
        )
        self.drawing.open("A_1", slice_index=SLICE)
        self.drawing.drawing.set_tool("guided")
        self.drawing.settle()

    @property
    def guided(self):
        return self.drawing.guided

    def click(self, at=SPOT, *, other: bool = False) -> None:
        self.drawing.draw(at, other=other)
        self.drawing.settle()

    def shown(self) -> Film:
        film = self.strip.tiles.film
        assert film is not None
        return film

    def states(self) -> dict[int, str]:
        return {each.index: each.looked for each in self.shown().slices}

    def mask(self) -> np.ndarray:
        """What Enter would write."""
        return np.stack([self.guided.states[-1].mask_of(z) for z in range(SLICES)])

    def press_glyph(self, index: int) -> None:
        tiles = self.strip.tiles
        QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=tiles.glyph_place(index).center())
        self.drawing.settle()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head with a bright lesion on all slices but the first and the last."""
    made = tmp_path_factory.mktemp("film") / "cases"
    place = made / "A_1"
    place.mkdir(parents=True)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    head = np.hypot(rows - 32, columns - 32) < 28
    ball = np.hypot(rows - 32, columns - 32) < 4
    random = np.random.default_rng(0)
    for z in range(SLICES):
        inside = ball & (0 < z < SLICES - 1)
        grey = head * (90 + random.normal(0, 4, head.shape)) + 90 * inside
        plane = np.clip(grey, 0, 255).astype(np.uint8)
        write_slice(place / f"A_1_{z + 1}.tif", np.stack([plane] * 3))
    return made


@pytest.fixture
def desk(qtbot: QtBot, home: Path, folder: Path, slice_view: SliceView) -> Iterator[Desk]:
    made = Desk(qtbot, home, folder, slice_view)
    yield made
    made.presenter.close()
    made.drawing.close()


def test_the_film_has_every_slice_that_the_click_reaches(desk: Desk) -> None:
    assert desk.filming == []
    desk.click()
    film = desk.shown()
    assert desk.filming == [True]
    counts = desk.guided.states[-1].tallies["axial"]
    assert len(counts) > 1
    assert {each.index: (each.added, each.taken) for each in film.slices} == counts
    assert film.current == SLICE
    assert set(desk.states().values()) == {"open"}
    assert desk.strip.text == (
        f"Carried to {len(counts)} slices: 0 accepted, {len(counts)} to look at, 0 left out"
    )


def test_every_tile_in_view_gets_its_picture(desk: Desk) -> None:
    desk.click()
    images = [desk.presenter._pictures.image(z) for z in desk.strip.tiles.in_view]
    assert images
    assert all(image is not None and not image.isNull() for image in images)
    desk.strip.grab()  # drawn with them


def test_a_glyph_ticks_a_slice_then_leaves_it_out_then_takes_it_in(desk: Desk) -> None:
    desk.click()
    before, whole = desk.guided.states[-1].ground.mask, desk.mask()
    other = next(z for z in desk.states() if z != SLICE)
    desk.press_glyph(other)
    assert desk.states()[other] == "ticked"
    assert np.array_equal(desk.mask(), whole)
    desk.press_glyph(other)
    assert desk.states()[other] == "left"
    left = desk.mask()
    assert np.array_equal(left[other], before[other] > 0)
    rest = [z for z in range(SLICES) if z != other]
    assert np.array_equal(left[rest], whole[rest])
    desk.press_glyph(other)
    assert desk.states()[other] == "open"
    assert np.array_equal(desk.mask(), whole)


def test_enter_writes_what_is_not_left_out_as_one_edit_that_one_undo_takes_back(
    desk: Desk,
) -> None:
    desk.click()
    other = next(z for z in desk.states() if z != SLICE)
    desk.film.mark(other, "left")
    desk.drawing.settle()
    expected = desk.mask()
    desk.drawing.drawing.complete()
    desk.drawing.settle()
    assert desk.drawing.correction.applied == 1
    assert np.array_equal(desk.drawing.correction.mask > 0, expected)
    assert desk.filming == [True, False]
    desk.drawing.desk.undo()
    assert not desk.drawing.correction.mask.any()


def test_what_was_left_out_is_kept_with_the_clicks(desk: Desk) -> None:
    desk.click()
    other = next(z for z in desk.states() if z != SLICE)
    desk.film.mark(other, "left")
    desk.drawing.drawing.complete()  # at once: the answer is on its way still
    desk.drawing.settle()
    draft = load_draft(
        desk.drawing.place.workspace.store, "A_1", desk.drawing.correction.mask.shape
    )
    assert draft is not None
    assert [click.left_out for click in draft.history.clicks] == [(other,)]


def test_the_range_leaves_out_what_lies_beyond_and_takes_it_in_again(desk: Desk) -> None:
    desk.click()
    reached = list(desk.states())
    desk.film.limit(SLICE, SLICE)
    desk.drawing.settle()
    assert {z for z, looked in desk.states().items() if looked != "left"} == {SLICE}
    desk.film.limit(reached[0], reached[-1])
    desk.drawing.settle()
    assert set(desk.states().values()) == {"open"}


def test_a_slice_left_out_within_the_range_stays_so_when_its_end_moves(desk: Desk) -> None:
    desk.click()
    reached = list(desk.states())
    assert len(reached) > 2
    middle = reached[1]
    desk.film.mark(middle, "left")
    desk.film.limit(reached[0], reached[-2] if len(reached) > 3 else reached[-1])
    desk.film.limit(reached[0], reached[-1])
    desk.drawing.settle()
    assert [z for z, looked in desk.states().items() if looked == "left"] == [middle]


def test_an_end_of_the_bar_can_be_dragged(qtbot: QtBot, desk: Desk) -> None:
    desk.click()
    bar, film = desk.strip.range, desk.shown()
    desk.strip.show()
    last = film.slices[-1].index
    y = bar.height() // 2
    start, goal = (QPoint(round(bar.x_of(z, end=1)), y) for z in (last, last - 1))
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(bar, QPoint(goal.x() - 2, y))
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=goal)
    desk.drawing.settle()
    assert desk.states()[last] == "left"
    assert desk.states()[last - 1] == "open"
    QTest.keyClick(bar, Qt.Key.Key_Right)
    desk.drawing.settle()
    assert desk.states()[last] == "open"


def test_a_slice_that_changes_again_is_to_be_looked_at_again(desk: Desk) -> None:
    desk.click()
    for z in desk.states():
        desk.film.mark(z, "ticked")
    before = {each.index: (each.added, each.taken) for each in desk.shown().slices}
    desk.drawing.drawing.change(reach="slice")
    desk.click(OTHER)
    after = {each.index: (each.added, each.taken) for each in desk.shown().slices}
    assert after[SLICE] != before[SLICE]
    for z, looked in desk.states().items():
        assert looked == ("ticked" if after[z] == before.get(z) else "open")


def test_a_click_on_a_slice_that_was_left_out_takes_it_in(desk: Desk) -> None:
    desk.click()
    desk.film.mark(SLICE, "left")
    desk.drawing.settle()
    desk.click(OTHER)
    assert desk.states()[SLICE] == "open"
    assert desk.mask()[SLICE][18, 20]
    assert desk.mask()[SLICE][32, 32]


def test_a_click_that_follows_leaves_out_the_same_slices(desk: Desk) -> None:
    desk.click()
    other = next(z for z in desk.states() if z != SLICE)
    desk.film.mark(other, "left")
    desk.drawing.settle()
    desk.click(NEAR)
    assert desk.states()[other] == "left"
    assert not desk.mask()[other].any()


def test_a_tile_goes_to_its_slice_and_keys_to_those_beside(desk: Desk) -> None:
    desk.click()
    tiles = desk.strip.tiles
    other = next(z for z in desk.states() if z != SLICE)
    at = tiles.place(other)
    QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=at.center())
    desk.verbs.go_to_slice.assert_called_once_with(other, PLANES["axial"])
    desk.presenter.step(1)
    desk.verbs.show_cut.assert_called_once_with(Cut(PLANES["axial"], SLICE + 1))


def test_the_slice_on_screen_can_be_ticked_and_left_out_by_key(desk: Desk) -> None:
    desk.click()
    for looked in ("ticked", "left"):
        desk.film.mark_current(looked)
        desk.drawing.settle()
        assert desk.states()[SLICE] == looked
        desk.film.mark_current(looked)
        desk.drawing.settle()
        assert desk.states()[SLICE] == "open"


def test_clicks_of_another_plane_have_a_film_of_that_plane(desk: Desk) -> None:
    desk.click()
    coronal = PLANES["coronal"]
    desk.drawing.show(coronal)
    desk.drawing.settle()
    desk.click((3.5, 32.5))
    film = desk.shown()
    assert film.plane == "coronal"
    assert {each.index for each in film.slices} == set(desk.guided.states[-1].reached["coronal"])
    first = film.slices[0].index
    desk.film.mark(first, "left")
    desk.drawing.settle()
    assert [click.left_out for click in desk.guided.clicks] == [(), (first,)]
    alone = desk.guided.states[0].mask_of(Cut(coronal, first))
    assert np.array_equal(desk.guided.states[-1].mask_of(Cut(coronal, first)), alone)


def test_the_film_goes_with_the_tool_and_the_clicks(desk: Desk) -> None:
    desk.click()
    desk.drawing.drawing.set_tool("pan")
    desk.drawing.settle()
    assert desk.filming == [True, False]
    desk.drawing.drawing.set_tool("guided")
    desk.drawing.settle()
    assert desk.filming == [True, False, True]
    desk.drawing.drawing.drop()
    desk.drawing.settle()
    assert desk.filming == [True, False, True, False]
    assert desk.strip.tiles.film is None


def test_the_list_says_what_each_click_did_and_takes_one_back(desk: Desk) -> None:
    assert desk.panel.lines == ()
    desk.click()
    desk.click(OTHER, other=True)
    second, first = desk.panel.lines
    counts = desk.guided.states[0].counts
    number = ShownGrey(desk.drawing.session).slice_number
    ends = [number(Cut(index=z)) for z in (min(counts), max(counts))]
    total = sum(added for added, _ in counts.values())
    assert (
        first
        == f"1  Add, Slice {number(Cut(index=SLICE))}, lesion, {ends[0]}–{ends[1]}  +{total:,}"
    )
    assert second.startswith(f"2  Take away, Slice {number(Cut(index=SLICE))}, lesion")
    button = desk.panel.findChildren(QToolButton)
    (first_button,) = [b for b in button if b.accessibleName() == "Take click 1 back"]
    first_button.click()
    desk.drawing.settle()
    assert [click.spots[0] for click in desk.guided.clicks] == [(18, 20)]
    assert len(desk.panel.lines) == 1


def test_delete_takes_the_click_back_whose_chip_was_pressed(qtbot: QtBot, desk: Desk) -> None:
    """The window has Delete too, for a lesion; a chip has it first."""
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(desk.panel)
    lesions: list[bool] = []
    action = QAction(window)
    action.setShortcut("Delete")
    action.triggered.connect(lambda: lesions.append(True))
    window.addAction(action)
    window.show()
    qtbot.waitUntil(window.isActiveWindow)
    desk.click()
    desk.click(OTHER, other=True)
    desk.panel.show()
    chips = desk.panel.findChildren(QFrame, "ClickChip")
    (first,) = [chip for chip in chips if chip.accessibleName().startswith("1 ")]
    QTest.mouseClick(first, Qt.MouseButton.LeftButton, pos=QPoint(12, 12))
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Delete)
    desk.drawing.settle()
    assert [click.spots[0] for click in desk.guided.clicks] == [(18, 20)]
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Delete)
    desk.drawing.settle()
    assert desk.guided.clicks == ()
    assert lesions == []
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Delete)
    assert lesions == [True]
    window.takeCentralWidget()  # it is the desk's


def test_a_row_keeps_its_figure_whole_however_long_its_words_are(qtbot: QtBot) -> None:
    panel = ClicksPanel()
    qtbot.addWidget(panel)
    panel.resize(260, 240)
    lines = (
        ClickLine(n, False, "Take away, scribble", "Coronal slice 105, lesion", Cut(), -123_692)
        for n in range(1, 6)
    )
    panel.show_list(ClickList(tuple(lines)))
    panel.show()
    (room,) = panel.findChildren(QScrollArea)
    chips = panel.findChildren(QFrame, "ClickChip")
    content = room.widget()
    assert content is not None
    qtbot.waitUntil(lambda: content.width() <= room.viewport().width() < panel.width())
    assert all(chip.minimumSizeHint().width() <= chip.width() for chip in chips)
    figures = [label for label in panel.findChildren(QLabel) if "123,692" in label.text()]
    assert len(figures) == len(chips)
    qtbot.waitUntil(lambda: all(each.width() >= each.sizeHint().width() for each in figures))


def test_a_chip_goes_to_the_slice_of_its_click(desk: Desk) -> None:
    desk.click()
    desk.panel.shown.emit(0)
    desk.verbs.show_cut.assert_called_once_with(Cut(PLANES["axial"], SLICE))


def test_kept_clicks_are_listed_and_can_be_replayed(desk: Desk) -> None:
    (replay,) = [b for b in desk.panel.findChildren(QPushButton) if b.text() == "Replay"]
    assert not replay.isEnabled()
    desk.click()
    desk.drawing.drawing.complete()
    desk.drawing.settle()
    (line,) = desk.panel.lines
    assert line.startswith("1  Add, Slice")
    assert replay.isEnabled()
    assert not [b for b in desk.panel.findChildren(QToolButton) if b.isVisibleTo(desk.panel)]
    replay.click()
    assert desk.drawing.said[-1][1] == "Run the model on this case first."


def test_clicks_that_keep_inside_say_so(desk: Desk) -> None:
    desk.drawing.drawing.change(inside=True)
    desk.click()
    (click,) = desk.guided.clicks
    assert click.inside

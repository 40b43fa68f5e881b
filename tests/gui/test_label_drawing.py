"""Drawing where a case has several labels: the label in hand, over what, and what is locked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.annotation.correction import Writes
from core.annotation.journal import load_draft
from core.annotation.label_rule import LabelRule
from core.annotation.patch import Patch
from core.annotation.versions import load_label_map, versions
from core.domain.label_counts import count_labels
from core.domain.label_set import Label, LabelMap, LabelSet, Region, colour_of
from core.domain.overlaps import merging
from core.workspace.settings import Settings
from gui.annotation.clicks.click_card import ClickCard
from gui.annotation.correction.versions_dialog import region_words
from gui.shell.label_state import LabelState
from gui.viewer.figures.correction_counts import CorrectionCounts
from gui.viewer.items.label_item import hex_of
from gui.viewer.labels.labels_presenter import rule_words
from gui.viewer.slice.slice_view import SliceView
from tests.gui.drawing_desk import DrawingDesk
from tests.synthetic import write_case

LABELS = LabelSet(
    tuple(Label(value, name, colour_of(value)) for value, name in ((1, "Core"), (2, "Rim"))),
    (Region("Tumour", (1, 2)),),
)
STATE = LabelState(LABELS, LABELS.regions[0], LabelRule(1))


@pytest.fixture
def desk(qtbot: QtBot, home: Path, tmp_path: Path) -> Iterator[DrawingDesk]:
    write_case(tmp_path / "dataset", "A_1", 5)
    view = SliceView()
    view.resize(400, 400)
    qtbot.addWidget(view)
    made = DrawingDesk(qtbot, home, tmp_path / "dataset", view)
    made.open("A_1")
    made.session.set_settings(Settings(reader="Ann", start_from="nothing"))
    made.session.set_labels(STATE)
    yield made
    made.close()


def hold(desk: DrawingDesk, **rule: object) -> None:
    state = desk.session.labels
    desk.session.set_labels(replace(state, rule=replace(state.rule, **rule)))  # type: ignore[arg-type]


def painted(desk: DrawingDesk) -> LabelMap:
    desk.settle()
    return desk.correction.label_map[desk.session.view.slice_index].copy()


def test_the_brush_writes_the_label_in_hand_and_undo_brings_back_what_lay_there(
    desk: DrawingDesk,
) -> None:
    desk.drawing.set_tool("brush")
    desk.settle()
    desk.draw((10, 4), (10, 20))
    first = painted(desk)
    assert set(np.unique(first)) == {0, 1}
    hold(desk, value=2)
    desk.draw((5, 15), (15, 15))
    both = painted(desk)
    assert both[10, 15] == 2
    assert both[10, 4] == 1
    desk.desk.undo()
    assert np.array_equal(painted(desk), first)
    desk.desk.redo()
    assert np.array_equal(painted(desk), both)


def test_what_is_locked_stays_and_is_said_when_it_is_in_hand(desk: DrawingDesk) -> None:
    desk.drawing.set_tool("brush")
    desk.settle()
    desk.draw((10, 10), (10, 20))
    first = painted(desk)
    hold(desk, value=2, locked=frozenset({1}))
    desk.draw((5, 15), (15, 15))
    both = painted(desk)
    assert np.array_equal(both == 1, first == 1)
    hold(desk, value=1)
    desk.draw((30, 30))
    assert np.array_equal(painted(desk), both)
    assert any("Core is locked" in said for _, said in desk.said)


def test_an_eraser_takes_its_label_alone_unless_it_takes_all(desk: DrawingDesk) -> None:
    desk.drawing.set_tool("brush")
    desk.settle()
    desk.draw((10, 10), (10, 20))
    hold(desk, value=2)
    desk.draw((20, 10), (20, 20))
    desk.drawing.set_tool("eraser")
    desk.draw((10, 10), (20, 10))
    assert (painted(desk) == 1).sum() > 0
    assert painted(desk)[10, 10] == 1
    assert painted(desk)[20, 10] == 0
    hold(desk, clears_all=True)
    desk.draw((10, 10), (20, 10))
    assert painted(desk)[10, 10] == 0


def test_the_brush_has_the_colour_of_the_label_it_writes(desk: DrawingDesk) -> None:
    desk.drawing.set_tool("brush")
    assert desk.view.cursor_colour == hex_of(LABELS.label(1).colour)
    hold(desk, value=2)
    assert desk.view.cursor_colour == hex_of(LABELS.label(2).colour)
    desk.drawing.set_tool("eraser")
    assert desk.view.cursor_colour == ""
    desk.drawing.set_tool("brush")
    desk.session.set_labels(LabelState())
    assert desk.view.cursor_colour == ""


def test_only_over_one_label_paints_nothing_else(desk: DrawingDesk) -> None:
    desk.drawing.set_tool("brush")
    desk.settle()
    desk.draw((10, 10), (10, 20))
    first = painted(desk)
    hold(desk, value=2, over="label", over_value=1)
    desk.draw((5, 15), (15, 15))
    assert np.array_equal(painted(desk) > 0, first > 0)
    assert (painted(desk) == 2).any()


def test_clicks_promise_and_write_what_the_rule_of_labels_lets_them(desk: DrawingDesk) -> None:
    desk.drawing.set_tool("brush")
    desk.drawing.change(size=9)
    desk.settle()
    desk.draw((12, 6), (12, 30))
    first = painted(desk)
    desk.drawing.set_tool("guided")
    desk.drawing.change(reach="slice")
    for rule in ({"locked": frozenset({1})}, {"over": "background"}):
        hold(desk, value=2, **rule)
        desk.draw((20.5, 15.5))
        desk.settle()
        shown = desk.view.clicks
        assert shown is not None
        assert shown.after[20, 15]
        assert not (shown.after & (first == 1)).any()
        desk.drawing.complete()
        after = painted(desk)
        assert np.array_equal(after == 1, first == 1)
        assert np.array_equal(after == 2, shown.after)
        desk.desk.undo()
        hold(desk, locked=frozenset(), over="all")
    hold(desk, value=2, over="label", over_value=1)
    desk.draw((12.5, 15.5))
    desk.settle()
    desk.drawing.complete()
    after = painted(desk)
    assert after[12, 15] == 2
    assert np.array_equal(after > 0, first > 0)


def test_what_a_model_says_of_a_region_stands_behind_clicks_of_each_label_of_it(
    desk: DrawingDesk,
) -> None:
    """One click takes what the model was unsure of; without its word it ends near the click."""
    opened = desk.session.open_case
    assert opened is not None
    shape = opened.loaded.volume.geometry.shape
    said = np.full(shape, 10, np.uint8)
    said[:, 20:30, 8:30] = 110
    desk.session.set_settings(Settings(reader="Ann", start_from="prediction"))
    desk.predict(said)
    desk.drawing.set_tool("guided")
    desk.settle()
    ground = desk.guided._grounds.begun()
    assert ground is not None
    assert ground.ground.probability is said
    hold(desk, value=7)  # of no region that is in focus
    other = desk.guided._grounds.begun()
    assert other is None or other.ground.probability is None


def test_a_click_with_a_locked_label_in_hand_says_so_and_makes_none(desk: DrawingDesk) -> None:
    desk.drawing.set_tool("guided")
    desk.settle()
    hold(desk, value=1, locked=frozenset({1}))
    desk.draw((20.5, 15.5))
    desk.settle()
    assert not desk.guided.clicks
    assert any("Core is locked" in said for _, said in desk.said)


def test_labels_are_merged_and_come_back_with_their_name(desk: DrawingDesk) -> None:
    told: list[LabelSet] = []
    desk.desk.relabelled.connect(told.append)
    desk.drawing.set_tool("brush")
    desk.settle()
    hold(desk, value=2)
    desk.draw((10, 10), (10, 20))
    before = painted(desk)
    left, become = merging(LABELS, 2, 1)
    assert become == {2: 1}
    assert left.regions == (Region("Tumour", (1,)),)

    def one(values: LabelMap) -> Patch:
        return Patch((0, *_whole(values)), np.where(values == 2, np.uint8(1), values))

    assert desk.desk.change_labels("merge label", left, one)
    assert not (painted(desk) == 2).any()
    desk.desk.undo()
    assert np.array_equal(painted(desk), before)
    assert [labels.values for labels in told] == [(1,), (1, 2)]


def _whole(values: LabelMap) -> tuple[int, int, int, int, int]:
    depth, height, width = values.shape
    return depth, 0, height, 0, width


def test_it_is_journalled_saved_and_seen_as_another_region(desk: DrawingDesk) -> None:
    desk.drawing.set_tool("brush")
    desk.settle()
    desk.draw((10, 10), (10, 20))
    hold(desk, value=2)
    desk.draw((5, 15), (15, 15))
    desk.desk.save_version()
    desk.settle()
    correction, values = desk.correction, desk.correction.snapshot_map()
    (saved,) = versions(desk.place.workspace, "A_1")
    assert np.array_equal(load_label_map(saved, values.shape), values)
    assert saved.label_set.label(2).name == "Rim"
    (before, core, rim) = saved.regions
    assert (before.voxels_before, core.voxels, rim.voxels) == (
        0,
        (values == 1).sum(),
        (values == 2).sum(),
    )
    assert f"Rim 0 → {rim.voxels:,} voxels" in region_words(saved)
    draft = load_draft(desk.place.workspace.store, "A_1", values.shape)
    assert draft is not None
    assert np.array_equal(draft.mask, values)
    opened = desk.session.open_case
    assert opened is not None
    desk.session.set_labels(replace(desk.session.labels, focus=Region("Rim", (2,))))
    desk.session.set_open_case(replace(opened), slice_index=2, labels=desk.session.labels)
    desk.settle()
    assert desk.session.correction is correction, "it is the same, with all of its undo"
    assert np.array_equal(correction.mask, values == 2)
    assert correction.figures().voxels == (values == 2).sum()


def test_labels_are_counted_while_they_are_painted(desk: DrawingDesk, qtbot: QtBot) -> None:
    counted = CorrectionCounts(desk.session, desk.lanes)
    opened = desk.session.open_case
    assert opened is not None
    truth = np.zeros(opened.loaded.volume.geometry.shape, np.uint8)
    truth[2, 8:12, 10:20] = 1
    loaded = replace(opened.loaded, labels=truth)
    desk.session.set_open_case(
        replace(opened, loaded=loaded), slice_index=2, labels=desk.session.labels
    )
    desk.session.set_seeking(False)
    desk.settle()
    assert counted.counts is None
    desk.drawing.set_tool("brush")
    desk.settle()

    def holds() -> bool:
        found, now = counted.counts, desk.correction.label_map
        return found is not None and np.array_equal(
            found.pairs, count_labels(truth, now, LABELS).pairs
        )

    desk.draw((10, 10), (10, 20))
    qtbot.waitUntil(holds)
    hold(desk, value=2)
    desk.draw((5, 15), (15, 15))
    qtbot.waitUntil(holds)
    desk.desk.undo()
    qtbot.waitUntil(holds)
    assert counted.counts is not None
    assert counted.counts.overlap(LABELS.region("Core")).dsc > 0
    assert counted.counts.voxels(2) == (0, 0)
    desk.desk.undo()
    desk.settle()
    counted.stop()


def test_a_mask_of_an_older_version_becomes_a_label_map_with_the_first_edit(
    desk: DrawingDesk,
) -> None:
    desk.session.set_labels(LabelState())
    desk.drawing.set_tool("brush")
    desk.settle()
    desk.draw((10, 10), (10, 20))
    mask = painted(desk)
    assert not desk.correction.several
    desk.session.set_labels(STATE)
    hold(desk, value=2)
    desk.draw((30, 30))
    assert desk.correction.several
    assert np.array_equal(painted(desk) > 0, (mask > 0) | (painted(desk) == 2))
    desk.desk.undo()
    desk.desk.undo()
    assert np.array_equal(painted(desk), mask)


def test_an_edit_of_the_focus_gets_the_label_of_its_source(desk: DrawingDesk) -> None:
    opened = desk.session.open_case
    assert opened is not None
    shape = opened.loaded.volume.geometry.shape
    source = np.full(shape, 2, np.uint8)
    box = (2, 3, 4, 6, 4, 6)
    ones = np.ones((1, 2, 2), np.uint8)
    desk.desk.apply("answer", lambda _: Patch(box, ones), writes=Writes("focus", source))
    assert (painted(desk)[4:6, 4:6] == 2).all()


def test_what_is_locked_is_not_marked_and_the_reader_is_told(
    desk: DrawingDesk, qtbot: QtBot
) -> None:
    desk.drawing.set_tool("brush")
    desk.settle()
    desk.draw((10, 10), (10, 20))
    desk.go_to(3)
    desk.draw((10, 10), (10, 20))
    hold(desk, value=2)
    desk.draw((10, 20), (10, 24))
    painted(desk)
    rims = int((desk.correction.label_map == 2).sum())
    hold(desk, locked=frozenset({1}))
    desk.lesions.act("relabel piece", (3, 10, 12), here=False)
    qtbot.waitUntil(lambda: any("locked" in said for _, said in desk.said))
    assert desk.lesions.marked is None
    desk.lesions.act("delete component", (2, 10, 12), here=False)
    qtbot.waitUntil(lambda: desk.lesions.marked is not None)
    marked = desk.lesions.marked
    assert marked is not None
    assert int(marked.changed.sum()) == rims
    assert rule_words(desk.session.labels) == "Brush and clicks write Rim. Core is locked."
    hold(desk, value=1)
    assert rule_words(desk.session.labels) == "Core is in hand and locked: nothing is written."


def test_a_prediction_without_labels_says_which_it_would_be_given(desk: DrawingDesk) -> None:
    desk.session.set_settings(Settings(reader="Ann", start_from="prediction"))
    assert desk.session.open_case is not None
    desk.predict(np.full(desk.session.open_case.loaded.volume.geometry.shape, 200, np.uint8))
    start = desk.desk.start
    assert start is not None
    assert start.title.endswith(", all of it as Core")
    hold(desk, value=2)
    start = desk.desk.start
    assert start is not None
    assert start.title.endswith(", all of it as Rim")


def test_the_card_of_guided_clicks_compares_the_label_in_hand_with_its_own_truth(
    desk: DrawingDesk,
) -> None:
    """Truth against truth is 1, whichever label is in hand and whatever region is in focus."""
    opened = desk.session.open_case
    assert opened is not None
    truth = opened.loaded.ground_truth
    assert truth is not None
    middle = int(np.median(truth.nonzero()[2]))
    halves = truth * np.where(np.arange(truth.shape[2]) < middle, 1, 2).astype(np.uint8)
    assert set(np.unique(halves[desk.session.view.slice_index])) == {0, 1, 2}
    loaded = replace(opened.loaded, labels=halves, label_set=LABELS)
    desk.session.set_settings(Settings(reader="Ann", start_from="truth"))
    desk.session.set_open_case(replace(opened, loaded=loaded), slice_index=2)
    desk.session.set_seeking(False)
    desk.session.set_labels(STATE)
    desk.drawing.set_tool("guided")
    desk.settle()
    card = ClickCard(desk.view)
    for value, name in ((1, "Core"), (2, "Rim")):
        hold(desk, value=value)
        desk.settle()
        desk.draw((4.5, 4.5))
        desk.settle()
        figures = desk.guided.figures(desk.session.view.cut)
        assert figures is not None
        assert figures.dsc is not None
        assert figures.dsc[0] == 1
        card.show_figures(figures)
        assert f"DSC of {name} 1.000 → " in card.text
        desk.guided.drop()
        desk.settle()

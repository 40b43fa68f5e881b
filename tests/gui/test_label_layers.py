"""Segments that overlap, in the window: layers to choose from, corrected, taken back, exported."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from core.annotation.patch import Patch
from gui.app.program import Program
from tests.core.io.test_label_slices import halves, in_folders
from tests.gui.conftest import Start
from tests.gui.finding import texts
from tests.gui.test_label_changes import labels_drawn, trigger
from tests.gui.tiny import settle, true_mask

CORE, RIM, BOTH = 1, 3, 254
VOXELS = {CORE: "Core", RIM: "Rim", BOTH: "Core + Rim"}


@pytest.fixture
def overlapping(start: Start, tmp_path: Path) -> Program:
    left, right = halves()
    in_folders(tmp_path / "in", "A", {"1_Core": left, "3_Rim": right})
    in_folders(tmp_path / "in", "B", {"3_Rim": right})
    return start(tmp_path / "in")


def values(left: NDArray[np.bool_], right: NDArray[np.bool_]) -> NDArray[np.uint8]:
    found = np.where(left, CORE, np.where(right, RIM, 0))
    return np.where(left & right, BOTH, found).astype(np.uint8)


def test_each_segment_is_a_layer_to_choose_and_whole(overlapping: Program, qtbot: QtBot) -> None:
    left, right = halves()
    session, window = overlapping.session, overlapping.window
    named = {label.value: label.name for label in session.labels.labels.labels}
    assert named == VOXELS
    assert session.open_case is not None
    assert np.array_equal(session.open_case.loaded.labels, values(left, right))
    assert any("a label of its own" in said for said in session.open_case.loaded.notices)
    whole = [str(mask.sum()) for mask in (left, right, left & right)]
    qtbot.waitUntil(lambda: set(whole) <= set(texts(window.label_rows)))
    assert "Core + Rim" not in texts(window.region_rows)
    for name, mask in (("Core", left), ("Rim", right), ("Whole", left | right)):
        assert name in texts(window.region_rows)
        window.region_rows.focus_chosen.emit(name)
        settle(qtbot, overlapping)
        assert np.array_equal(true_mask(overlapping) > 0, mask)


@pytest.mark.parametrize(
    ("in_hand", "command", "left_of"),
    [(RIM, "delete_label", {RIM: 0, BOTH: CORE}), (CORE, "delete_label", {CORE: 0, BOTH: RIM})],
)
def test_a_segment_is_deleted_from_what_it_shares_and_comes_back(
    overlapping: Program, qtbot: QtBot, in_hand: int, command: str, left_of: dict[int, int]
) -> None:
    session, desk = overlapping.session, overlapping.annotation.desk
    overlapping.operations.change_settings(start_from="truth")
    box = Patch((0, 1, 2, 4, 5, 8), np.ones((1, 2, 3), np.uint8))
    assert desk.apply("brush", lambda _: box)
    settle(qtbot, overlapping)
    before, labels = labels_drawn(overlapping), session.labels.labels
    assert {*np.unique(before).tolist()} == {0, CORE, RIM, BOTH}
    overlapping.viewer.labels.desk.hold(in_hand)
    trigger(qtbot, overlapping, command)
    expected = before.copy()
    for value, becomes in left_of.items():
        expected[before == value] = becomes
    assert np.array_equal(labels_drawn(overlapping), expected)
    trigger(qtbot, overlapping, "undo")
    assert np.array_equal(labels_drawn(overlapping), before)
    assert session.labels.labels == labels
    trigger(qtbot, overlapping, "redo")
    assert np.array_equal(labels_drawn(overlapping), expected)

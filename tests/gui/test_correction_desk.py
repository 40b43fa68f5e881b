"""A correction from the first stroke to the export: figures, undo, journal, restart, lock."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QFrame, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from core.annotation.export import read_export
from core.annotation.regions import replace
from core.domain.metrics import volume_metrics
from core.workspace.store import Store
from core.workspace.workspace_folder import STORE_NAME, workspace_folder
from gui.app.program import Program
from tests.gui.conftest import Start, shut
from tests.gui.finding import button, texts
from tests.gui.hand import Hand
from tests.gui.holder import held_by
from tests.gui.pointing import LEFT, RIGHT
from tests.gui.pressing import Press
from tests.gui.tiny import (
    BARE,
    SLICES,
    choose,
    predicted_mask,
    settle,
    shown_case,
    toasts,
    true_mask,
)
from tests.synthetic import digest

FREE = ((36, 6), (36, 14))
"""A stroke over voxels that neither truth nor prediction calls lesion."""


def paint(program: Program, hand: Hand, *, size: int = 6, wait: bool = True) -> None:
    """Make a stroke with the brush on the slice on screen."""
    program.annotation.set_tool("brush")
    program.annotation.paint_tools.change(size=size)
    hand.draw(*FREE)
    if wait:
        hand.settle()


def store_file(home: Path, dataset: Path) -> Path:
    return workspace_folder(home, dataset) / STORE_NAME


def wait_for_text(qtbot: QtBot, panel: QWidget, text: str) -> None:
    qtbot.waitUntil(lambda: text in texts(panel))


@contextmanager
def full_disk(file: Path) -> Iterator[None]:
    """Let the journal of a workspace refuse every edit, as a full disk does."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON correction_edits "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        yield
        connection.execute("DROP TRIGGER full")


def test_undo_goes_to_the_slice_it_changes(program: Program, press: Press, hand: Hand) -> None:
    program.viewer.verbs.go_to_slice(1)
    paint(program, hand)
    program.viewer.verbs.go_to_slice(4)
    press("Ctrl+Z")
    assert program.session.view.slice_index == 1
    press("Home")
    press("Ctrl+Y")
    assert program.session.view.slice_index == 1
    assert hand.plane[FREE[0]] == 1


def test_undo_can_be_pressed_as_soon_as_a_stroke_has_ended(
    program: Program, press: Press, hand: Hand
) -> None:
    paint(program, hand, wait=False)
    assert program.window.actions["undo"].isEnabled()
    press("Ctrl+Z")
    assert hand.plane[FREE[0]] == 0
    press("Ctrl+Z")
    press("Ctrl+Shift+Z")
    assert hand.plane[FREE[0]] == 1


def test_figures_are_those_of_core_and_follow_every_stroke(
    program: Program, hand: Hand, press: Press, qtbot: QtBot
) -> None:
    before = volume_metrics(true_mask(program), predicted_mask(program), distances=False)
    panel = program.window.metrics
    for key, pointer in (("B", LEFT), ("E", RIGHT), ("B", RIGHT)):
        press(key)
        program.annotation.paint_tools.change(size=9)
        hand.draw((20, 24), (22, 34), button=pointer)
        hand.settle()
        found = volume_metrics(true_mask(program), hand.correction.mask)
        wait_for_text(qtbot, panel, f"{found.dsc:.3f}")
        wait_for_text(qtbot, panel, f"{found.hd95:.1f}")
        said = texts(panel)
        for value in (found.iou, found.sensitivity, found.precision, before.iou):
            assert f"{value:.3f}" in said
        assert f"DSC, was {before.dsc:.3f}" in said
    changed = int((hand.correction.mask != predicted_mask(program)).sum())
    assert any(f"{changed:,} voxels changed" in text for text in texts(program.window.status))


def test_errors_on_screen_are_those_of_the_correction(program: Program, hand: Hand) -> None:
    program.viewer.verbs.go_to_slice(2)
    view = program.window.view
    before = view.grab().toImage()
    paint(program, hand, size=12)
    painted = view.grab().toImage()
    at = hand.point((36, 10))
    assert painted.pixelColor(at) != before.pixelColor(at)
    assert painted.pixelColor(at).red() > painted.pixelColor(at).blue()

    # As good as the truth, nothing is an error any more: the image stands alone again.
    program.annotation.desk.apply("test", lambda mask: replace(mask, true_mask(program)))
    for layer in ("truth", "prediction", "correction"):
        program.viewer.verbs.set_layer(layer, visible=False)
    hand.settle()
    right = view.grab().toImage()
    program.viewer.verbs.set_layer("errors", visible=False)
    hand.settle()
    assert right == view.grab().toImage()


def test_the_strip_shows_the_correction_until_it_is_discarded(
    program: Program, hand: Hand, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = program.window.strip
    program.viewer.verbs.go_to_slice(2)
    hand.settle()
    before = strip.grab().toImage()
    paint(program, hand, size=30)
    hand.settle()  # the strip counts when the hand rests
    qtbot.waitUntil(lambda: strip.of_correction)
    qtbot.waitUntil(lambda: strip.grab().toImage() != before)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    program.window.actions["discard_correction"].trigger()
    hand.settle()
    assert program.session.correction is None
    qtbot.waitUntil(lambda: strip.grab().toImage() == before)
    paint(program, hand)
    assert hand.correction.tools == {"brush": 1}


def test_a_correction_without_a_prediction_begins_empty(
    start: Start, dataset: Path, qtbot: QtBot
) -> None:
    program = start(dataset)
    hand = Hand(program, qtbot)
    choose(qtbot, program, BARE)
    paint(program, hand)
    assert hand.correction.origin.kind == "empty"
    assert int(hand.correction.mask.sum()) == int(hand.plane.sum()) > 0
    # The figures follow within a few frames, which nothing else waits for.
    qtbot.waitUntil(lambda: any("voxels" in text for text in texts(program.window.metrics)))


def test_edits_and_undo_come_back_after_a_restart(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    before = digest(predicted)
    first = start(predicted)
    hand = Hand(first, qtbot)
    first.viewer.verbs.go_to_slice(1)
    paint(first, hand)
    first.viewer.verbs.go_to_slice(3)
    paint(first, hand, wait=False)
    mask, tools = hand.correction.mask.copy(), hand.correction.tools
    shut(first)

    second = start(predicted)
    hand = Hand(second, qtbot)
    assert shown_case(second) == "A_1"
    np.testing.assert_array_equal(hand.correction.mask, mask)
    assert hand.correction.tools == tools == {"brush": 2}
    Press(second, qtbot)("Ctrl+Z")
    assert second.session.view.slice_index == 3
    assert hand.plane[FREE[0]] == 0
    assert digest(predicted) == before


def test_every_case_keeps_its_own_correction(program: Program, hand: Hand, qtbot: QtBot) -> None:
    paint(program, hand)
    mask = hand.correction.mask.copy()
    choose(qtbot, program, "B_2")
    assert program.session.correction is None
    assert program.window.actions["undo"].isEnabled() is False
    paint(program, hand, size=3)
    choose(qtbot, program, "A_1")
    np.testing.assert_array_equal(hand.correction.mask, mask)


def test_a_workspace_held_by_another_process_is_read_only_and_says_by_whom(
    start: Start, predicted: Path, home: Path, qtbot: QtBot
) -> None:
    first = start(predicted)
    paint(first, Hand(first, qtbot))
    shut(first)
    with held_by("Ann", workspace_folder(home, predicted)) as process:
        program = start(predicted)
        hand = Hand(program, qtbot)
        assert any("Ann" in said and str(process) in said for said in toasts(program))
        mask = hand.correction.mask.copy()
        paint(program, hand)
        assert program.session.correction is hand.correction
        assert not program.window.actions["undo"].isEnabled()
        for command in ("grow", "take_case", "clear_slice", "save_version", "accept"):
            program.window.actions[command].trigger()
        program.annotation.desk.undo()
        hand.settle()
        np.testing.assert_array_equal(hand.correction.mask, mask)
        assert {each.status for each in program.session.reviews.values()} <= {"unreviewed"}
        assert "Ann" in "".join(toasts(program))
        shut(program)
    with closing(Store(store_file(home, predicted))) as store:
        assert store.read("SELECT count(*) FROM correction_edits") == [(1,)]
        assert store.read("SELECT count(*) FROM correction_versions") == [(0,)]


def test_work_that_cannot_be_saved_stays_and_can_be_exported(
    program: Program, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    place = program.session.place
    assert place is not None
    file = place.workspace.folder / STORE_NAME
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "safe"))
    with full_disk(file):
        paint(program, hand)
        mask = hand.correction.mask.copy()
        assert mask[program.session.view.slice_index][FREE[0]] == 1
        assert any("in memory" in text for text in texts(program.window.status))
        (toast,) = [
            frame
            for frame in program.window.toasts.findChildren(QFrame)
            if "not saved" in frame.accessibleName()
        ]
        button(toast, "Export…").click()
        hand.settle()
        opened = program.session.open_case
        assert opened is not None
        case = opened.loaded.case
        exported = read_export(tmp_path / "safe", case).mask(case.region)
        np.testing.assert_array_equal(exported, mask)

        choose(qtbot, program, "B_2")
        choose(qtbot, program, "A_1")
        np.testing.assert_array_equal(hand.correction.mask, mask)
    shut(program)
    with closing(Store(file)) as store:
        assert store.read("SELECT count(*) FROM correction_edits") == [(1,)]


def test_an_export_into_the_dataset_is_refused(
    program: Program, hand: Hand, predicted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(predicted)
    paint(program, hand)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(predicted / "out"))
    program.window.actions["export_correction"].trigger()
    hand.settle()
    assert any("inside" in said or "outside" in said for said in toasts(program))
    assert digest(predicted) == before


def test_a_damaged_correction_is_said_and_can_be_discarded(
    start: Start, predicted: Path, home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(predicted)
    paint(first, Hand(first, qtbot))
    shut(first)
    with closing(sqlite3.connect(store_file(home, predicted), isolation_level=None)) as connection:
        connection.execute("UPDATE corrections SET shape = '[1, 2, 3]'")
    program = start(predicted)
    hand = Hand(program, qtbot)
    assert any("A_1" in said and "discard" in said for said in toasts(program))
    paint(program, hand)
    assert program.session.correction is None
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    program.window.actions["discard_correction"].trigger()
    hand.settle()
    paint(program, hand)
    assert hand.correction.tools == {"brush": 1}


def test_painting_while_cases_are_being_opened_is_no_fault(
    program: Program, hand: Hand, qtbot: QtBot
) -> None:
    for name in SLICES:
        program.window.worklist.case_chosen.emit(name)
        program.annotation.set_tool("brush")
        hand.draw(*FREE)
    settle(qtbot, program)
    assert shown_case(program) == list(SLICES)[-1]

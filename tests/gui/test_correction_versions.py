"""Versions of a correction: saved, listed, restored, and the restoring undone."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from core.annotation.versions import load_version, versions
from gui.annotation.correction.versions_dialog import VersionsDialog
from gui.app.program import Program
from gui.shell.mask_source import MaskSource
from tests.gui.conftest import Start, shut
from tests.gui.finding import button, texts
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.tiny import activate, choose, settle, toasts


@pytest.fixture
def drawn(program: Program, press: Press, hand: Hand) -> Hand:
    """A hand that has made a stroke with the brush."""
    program.viewer.verbs.go_to_slice(2)
    press("B")
    hand.draw((36, 6), (36, 14))
    hand.settle()
    return hand


def opened(program: Program, press: Press, hand: Hand) -> VersionsDialog:
    press("Ctrl+Shift+S")
    hand.settle()
    (dialog,) = program.window.findChildren(VersionsDialog)
    return dialog


def table(dialog: VersionsDialog) -> list[dict[str, str]]:
    """The lines of the table by the names of its columns."""
    found = dialog.findChild(QTableWidget)
    assert found is not None
    model = found.model()
    heads = [model.headerData(n, Qt.Orientation.Horizontal) for n in range(found.columnCount())]
    return [
        {head: model.index(row, n).data() for n, head in enumerate(heads)}
        for row in range(found.rowCount())
    ]


def test_versions_are_listed_newest_first_with_what_they_cost_and_brought(
    program: Program, press: Press, drawn: Hand
) -> None:
    press("Ctrl+S")
    drawn.settle()
    assert any("Version 1 of A_1" in said for said in toasts(program))
    assert not drawn.correction.dirty
    press("E")
    drawn.draw((36, 6), (36, 14))
    press("Ctrl+S")
    drawn.settle()
    figures = drawn.correction.figures()
    lines = table(opened(program, press, drawn))
    assert [line["Version"] for line in lines] == ["2", "1"]
    assert lines[0]["Author"] == program.session.reader
    assert lines[0]["Tools"] == "brush 1, eraser 1"
    assert lines[1]["Tools"] == "brush 1"
    assert figures.dsc_truth is not None
    assert lines[0]["DSC after"] == f"{figures.dsc_truth:.3f}"
    assert lines[1]["DSC after"] < lines[1]["DSC before"]


def test_a_version_is_restored_and_undo_takes_that_back(
    program: Program, press: Press, drawn: Hand, qtbot: QtBot
) -> None:
    press("Ctrl+S")
    first = drawn.correction.mask.copy()
    drawn.draw((40, 20), (40, 30))
    second = drawn.correction.mask.copy()
    dialog = opened(program, press, drawn)
    button(dialog, "Restore").click()
    drawn.settle()
    np.testing.assert_array_equal(drawn.correction.mask, first)
    assert any("Version 1 restored" in said for said in toasts(program))
    dialog.reject()
    activate(qtbot, program)
    press("Ctrl+Z")
    np.testing.assert_array_equal(drawn.correction.mask, second)

    place = program.session.place
    assert place is not None
    (version,) = versions(place.workspace, "A_1")
    np.testing.assert_array_equal(load_version(version, first.shape), first)


def test_versions_come_back_after_a_restart(
    program: Program, press: Press, drawn: Hand, start: Start, predicted: Path, qtbot: QtBot
) -> None:
    press("Ctrl+S")
    drawn.settle()
    shut(program)
    other = start(predicted)
    hand = Hand(other, qtbot)
    assert [line["Version"] for line in table(opened(other, Press(other, qtbot), hand))] == ["1"]
    assert not hand.correction.dirty


def test_figures_stand_under_their_heads(program: Program, press: Press, drawn: Hand) -> None:
    press("Ctrl+S")
    drawn.settle()
    found = opened(program, press, drawn).findChild(QTableWidget)
    assert found is not None
    model, role = found.model(), Qt.ItemDataRole.TextAlignmentRole
    for column in range(found.columnCount()):
        head = model.headerData(column, Qt.Orientation.Horizontal, role)
        assert head == model.index(0, column).data(role), column


def test_versions_are_seen_beside_each_other_and_the_correction(
    program: Program, press: Press, drawn: Hand, qtbot: QtBot
) -> None:
    def beside(row: int) -> None:
        dialog = opened(program, press, drawn)
        table = dialog.findChild(QTableWidget)
        assert table is not None
        table.selectRow(row)
        button(dialog, "Show beside").click()
        drawn.settle()
        assert not any(each.isVisible() for each in program.window.findChildren(VersionsDialog))
        activate(qtbot, program)

    scores = []
    for size in (6, 20, 30):
        program.annotation.paint_tools.change(size=size)
        drawn.draw((36, 6), (36, 14))
        press("Ctrl+S")
        drawn.settle()
        scores.append(f"DSC {drawn.correction.figures().dsc_truth:.3f}")
    assert len(set(scores)) == 3

    grid = program.window.grid
    beside(2)
    assert grid.count == 2
    assert scores[0] in texts(grid.panes[0])
    press("Ctrl+3")
    settle(qtbot, program)
    for row in (1, 0):
        beside(row)
    for pane, score in zip(grid.panes, scores, strict=True):
        assert score in texts(pane)
    beside(2)
    versions = [MaskSource("version", f"Version {number}") for number in (1, 2, 3)]
    assert [pane.source for pane in grid.panes] == versions
    choose(qtbot, program, "B_2")
    assert not any(pane.source in versions for pane in grid.panes)


def test_a_view_says_the_dsc_of_the_correction_that_lies_over_it(
    program: Program, press: Press, drawn: Hand
) -> None:
    press("Ctrl+2")
    drawn.settle()
    grid, result = program.window.grid, program.session.result
    assert result is not None
    assert result.counted is not None
    assert result.hd95 is not None
    predicted = f"HD95 {result.hd95.pooled:.1f} · DSC {result.counted.counts.pooled().dsc:.3f}"
    for size in (12, 30):
        program.annotation.paint_tools.change(size=size)
        drawn.draw((36, 6), (36, 14))
        drawn.settle()
        assert {"Correction", f"DSC {drawn.correction.figures().dsc_truth:.3f}"} <= set(texts(grid))
    press("K")
    assert "Correction" not in texts(grid)
    assert predicted in texts(grid)


def test_without_a_version_there_is_a_hint_and_nothing_to_restore(
    program: Program, press: Press, hand: Hand
) -> None:
    press("Ctrl+S")
    assert any("Nothing has been corrected" in said for said in toasts(program))
    dialog = opened(program, press, hand)
    assert table(dialog) == []
    assert any("Ctrl+S" in text for text in texts(dialog))
    assert not button(dialog, "Restore").isEnabled()


def test_a_table_closed_before_it_was_filled_is_no_fault(
    program: Program, drawn: Hand, qtbot: QtBot
) -> None:
    for _ in range(3):
        program.window.actions["versions"].trigger()
        for dialog in program.window.findChildren(VersionsDialog):
            dialog.reject()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert program.window.findChildren(VersionsDialog) == []
    settle(qtbot, program)
    program.window.actions["save_version"].trigger()
    settle(qtbot, program)
    assert any("Version 1" in said for said in toasts(program))


def test_a_damaged_version_is_said_and_changes_nothing(
    program: Program, press: Press, drawn: Hand
) -> None:
    press("Ctrl+S")
    drawn.settle()
    place = program.session.place
    assert place is not None
    place.workspace.correction_path("A_1", 1).write_bytes(b"no image")
    mask = drawn.correction.mask.copy()
    button(opened(program, press, drawn), "Restore").click()
    drawn.settle()
    np.testing.assert_array_equal(drawn.correction.mask, mask)
    assert any("the file of version 1" in said for said in toasts(program))

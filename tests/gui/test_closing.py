"""The way out of the window: at any moment, leaving nothing behind and keeping the place."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from core.workspace.settings import load_settings, settings_path
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.app.program import Program
from tests.gui.conftest import Start, shut
from tests.gui.tiny import choose, settle, shown_case
from tests.processes import children


def test_the_place_is_kept(
    start: Start, program: Program, home: Path, predicted: Path, qtbot: QtBot
) -> None:
    choose(qtbot, program, "B_2")
    program.viewer.verbs.last_slice()
    program.window.resize(QSize(1250, 801))
    title = program.window.windowTitle()
    shut(program)

    workspace = open_workspace(workspace_folder(home, predicted))
    state = workspace.state()
    workspace.close()
    assert (state.case_id, state.slice_index) == ("B_2", 4)
    kept = load_settings(settings_path())
    (place,) = kept.windows.values()
    assert (place.width, place.height) == (1250, 801)
    assert kept.last_dataset == str(predicted)

    again = start(None)
    assert shown_case(again) == "B_2"
    assert again.session.view.slice_index == 4
    assert again.window.size() == QSize(1250, 801)
    assert again.window.windowTitle() == title


@pytest.mark.parametrize("size", [(1280, 800), (3840, 2160)])
def test_small_and_large_windows_come_back_as_they_were(
    start: Start, predicted: Path, qtbot: QtBot, size: tuple[int, int]
) -> None:
    first = start(predicted)
    first.window.resize(QSize(*size))
    settle(qtbot, first)
    parts = (first.window.view, first.window.metrics, first.window.worklist, first.window.strip)
    assert all(part.width() > 50 and part.height() > 50 for part in parts)
    shut(first)
    assert start(predicted).window.size() == QSize(*size)


def test_closing_before_anything_is_read(start: Start, predicted: Path, home: Path) -> None:
    program = start(predicted, wait=False, active=False)
    assert program.session.place is None
    shut(program)
    assert not program.lanes.busy


def test_closing_while_the_demo_is_made_leaves_no_half_of_it(start: Start, home: Path) -> None:
    program = start(None, wait=False)
    shut(program)
    assert not program.lanes.busy
    assert [path.name for path in home.iterdir() if "demo" in path.name] in ([], ["synthetic-demo"])


def test_closing_while_the_engine_starts_ends_it(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    before = children()
    program = start(predicted, wait=False, engine=True)
    # The process is asked for by a worker, which may be at any point of it now.
    qtbot.waitUntil(lambda: bool(program.session.devices))
    shut(program)
    assert children() == before


def test_closing_while_a_task_waits_for_the_engine_starts_no_other(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    before = children()
    program = start(predicted, wait=False, engine=True)
    qtbot.waitUntil(lambda: bool(program.session.devices))
    for _ in range(3):
        program.prediction.desk.measure_model()
    shut(program)
    assert children() == before


def test_closing_twice_does_nothing_more(start: Start, program: Program) -> None:
    program.window.close()
    program.window.close()
    assert not program.lanes.busy
    assert not program.window.isVisible()


def test_windows_one_after_the_other_do_not_pile_up(start: Start, predicted: Path) -> None:
    for _ in range(4):
        shut(start(predicted))
    assert shown_case(start(predicted)) == "A_1"

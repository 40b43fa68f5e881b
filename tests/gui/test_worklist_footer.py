"""The footer of the worklist counts all cases: not once for each case that is told otherwise."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from core.io.cases.case import Case
from core.io.datasets.dataset import Dataset
from core.workspace.settings import Settings
from core.workspace.workspace_folder import Workspace
from gui.shell.context import Context
from gui.shell.operations import Operations
from gui.shell.place_reader import plain_states
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Lanes
from gui.viewer.viewer_header import ViewerHeader
from gui.worklist.worklist_panel import Worklist
from gui.worklist.worklist_presenter import WorklistPresenter, WorklistViews
from tests.gui.listing import shown_worklist

CASES = 50


class Window(QObject):
    """What a window tells its features."""

    closing = Signal()


class Footer:
    """What the footer says of a worklist of many cases, without the rest of a window."""

    def __init__(self, folder: Path, worklist: Worklist) -> None:
        self.session, self.window, self.said = Session(folder, Settings()), Window(), list[str]()
        context = create_autospec(Context, instance=True)
        self.lanes = Lanes()
        context.session, context.lanes, context.window = self.session, self.lanes, worklist
        context.operations = create_autospec(Operations, instance=True)
        context.closing = self.window.closing
        set_footer = worklist.set_footer

        def heard(text: str, *given: Any, **named: Any) -> None:
            self.said.append(text)
            set_footer(text, *given, **named)

        worklist.set_footer = heard  # type: ignore[method-assign]
        header = create_autospec(ViewerHeader, instance=True)
        self.presenter = WorklistPresenter(context, WorklistViews(worklist, header, lambda: None))
        cases = tuple(Case(f"CASE_{number:02}", folder) for number in range(CASES))
        dataset = Dataset(folder, cases)
        place = Place(dataset, create_autospec(Workspace, instance=True))
        self.session.set_place(place, plain_states(dataset))


@pytest.fixture
def footer(qtbot: QtBot, tmp_path: Path) -> Iterator[Footer]:
    made = Footer(tmp_path, shown_worklist(qtbot))
    yield made
    made.lanes.close()


def tell(footer: Footer, case_id: str, **changes: Any) -> None:
    state = footer.session.case_states[case_id]
    footer.session.set_case_state(replace(state, **changes))


def test_cases_told_otherwise_together_are_counted_once(footer: Footer, qtbot: QtBot) -> None:
    assert footer.said == [f"0 of {CASES} predicted"]
    for name in footer.session.case_states:
        tell(footer, name, scored=True)
    qtbot.waitUntil(lambda: footer.said[-1] == f"{CASES} of {CASES} predicted")
    assert len(footer.said) == 2


def test_a_run_that_goes_on_does_not_put_the_count_off(footer: Footer, qtbot: QtBot) -> None:
    tell(footer, "CASE_00", scored=True)
    moved: list[None] = []

    def counted() -> bool:
        moved.append(None)
        tell(footer, "CASE_01", run="running", progress=len(moved) / 1e6)
        return footer.said[-1] == f"1 of {CASES} predicted"

    qtbot.waitUntil(counted)

"""What a worker finds when the reader is elsewhere by then: it is not shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from core.domain.prediction import Postprocessing
from core.inference.engine import Engine
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.prediction.list_scores import ListScores
from gui.shell.model_reader import read_models
from gui.shell.operations import Operations
from gui.shell.place_reader import plain_states, with_scores
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Lane, Lanes
from gui.viewer.slice.slice_view import SliceView
from tests import patience
from tests.gui.drawing_desk import DrawingDesk
from tests.gui.tiny import probability


@contextmanager
def held_up(lanes: Lanes, lane: Lane) -> Iterator[None]:
    """Let nothing that is asked of a lane of one worker begin before the end of the block."""
    go_on = Event()
    lanes.run(lane, lambda _: go_on.wait(patience.SECONDS))
    try:
        yield
    finally:
        go_on.set()


class List:
    """The cases of a list with their figures, without a window."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.session, self.lanes = Session(home, Settings()), Lanes()
        self.operations = Operations(self.session, self.lanes, Engine())
        dataset = scan(folder)
        self.place = Place(dataset, open_workspace(workspace_folder(home, dataset.root)))
        workspace = self.place.workspace
        self.session.set_models(read_models(home, workspace.folder, "", Settings()))
        model = self.session.models.current
        self.session.set_place(self.place, with_scores(workspace, model, plain_states(dataset)))
        self.scores = ListScores(self.session, self.lanes, self.operations)

    def cut_at(self, threshold: float) -> Postprocessing:
        self.session.set_post(msgspec.structs.replace(self.session.post, threshold=threshold))
        return self.session.post

    def dsc(self) -> dict[str, float | None]:
        return {name: state.dsc for name, state in self.session.case_states.items()}

    def close(self) -> None:
        self.scores.cancel()
        self.lanes.close()
        self.place.close()


@pytest.fixture
def cases(qtbot: QtBot, home: Path, predicted: Path) -> Iterator[List]:
    listed = List(home, predicted)
    yield listed
    listed.close()


def test_late_figures_of_an_older_threshold_are_not_shown(
    cases: List, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, cache = cases.session, cases.operations.cache
    of_model, go_on, glance = cases.dsc(), Event(), cache.glance

    def slow(case: Case) -> LoadedCase:
        assert go_on.wait(patience.SECONDS)
        return glance(case)

    monkeypatch.setattr(cache, "glance", slow)
    listed: list[Postprocessing] = []
    session.listed_changed.connect(lambda: listed.append(session.listed))
    shown: list[dict[str, float | None]] = []
    session.case_state_changed.connect(lambda _: shown.append(cases.dsc()))

    cases.cut_at(0.2)
    cases.scores.start()
    wanted = cases.cut_at(0.95)
    go_on.set()
    qtbot.waitUntil(lambda: not cases.lanes.busy)
    assert [post for post in listed if post != wanted] == []

    cases.scores.start()
    qtbot.waitUntil(lambda: session.listed == wanted and not cases.lanes.busy)
    assert set(listed) == {wanted}
    assert cases.dsc() != of_model
    assert all(
        value in (of_model[name], cases.dsc()[name])
        for states in shown
        for name, value in states.items()
    )


def test_a_correction_that_is_read_late_is_not_laid_over_another_case(
    qtbot: QtBot, home: Path, dataset: Path, slice_view: SliceView
) -> None:
    desk = DrawingDesk(qtbot, home, dataset, slice_view)
    session = desk.session
    desk.open("B_2")
    second = session.open_case
    desk.open("A_1")
    first = session.open_case
    assert first is not None
    assert second is not None
    desk.predict(probability(first.loaded.volume.slices))
    desk.drawing.set_tool("brush")
    desk.draw((36, 6), (36, 14))
    desk.settle()
    assert session.correction is not None
    session.set_open_case(second, slice_index=0)
    desk.settle()

    over: list[str] = []
    session.correction_changed.connect(
        lambda: over.append(session.current if session.correction is not None else "")
    )
    with held_up(desk.lanes, "journal"):
        session.set_open_case(first, slice_index=0)
        session.set_open_case(second, slice_index=0)
    desk.settle()
    assert set(over) <= {""}
    assert desk.desk.known is None
    session.set_open_case(first, slice_index=0)
    desk.settle()
    assert over[-1] == "A_1"
    desk.close()

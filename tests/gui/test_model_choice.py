"""Another model is taken once its figures were read, off the GUI thread."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from pytestqt.qtbot import QtBot

from core.inference.engine import Engine
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from core.workspace.store import Store
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.prediction.prediction_desk import PredictionDesk
from gui.shell.mask_finder import MaskFinder
from gui.shell.model_reader import read_models
from gui.shell.operations import Operations
from gui.shell.place_reader import plain_states, with_scores
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Lanes
from tests.gui.lent_engine import LentEngine, Triages
from tests.synthetic import publish_unet


class Desk:
    """The desk over predicted cases, without a window; `other` is a model that predicted none."""

    def __init__(self, home: Path, folder: Path, engine: LentEngine) -> None:
        self.other = publish_unet(home / "models", "other").spec.id
        self.session, self.lanes = Session(home, Settings()), Lanes()
        self.operations = Operations(self.session, self.lanes, engine)
        self.desk = PredictionDesk(self.session, self.lanes, self.operations)
        dataset = scan(folder)
        self.place = Place(dataset, open_workspace(workspace_folder(home, dataset.root)))
        workspace = self.place.workspace
        self.session.set_models(read_models(home, workspace.folder, "", Settings()))
        states = with_scores(workspace, self.session.running_model, plain_states(dataset))
        self.session.set_place(self.place, states)

    @property
    def model(self) -> str:
        current = self.session.models.current
        assert current is not None
        return current.spec.id

    def scored(self) -> set[str]:
        return {name for name, state in self.session.case_states.items() if state.scored}

    def close(self) -> None:
        self.lanes.close()
        self.place.close()


@pytest.fixture
def desk(
    qtbot: QtBot, home: Path, predicted: Path, lender: Engine, triages: Triages
) -> Iterator[Desk]:
    made = Desk(home, predicted, LentEngine(lender, triages))
    yield made
    made.close()


def rest(qtbot: QtBot, desk: Desk) -> None:
    qtbot.waitUntil(lambda: not desk.lanes.busy and not desk.session.queue.active)


def test_choosing_a_model_reads_the_database_on_a_worker(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, readers = desk.model, set[threading.Thread]()
    read_as = Store.read_as

    def seen(store: Store, *given: Any) -> Any:
        readers.add(threading.current_thread())
        return read_as(store, *given)

    monkeypatch.setattr(Store, "read_as", seen)
    assert desk.scored() == set(desk.session.case_states)
    desk.desk.choose_model(desk.other)
    qtbot.waitUntil(lambda: desk.model == desk.other)
    assert desk.scored() == set()
    desk.desk.choose_model(first)
    qtbot.waitUntil(lambda: desk.model == first)
    assert desk.scored() == set(desk.session.case_states)
    assert readers
    assert threading.main_thread() not in readers
    rest(qtbot, desk)


def test_a_case_that_cannot_be_opened_says_so_under_another_model(desk: Desk, qtbot: QtBot) -> None:
    states = desk.session.case_states
    desk.session.set_case_state(
        replace(states["A_1"], run="failed", problem="no such file", unread=True)
    )
    desk.session.set_case_state(replace(states["B_2"], run="failed", problem="no such channel"))
    desk.desk.choose_model(desk.other)
    qtbot.waitUntil(lambda: desk.model == desk.other)
    unread, run = states["A_1"], states["B_2"]
    assert (unread.run, unread.problem, unread.unread) == ("failed", "no such file", True)
    assert (run.run, run.problem) == ("", "")
    rest(qtbot, desk)


def test_the_model_chosen_last_is_taken(desk: Desk, qtbot: QtBot) -> None:
    first = desk.model
    taken: list[str] = []
    desk.session.models_changed.connect(lambda: taken.append(desk.model))
    desk.desk.choose_model(desk.other)
    desk.desk.choose_model(first)
    rest(qtbot, desk)
    assert taken == []
    assert desk.model == first
    assert desk.scored() == set(desk.session.case_states)


def test_what_is_read_of_another_region_is_read_again(desk: Desk, qtbot: QtBot) -> None:
    desk.desk.choose_model(desk.other)
    told = replace(desk.place)
    desk.session.change_place(told)
    qtbot.waitUntil(lambda: desk.model == desk.other)
    assert desk.scored() == set()
    rest(qtbot, desk)


def test_a_run_asked_for_on_the_way_is_one_of_the_model_chosen(desk: Desk, qtbot: QtBot) -> None:
    ran: list[str] = []
    desk.session.queue_changed.connect(
        lambda: ran.append(desk.model) if desk.session.queue.active else None
    )
    desk.desk.choose_model(desk.other)
    desk.desk.run_all()
    qtbot.waitUntil(lambda: desk.scored() == set(desk.session.case_states) and bool(ran))
    assert set(ran) == {desk.other}
    rest(qtbot, desk)


def test_run_all_runs_what_was_predicted_without_the_mirrored_view(
    desk: Desk, qtbot: QtBot
) -> None:
    totals = asked_for(desk)
    desk.desk.run_all()
    rest(qtbot, desk)
    assert totals == []  # all of them are predicted as the model is run
    desk.desk.choose_model(desk.other)
    desk.desk.run_all()
    qtbot.waitUntil(lambda: desk.scored() == set(desk.session.case_states))
    rest(qtbot, desk)
    totals.clear()
    desk.desk.set_flips(True)
    desk.desk.run_all()
    qtbot.waitUntil(lambda: max(totals, default=0) == 3)
    rest(qtbot, desk)
    totals.clear()
    desk.desk.run_all()
    rest(qtbot, desk)
    assert totals == []


def test_masks_are_looked_up_anew_where_models_are_run_otherwise(desk: Desk) -> None:
    """Beside the model in use others lie over the views, predicted one way or the other."""
    finder, told = MaskFinder(desk.session, desk.lanes, create_autospec(Engine)), list[int]()
    finder.changed.connect(lambda: told.append(1))
    desk.operations.change_settings(reader="Ada")
    assert not told
    desk.operations.change_settings(flips=True)
    assert len(told) == 1
    models = read_models(
        desk.session.home, desk.place.workspace.folder, "", Settings(engine="torch")
    )
    desk.session.set_models(models)
    assert len(told) == 2


def asked_for(desk: Desk) -> list[int]:
    """Return how many runs are asked for at each change of the queue from now on."""
    totals: list[int] = []

    def note() -> None:
        if desk.session.queue.active:
            totals.append(desk.session.queue.total)

    desk.session.queue_changed.connect(note)
    return totals

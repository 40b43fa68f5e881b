"""The model in use when the models of the workspace change: deleted, or changed by the reader."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.domain.prediction import Postprocessing
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from core.workspace.workspace_folder import (
    Workspace,
    open_workspace,
    workspace_folder,
)
from gui.shell.model_reader import read_models
from gui.shell.place_reader import plain_states
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Lanes
from gui.training.gate_desk import GateDesk
from tests.gui.conftest import Start
from tests.gui.running import run
from tests.gui.tiny import settle
from tests.synthetic import publish_unet

GONE = "gone"


class Models:
    """A workspace with one candidate beside the champion, which is in use."""

    def __init__(self, workspace: Workspace, home: Path, data: Path) -> None:
        publish_unet(workspace.models, GONE)
        self.session, self.lanes = Session(home, Settings(device="cpu")), Lanes()
        dataset = scan(data)
        self.place = Place(dataset, workspace)
        self.session.set_models(read_models(home, workspace.folder, GONE, self.session.settings))
        self.session.set_place(self.place, plain_states(dataset))
        self.desk = GateDesk(self.session, self.lanes)
        self.wanted: list[str] = []
        self.desk.wanted.connect(self.wanted.append)

    @property
    def in_use(self) -> str:
        current = self.session.models.current
        return "" if current is None else current.spec.id


@pytest.fixture
def models(qtbot: QtBot, home: Path, dataset: Path) -> Iterator[Models]:
    made = Models(open_workspace(workspace_folder(home, dataset)), home, dataset)
    yield made
    made.lanes.close()
    made.place.close()


def test_what_is_on_screen_stays_that_of_the_deleted_model(models: Models, qtbot: QtBot) -> None:
    told: list[str] = []
    with qtbot.waitSignal(models.desk.changed):
        models.desk.delete(GONE, lambda: told.append(models.in_use))
    assert told == [models.in_use] == [GONE]
    assert models.wanted == [models.session.models.champion_id]
    assert GONE not in {model.spec.id for model in models.session.models.available}


def test_the_model_chosen_while_others_are_read_stays_in_use(models: Models, qtbot: QtBot) -> None:
    session = models.session
    champion = next(m for m in session.models.available if m.spec.id == session.models.champion_id)
    with qtbot.waitSignal(models.desk.changed):
        models.desk.reload()
        session.set_models(
            type(session.models)(session.models.available, champion, champion.spec.id)
        )
    assert models.in_use == champion.spec.id
    assert models.wanted == []


def test_where_the_model_in_use_is_deleted_the_champion_predicts(
    start: Start, home: Path, predicted: Path, qtbot: QtBot
) -> None:
    folder = workspace_folder(home, predicted)
    publish_unet(folder / "models", GONE, postprocessing=Postprocessing(threshold=0.3))
    program = start(predicted)
    session = program.session
    champion, before = session.models.current, session.result
    assert champion is not None
    assert before is not None
    program.prediction.desk.choose_model(GONE)
    settle(qtbot, program)
    run(qtbot, program)
    assert session.result is not None
    assert session.post.threshold == pytest.approx(0.3)

    program.training.presenter.gate.desk.delete(GONE, lambda: None)
    qtbot.waitUntil(
        lambda: session.models.current is not None and session.post == champion.spec.postprocessing
    )
    settle(qtbot, program)
    assert session.models.current is not None
    assert session.models.current.spec.id == champion.spec.id
    assert session.result is not None
    assert (session.result.probability == before.probability).all()
    assert session.listed == champion.spec.postprocessing
    assert all(state.scored for state in session.case_states.values())

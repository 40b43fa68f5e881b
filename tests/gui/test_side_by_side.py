"""A case of the gate beside the window: both masks, on the slice where the candidate lost most."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.domain.prediction import Prediction
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.models.registry import Model, prediction_key
from core.workspace import prediction_cache
from core.workspace.workspace_folder import open_workspace, registry, workspace_folder
from gui.app.program import Program
from gui.shell.mask_source import MaskSource
from tests.gui.conftest import Start
from tests.gui.finding import texts
from tests.gui.tiny import is_settled, settle, shown_case, toasts
from tests.synthetic import publish_unet

OTHER = "other"
CASE = "A_1"


@pytest.fixture
def candidate(home: Path, tiny: str) -> str:
    """Make a second model beside the champion; returns its id."""
    return publish_unet(home / "models", OTHER, seed=1).spec.id


def _keep(home: Path, folder: Path, model: Model, *, invented_on: int | None = None) -> None:
    """Keep the truth as what a model predicts, and a false region on one slice."""
    dataset = scan(folder)
    workspace = open_workspace(workspace_folder(home, dataset.root))
    loaded = read_case(dataset.case(CASE))
    truth = loaded.require_ground_truth()
    values = np.where(truth > 0, 230, 0).astype(np.uint8)
    if invented_on is not None:
        values[invented_on, 2:12, 2:12] = 230
    key = prediction_key(model, loaded.volume)
    prediction_cache.keep_prediction(
        loaded, model, workspace, Prediction(values, model.spec.id, key, "cpu", 0.1)
    )
    workspace.close()


def _ask(program: Program, champion: str, candidate: str) -> None:
    program.training.presenter.case_asked.emit(CASE, champion, candidate)


@pytest.mark.parametrize("before", ["A_1", "B_2"])
def test_a_lost_case_shows_both_masks_where_it_lost(
    start: Start, home: Path, dataset: Path, candidate: str, qtbot: QtBot, before: str
) -> None:
    models = registry(home)
    _keep(home, dataset, models.champion())
    _keep(home, dataset, models.find(candidate), invented_on=5)
    program = start(dataset)
    program.operations.choose_case(before)
    settle(qtbot, program)
    _ask(program, models.champion().spec.id, candidate)
    settle(qtbot, program)
    assert shown_case(program) == CASE
    assert program.session.view.slice_index == 5
    (pane,) = program.window.grid.panes
    assert (program.window.grid.count, pane.empty.text) == (2, "")
    assert pane.source == MaskSource("model", candidate)
    assert "HD95 0.0 · DSC 1.000" in texts(program.window.grid)
    assert not any("not been run" in text for text in texts(program.window))
    assert program.session.result is not None


def test_a_model_that_was_not_run_on_the_case_is_run(
    start: Start, home: Path, dataset: Path, tiny: str, candidate: str, qtbot: QtBot
) -> None:
    program = start(dataset)
    _ask(program, tiny, candidate)
    (pane,) = program.window.grid.panes

    def both() -> bool:
        there = is_settled(program) and program.session.result is not None
        return there and pane.empty.text == ""

    qtbot.waitUntil(both)
    assert any("DSC" in text for text in texts(pane))


def test_a_candidate_that_was_deleted_is_said_and_changes_nothing(
    start: Start, dataset: Path, tiny: str, qtbot: QtBot
) -> None:
    program = start(dataset)
    _ask(program, tiny, "gone")
    assert any("gone is no longer among the models" in said for said in toasts(program))
    assert program.window.grid.count == 1
    buttons = program.window.toasts.findChildren(QPushButton)
    assert "Back to the gate" not in [button.text() for button in buttons]

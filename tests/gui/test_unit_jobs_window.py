"""Folds and searches from the window: real processes, followed, paused, resumed, their tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import (
    QLineEdit,
    QSpinBox,
    QTableWidget,
)
from pytestqt.qtbot import QtBot

from core.jobs.job_events import Logged
from core.jobs.job_folder import JobFolder
from core.jobs.training_job import SPLIT_FILE
from core.studies.fold_figures import read_fold_summary
from core.workspace.splits import frozen_split, read_split
from gui.training.curve import CurvePlot
from gui.training.several_form import several_problem
from gui.training.train_dialog import TrainDialog
from gui.training.unit_dialog import UnitDialog
from tests.gui.finding import button, by_name, texts
from tests.gui.training_desk import Desk, open_small, served_desk


@pytest.fixture
def desk(qtbot: QtBot, home: Path, tmp_path: Path) -> Iterator[Desk]:
    """A drawer over ten tiny cases; no process outlives the test."""
    with served_desk(qtbot, home, tmp_path / "data") as desk:
        yield desk


def _open(qtbot: QtBot, desk: Desk, kind: str, *, epochs: int = 1) -> TrainDialog:
    """Open the train dialog, choose a network of a few parameters, and folds or a search."""
    dialog = open_small(qtbot, desk, title="Tried", epochs=epochs)
    button(dialog.fields.several, kind).click()
    return dialog


def test_folds_are_followed_paused_and_go_on(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk, "Folds", epochs=9000)
    by_name(dialog, QSpinBox, "Folds").setValue(2)
    learnt = dialog.form.cases
    button(dialog, "Start 2 trainings").click()
    _wait_learning(qtbot, desk)
    button(desk.drawer, "Pause").click()
    paused = desk.wait_for("paused", kind="folds")
    assert read_split(paused.folder.path / SPLIT_FILE).train == learnt
    assert frozen_split(desk.place.workspace.store) is None  # folds freeze nothing
    fold = JobFolder(paused.folder.path / "folds" / "f1")
    assert fold.state() == "paused"
    assert "Folds done" in texts(desk.drawer)

    desk.drawer.asked.emit("resume", paused.id)
    _wait_learning(qtbot, desk, starts=2)
    desk.drawer.asked.emit("pause", paused.id)
    again = desk.wait_for("paused", kind="folds")
    said = [event.text for event in fold.events()[0] if isinstance(event, Logged)]
    assert any(text.startswith("Going on from step") for text in said)
    assert again.progress is not None
    assert again.progress.fraction > 0
    assert desk.troubles == []


def test_folds_end_in_a_table(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk, "Folds")
    by_name(dialog, QSpinBox, "Folds").setValue(2)
    learnt = dialog.form.cases
    button(dialog, "Start 2 trainings").click()
    record = desk.wait_for("done", kind="folds")
    summary = read_fold_summary(record.folder.path)
    assert summary is not None
    assert summary.cases == len(learnt)
    assert len(record.curves["fold_dsc"]) == 2
    curves = desk.drawer.findChildren(CurvePlot)
    qtbot.waitUntil(lambda: [c.isVisibleTo(desk.drawer) for c in curves] == [False, True])
    assert "Mean DSC ± SD" in texts(desk.drawer)

    button(desk.drawer, "Show the table").click()
    shown = desk.window.findChild(UnitDialog)
    assert shown is not None
    table = shown.findChild(QTableWidget)
    assert table is not None
    assert [_cell(table, row, 1) for row in range(table.rowCount())] == [
        str(fold.dsc.n) for fold in summary.by_fold
    ]
    assert f"{summary.figures['dsc'].median:.3f}" in texts(shown)

    def known() -> set[str]:
        return {model.spec.id for model in desk.session.models.available}

    qtbot.waitUntil(lambda: {"tried-f1", "tried-f2"} <= known())
    assert desk.troubles == []


def test_a_search_ends_in_its_trials_the_best_first(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk, "Search")
    tried = by_name(dialog, QLineEdit, "Settings to try")
    tried.setText("learning_rat=1e-2,1e-3")
    assert not button(dialog, "Start 1 trial").isEnabled()
    assert any("found learning_rat." in text for text in texts(dialog))
    tried.setText("learning_rate=1e-2,1e-3")
    button(dialog, "Start 2 trials").click()
    record = desk.wait_for("done", kind="search")
    assert record.table is not None
    assert record.table.heads[:2] == ("trial", "learning_rate")
    assert {row[1] for row in record.table.rows} == {"0.01", "0.001"}
    scores = [float(row[2]) for row in record.table.rows]
    assert scores == sorted(scores, reverse=True)
    assert desk.troubles == []


def test_folds_from_a_model_that_knows_the_cases_are_refused(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk, "Folds")
    several, cases = dialog.form.several, dialog.form.cases
    assert several_problem(several, cases, ()) == ""
    assert "judged by what has seen them" in several_problem(several, cases, cases[:1])
    assert "5 folds take 5 cases" in several_problem(several, cases[:3], ())
    dialog.reject()


def _cell(table: QTableWidget, row: int, column: int) -> str:
    item = table.item(row, column)
    return "" if item is None else item.text()


def _wait_learning(qtbot: QtBot, desk: Desk, *, starts: int = 1) -> None:
    def learns() -> bool:
        return any(
            record.starts == starts
            and record.state == "running"
            and record.progress is not None
            and record.progress.stage == "learning"
            for record in desk.records
        )

    qtbot.waitUntil(learns)

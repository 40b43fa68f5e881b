"""Training from the window: real processes, followed, paused, judged, promoted, rolled back."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QTableWidget,
)
from pytestqt.qtbot import QtBot

from core.jobs.job_folder import JOB_FILE
from core.jobs.train_preview import PREVIEW_FILE
from core.jobs.training_job import SPLIT_FILE
from core.models.registry import read_model
from core.models.train_spec import TrainSpec
from core.workspace.splits import SplitFile, frozen_split, read_split
from core.workspace.workspace_folder import JOBS_FOLDER, registry
from gui.training.curve import CurvePlot
from gui.training.gate_dialog import GateDialog
from gui.training.train_dialog import TrainDialog
from gui.training.train_request import PREVIEWS_FOLDER
from tests.gui.finding import button, by_name, texts
from tests.gui.training_desk import (
    BARE,
    CHAMPION,
    Desk,
    correct,
    open_small,
    served_desk,
)


@pytest.fixture
def desk(qtbot: QtBot, home: Path, tmp_path: Path) -> Iterator[Desk]:
    """A drawer over ten tiny cases; no process outlives the test."""
    with served_desk(qtbot, home, tmp_path / "data") as desk:
        yield desk


def _open(qtbot: QtBot, desk: Desk, *, base: str = "", epochs: int = 2) -> TrainDialog:
    """Open the train dialog and choose a network of a few parameters and few steps."""
    dialog = open_small(qtbot, desk, title="First try", base=base, epochs=epochs)
    by_name(dialog, QLineEdit, "Learning rate").setText("1e-2")
    return dialog


def test_a_training_outlives_its_window_and_is_judged_promoted_and_rolled_back(
    qtbot: QtBot, desk: Desk, home: Path, tmp_path: Path
) -> None:
    frozen = _start(qtbot, desk, _open(qtbot, desk, epochs=9000))
    desk.wait_for("running")
    qtbot.waitUntil(lambda: desk.records[0].step > 0)
    desk.close()

    other = Desk(qtbot, home, tmp_path / "data")
    try:
        assert other.wait_for("running").step > 0
        assert other.drawer.expanded
        _queue_another(qtbot, other)
        _pause_go_on_and_stop(qtbot, other)
        _is_a_candidate(other, frozen)
        _is_judged(qtbot, other, frozen)
        assert other.troubles == []
    finally:
        other.close()


def test_the_preview_times_steps_and_shows_slices(qtbot: QtBot, desk: Desk) -> None:
    correct(desk.place.workspace, BARE)
    dialog = _open(qtbot, desk, base=CHAMPION)
    assert dialog.form.cases == (BARE,)
    assert "Time not known yet" in texts(dialog)
    ask = button(dialog, "Time and preview")
    ask.setFocus()
    ask.click()
    assert dialog.focusWidget() is ask
    ask.click()  # nothing more while it is timed
    asking = desk.training.asking
    assert asking is not None
    qtbot.waitUntil(lambda: asking.measured is not None)
    assert any(text.startswith("Timed with") for text in texts(dialog))
    assert any(text.startswith("About ") for text in texts(dialog))
    by_name(dialog, QSpinBox, "Batch").setValue(8)
    assert "Made for other settings." in texts(dialog)
    folder = desk.place.workspace.folder
    assert len(list((folder / PREVIEWS_FOLDER).glob(f"*/{PREVIEW_FILE}"))) == 1
    assert not (folder / JOBS_FOLDER).exists()
    dialog.reject()


def test_keys_start_and_cancel(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    by_name(dialog, QLineEdit, "Learning rate").setText("fast")
    start = button(dialog, "Start training")
    assert not start.isEnabled()
    assert "A number above 0, at most 1, as 1e-4." in texts(dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: desk.training.dialog is None)
    assert desk.records == ()
    assert all(child.accessibleName() or child.text() for child in _buttons(desk))


def _start(qtbot: QtBot, desk: Desk, dialog: TrainDialog) -> SplitFile:
    """Start the first training; returns the cases that judge, frozen before the job runs."""
    store = desk.place.workspace.store
    assert frozen_split(store) is None
    with qtbot.waitSignal(desk.training.watch.started):
        button(dialog, "Start training").click()
    frozen = frozen_split(store)
    assert frozen is not None
    assert frozen.val
    assert not set(frozen.train) & set(frozen.val)
    return frozen


def _pause_go_on_and_stop(qtbot: QtBot, desk: Desk) -> None:
    """Have the first job pause, go on, pause again, and end with what it has learnt."""
    button(desk.drawer, "Pause").click()
    assert button(desk.drawer, "Pausing…").isEnabled() is False
    paused = desk.wait_for("paused")
    assert paused.folder.checkpoint.exists()
    with qtbot.waitSignal(desk.training.went_on) as went_on:
        button(desk.drawer, "Resume").click()
    assert went_on.args == ["job 0001-train"]
    assert button(desk.drawer, "Resuming…").isEnabled() is False
    qtbot.waitUntil(lambda: desk.records[0].step > paused.step)
    button(desk.drawer, "Pause").click()
    ended_at = desk.wait_for("paused").step
    button(desk.drawer, "Stop").click()
    box = desk.drawer.findChild(QMessageBox)
    assert box is not None
    button(box, "Stop the job").click()
    assert desk.wait_for("done").result == "first-try"
    assert desk.records[0].starts == 3
    assert desk.records[0].step < ended_at + 10  # the last point of its curve was earlier


def _is_a_candidate(desk: Desk, frozen: SplitFile) -> None:
    """Check what the training that is done has read and made."""
    record = desk.records[0]
    spec = msgspec.json.decode((record.folder.path / JOB_FILE).read_bytes(), type=TrainSpec)
    assert frozen_split(desk.place.workspace.store) == frozen
    assert read_split(record.folder.path / SPLIT_FILE).val == frozen.val
    assert spec.model_id == record.result == "first-try"
    made = read_model(desk.place.workspace.models / "first-try").spec
    assert not set(made.trained_on) & set(frozen.val)
    assert record.curves["selection_dsc"]


def _is_judged(qtbot: QtBot, desk: Desk, frozen: SplitFile) -> None:
    """Follow the gate of the candidate; promote the candidate, roll back, and delete it."""
    record, gate = desk.records[0], desk.wait_for("done", kind="gate")
    assert gate.report is not None
    assert {case.case for case in gate.report.cases} == set(frozen.val)
    assert "first-try" in [model.spec.id for model in desk.session.models.available]

    desk.drawer.job_chosen.emit(record.id)
    curves = desk.drawer.findChildren(CurvePlot)
    assert [curve.isVisible() for curve in curves] == [True, True]
    desk.drawer.job_chosen.emit(gate.id)
    assert [curve.isVisible() for curve in curves] == [False, False]

    desk.training.show_gate()
    shown = _gate_shown(qtbot, desk)
    table = shown.findChild(QTableWidget)
    assert table is not None
    assert table.rowCount() == len(frozen.val)
    with qtbot.waitSignal(desk.training.case_asked) as asked:
        table.cellActivated.emit(0, 0)
    assert asked.args == [gate.report.cases[0].case, CHAMPION, "first-try"]
    _masks_are_kept(desk, frozen.val)
    qtbot.waitUntil(lambda: desk.training.gate.dialog is None)
    desk.training.gate.show_again()
    shown = _gate_shown(qtbot, desk)

    _promote_and_roll_back(qtbot, desk, shown)
    qtbot.waitUntil(button(shown, "Delete").isEnabled)
    button(shown, "Delete").click()
    box = shown.findChild(QMessageBox)
    assert box is not None
    button(box, "Delete the candidate").click()
    qtbot.waitUntil(lambda: not (desk.place.workspace.models / "first-try").exists())


def _gate_shown(qtbot: QtBot, desk: Desk) -> GateDialog:
    qtbot.waitUntil(lambda: desk.training.gate.dialog is not None)
    shown = desk.training.gate.dialog
    assert shown is not None
    qtbot.waitUntil(shown.isVisible)
    return shown


def _masks_are_kept(desk: Desk, cases: tuple[str, ...]) -> None:
    path = desk.place.workspace.prediction_path
    assert all(path(m, case).exists() for m in (CHAMPION, "first-try") for case in cases)


def _promote_and_roll_back(qtbot: QtBot, desk: Desk, shown: GateDialog) -> None:
    models = registry(desk.session.home, desk.place.workspace.folder)
    with qtbot.waitSignal(desk.training.model_wanted) as promoted:
        button(shown, "Promote").click()
        box = shown.findChild(QMessageBox)  # judged on too few cases: it asks first
        assert box is not None
        assert models.champion().spec.id == CHAMPION
        button(box, "Promote").click()
    assert promoted.args == ["first-try"]
    assert models.champion().spec.id == desk.session.models.champion_id == "first-try"
    back = button(shown, "Roll back")
    qtbot.waitUntil(back.isEnabled)
    with qtbot.waitSignal(desk.training.model_wanted):
        back.menu().actions()[0].trigger()
    assert models.champion().spec.id == CHAMPION


def _queue_another(qtbot: QtBot, desk: Desk) -> None:
    """Start a second job, see it wait for the device, and give it up."""
    dialog = _open(qtbot, desk)
    assert "Job 1, running now" in texts(dialog)
    by_name(dialog, QLineEdit, "Save as").setText("Second try")
    button(dialog, "Add to queue").click()
    desk.wait_for("running", job=1)
    qtbot.waitUntil(lambda: desk.records[1].waiting)
    assert "1 running · 1 queued" in texts(desk.drawer)
    button(desk.drawer, "Pause").click()
    desk.wait_for("paused", job=1)
    desk.drawer.job_chosen.emit(desk.records[0].id)


def _buttons(desk: Desk) -> list[QPushButton]:
    return [b for b in desk.drawer.findChildren(QPushButton) if b.isVisible()]

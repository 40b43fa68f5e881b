"""The whole way: a weak model predicts, three cases are corrected, it learns and is judged."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QTableWidget,
)
from pytestqt.qtbot import QtBot

from core.annotation.versions import latest_versions
from core.jobs.job_folder import JOB_FILE
from core.models.registry import read_model
from core.models.train_spec import TrainSpec
from core.workspace.settings import Settings, save_settings, settings_path
from core.workspace.splits import frozen_split
from gui.app.program import Program
from gui.shell.job_record import JobRecord
from gui.shell.mask_source import MaskSource
from gui.training.train_dialog import TrainDialog
from tests.gui.conftest import shut
from tests.gui.finding import button, by_name
from tests.gui.hand import Hand
from tests.gui.pointing import LEFT
from tests.gui.running import finish
from tests.gui.tiny import choose, settle
from tests.gui.training_desk import CASES, CHAMPION, end_children, make_champion, write_dataset
from tests.synthetic import SHAPE, digest

_CORRECTED = CASES[:3]
_CENTRE = (round(SHAPE[0] * 0.4), round(SHAPE[1] * 0.6))
"""Middle of the lesion of every tiny case."""

_DIAMETER = round(2 * min(SHAPE) * 0.18)


@pytest.fixture
def program(qapp: QApplication, qtbot: QtBot, home: Path, tmp_path: Path) -> Iterator[Program]:
    """A window on eleven tiny cases, whose champion has learnt nothing."""
    look = (qapp.styleSheet(), qapp.font(), qapp.palette())
    make_champion(home)
    save_settings(settings_path(), Settings(reader="Ann"))
    program = Program(qapp)
    program.session.set_devices(("cpu",), "")
    program.operations.change_settings(reader="Ann")
    program.open(write_dataset(tmp_path / "data"))
    program.window.activateWindow()
    settle(qtbot, program)
    place = program.session.place
    assert place is not None
    yield program
    shut(program)
    end_children(place.workspace.folder)
    qapp.setStyleSheet(look[0])
    qapp.setFont(look[1])
    qapp.setPalette(look[2])


def test_a_model_learns_from_corrections_and_is_judged(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    originals = digest(tmp_path / "data")
    program.prediction.desk.run_all()
    finish(qtbot, program)
    assert all(state.scored for state in program.session.case_states.values())
    for case_id in _CORRECTED:
        _correct(program, qtbot, case_id)

    _start_training(qtbot, program)
    trained = _wait_for(qtbot, program, "train")
    assert trained.result == "second-try"
    place = program.session.place
    assert place is not None
    spec = msgspec.json.decode((trained.folder.path / JOB_FILE).read_bytes(), type=TrainSpec)
    assert set(spec.cases) == set(_CORRECTED)
    assert spec.corrections == str(place.workspace.folder)
    made = read_model(place.workspace.models / trained.result).spec
    assert set(_CORRECTED) <= set(made.trained_on)

    gate = _wait_for(qtbot, program, "gate")
    assert gate.report is not None
    frozen = frozen_split(place.workspace.store)
    assert frozen is not None
    assert {case.case for case in gate.report.cases} == set(frozen.val)
    assert not set(_CORRECTED) & set(frozen.val)
    _look_at_the_gate(qtbot, program, gate)
    assert digest(tmp_path / "data") == originals


def _correct(program: Program, qtbot: QtBot, case_id: str) -> None:
    """Clear what the model said and draw the lesion with the brush, slice by slice."""
    choose(qtbot, program, case_id)
    opened, hand = program.session.open_case, Hand(program, qtbot)
    assert opened is not None
    assert opened.loaded.ground_truth is not None
    program.annotation.set_tool("brush")
    program.annotation.paint_tools.change(size=_DIAMETER)
    for index, plane in enumerate(opened.loaded.ground_truth):
        program.viewer.verbs.go_to_slice(index)
        program.window.actions["clear_slice"].trigger()
        if plane.any():
            y, x = _CENTRE
            hand.draw((y, x - 1), (y, x), (y, x + 1), button=LEFT)
    program.window.actions["save_version"].trigger()
    settle(qtbot, program)
    figures, place = hand.correction.figures(), program.session.place
    assert place is not None
    assert figures.dsc_truth is not None
    assert figures.dsc_truth_before is not None
    assert figures.dsc_truth > max(figures.dsc_truth_before, 0.85)
    assert case_id in latest_versions(place.workspace)


def _start_training(qtbot: QtBot, program: Program) -> None:
    """Go on from the champion with the corrected cases alone, for few steps."""
    program.window.actions["train"].trigger()
    qtbot.waitUntil(lambda: program.training.presenter.dialog is not None)
    dialog = program.training.presenter.dialog
    assert isinstance(dialog, TrainDialog)
    bases = by_name(dialog, QComboBox, "Base model")
    bases.setCurrentIndex(bases.findData(CHAMPION))
    assert set(dialog.form.cases) == set(_CORRECTED)
    by_name(dialog, QSpinBox, "Size").setValue(32)
    by_name(dialog, QSpinBox, "Batch").setValue(4)
    by_name(dialog, QSpinBox, "Epochs").setValue(2)
    by_name(dialog, QDoubleSpinBox, "Minutes").setValue(0)
    by_name(dialog, QLineEdit, "Learning rate").setText("1e-2")
    by_name(dialog, QLineEdit, "Save as").setText("Second try")
    button(dialog, "Start training").click()


def _wait_for(qtbot: QtBot, program: Program, kind: str) -> JobRecord:
    """Wait until the job of a kind is done."""
    watch = program.training.presenter.watch

    def done() -> list[JobRecord]:
        return [r for r in watch.records if r.head.kind == kind and r.state == "done"]

    def over() -> bool:
        return bool(done()) or any(r.state in ("failed", "interrupted") for r in watch.records)

    qtbot.waitUntil(over)
    assert done(), [(r.head.kind, r.state, r.failure) for r in watch.records]
    return done()[0]


def _look_at_the_gate(qtbot: QtBot, program: Program, gate: JobRecord) -> None:
    """Open the comparison; a case of it is shown with both models beside each other."""
    assert gate.report is not None
    second = MaskSource("model", "second-try")
    qtbot.waitUntil(lambda: second in [source for source, _ in program.context.masks.sources()])
    program.window.actions["gate"].trigger()
    qtbot.waitUntil(lambda: program.training.presenter.gate.dialog is not None)
    shown = program.training.presenter.gate.dialog
    assert shown is not None
    qtbot.waitUntil(shown.isVisible)
    table = shown.findChild(QTableWidget)
    assert table is not None
    assert table.rowCount() == len(gate.report.cases)
    table.cellActivated.emit(0, 0)
    settle(qtbot, program)
    opened = program.session.open_case
    assert opened is not None
    assert opened.loaded.case.id == gate.report.cases[0].case
    (pane,) = [pane for pane in program.window.grid.panes if pane.isVisible()]
    assert pane.source == second
    assert "not been run" in pane.empty.text or "Second try" in pane.view.hud_text("top_right")

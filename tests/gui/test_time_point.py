"""A file of several volumes: which one is shown is chosen in the window, and kept."""

from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.workspace.known_dataset import recalled
from gui.app.program import Program
from tests.core.trees import make_tree, pixels, save_nifti
from tests.gui.conftest import Start
from tests.gui.tiny import settle, toasts


def shown(program: Program) -> np.ndarray:
    opened = program.session.open_case
    assert opened is not None
    return np.asarray(opened.loaded.volume.pixels[0])


def test_another_time_point_is_chosen_and_kept(start: Start, tmp_path: Path, qtbot: QtBot) -> None:
    volumes = pixels(0)[:3]
    save_nifti(tmp_path / "set" / "P1_dyn.nii.gz", volumes)
    program = start(tmp_path / "set")
    assert any("A file holds several volumes" in said for said in toasts(program))
    first = shown(program)
    buttons = program.window.toasts.findChildren(QPushButton)
    next(button for button in buttons if button.text() == "Choose…").click()
    chooser = program.data.time_point
    qtbot.waitUntil(lambda: chooser.dialog is not None)
    dialog = chooser.dialog
    assert dialog is not None
    assert (dialog.box.value(), dialog.box.maximum()) == (1, 3)
    dialog.box.setValue(3)
    with qtbot.waitSignal(program.session.place_changed):
        dialog.take.click()
    settle(qtbot, program)
    third = shown(program)
    assert np.array_equal(third, volumes[2][:, ::-1, ::-1])
    assert not np.array_equal(first, third)
    assert recalled(tmp_path / "set").point == 2
    opened = program.session.open_case
    assert opened is not None
    assert any("volume 3 of its files" in said for said in opened.loaded.notices)
    assert not any("A file holds several volumes" in said for said in toasts(program))


def test_what_a_layout_shares_out_is_no_time(start: Start, tmp_path: Path, qtbot: QtBot) -> None:
    program = start(make_tree("decathlon", tmp_path / "set"))
    assert not any("several volumes" in said for said in toasts(program))
    program.context.trigger("time_point")
    qtbot.waitUntil(lambda: any("Nothing to choose" in said for said in toasts(program)))

"""A mask on another grid is left out, and resampled when the reader says so."""

from pathlib import Path

import nibabel
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.core.trees import IDS, RAS, make_tree
from tests.gui.conftest import Start
from tests.gui.tiny import settle, toasts


def test_a_mask_on_another_grid_is_offered_to_be_resampled(
    start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    root = make_tree("brats", tmp_path / "cases", truth=IDS[:1])
    path = next(root.rglob("*-seg.nii.gz"))
    moved = RAS.copy()
    moved[:3, 3] += 0.4
    nibabel.save(nibabel.Nifti1Image(nibabel.load(path).get_fdata(), moved), path)
    program = start(root)
    settle(qtbot, program)
    assert any("The mask lies on another grid" in said for said in toasts(program))
    assert program.session.open_case.loaded.ground_truth is None
    buttons = program.window.toasts.findChildren(QPushButton)
    button = next(b for b in buttons if b.text() == "Resample")
    with qtbot.waitSignal(program.session.place_changed):
        button.click()
    settle(qtbot, program)
    assert program.session.open_case.loaded.ground_truth.any()

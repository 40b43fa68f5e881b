"""Masks of another program: on another grid, or with values that the truth has no label for."""

from pathlib import Path

import nibabel
import numpy as np
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from gui.app.program import Program
from tests.core.trees import IDS, RAS, labels, make_tree, save_nifti
from tests.gui.conftest import Start
from tests.gui.tiny import settle, toasts


def press(qtbot: QtBot, program: Program, name: str) -> None:
    buttons = program.window.toasts.findChildren(QPushButton)
    button = next(b for b in buttons if b.text() == name)
    with qtbot.waitSignal(program.session.place_changed):
        button.click()
    settle(qtbot, program)


def test_masks_of_another_program_are_resampled_when_asked_and_left_out_again(
    start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    root = make_tree("brats", tmp_path / "cases")
    moved = RAS.copy()
    moved[:3, 3] += 0.4
    for name in IDS:
        (tmp_path / "theirs").mkdir(exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(labels().T, moved), tmp_path / "theirs" / f"{name}.nii.gz")
    program = start(root, predictions=(tmp_path / "theirs",))
    settle(qtbot, program)
    assert program.session.result is None
    assert any("the mask lies on another grid" in said for said in toasts(program))
    press(qtbot, program, "Resample")
    result = program.session.result
    assert result is not None
    assert result.prediction.probability.any()
    assert any("are resampled" in said for said in toasts(program))
    press(qtbot, program, "Leave them out")
    assert program.session.result is None
    assert any("the mask lies on another grid" in said for said in toasts(program))


def test_values_that_the_truth_has_no_label_for_are_told_over_the_image(
    start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    root = make_tree("brats", tmp_path / "cases")
    for name in IDS:
        odd = np.where(labels() == 2, 7, labels()).astype(np.uint8)
        save_nifti(tmp_path / "theirs" / f"{name}.nii.gz", odd)
    program = start(root, predictions=(tmp_path / "theirs",))
    bar = program.window.notices
    qtbot.waitUntil(lambda: f"found 7 ({np.count_nonzero(labels() == 2):,}" in bar.accessibleName())
    assert "background in every other region" in bar.accessibleName()
    assert not any("are resampled" in said for said in toasts(program))

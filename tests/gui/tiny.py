"""A tiny dataset with predictions made by code, and what the tests ask of the window over it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QFrame
from pytestqt.qtbot import QtBot

from core.domain.mask import Mask
from core.domain.prediction import Prediction
from core.domain.triage import Triage
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.models.classifiers import Classifiers
from core.models.registry import Model
from core.workspace import prediction_cache
from core.workspace.triage_cache import put_triage, triage_key
from core.workspace.workspace_folder import open_workspace, registry, workspace_folder
from gui.app.program import Program
from tests.gui.drawing_desk import DrawingDesk
from tests.gui.resting import is_at_rest
from tests.synthetic import lesion, write_case

SIDE = 48
SLICES = {"A_1": 6, "B_2": 5, "C_10": 4}
BARE = "C_10"
"""The case without ground truth."""

SHIFT = 3
"""How many voxels the prediction lies to the right of the truth."""


def write_dataset(folder: Path) -> Path:
    """Write two cases with ground truth and one without; returns the folder."""
    for seed, (case_id, slices) in enumerate(SLICES.items()):
        write_case(folder, case_id, slices, (SIDE, SIDE), masks=case_id != BARE, seed=seed)
    return folder


def probability(slices: int) -> NDArray[np.uint8]:
    """Return a sure prediction beside the truth, unsure one voxel further, and a sure speck."""
    inside = np.roll(lesion(slices, (SIDE, SIDE)), SHIFT, axis=2)
    wider = np.roll(inside, 1, axis=2)
    values = np.where(inside > 0, 230, np.where(wider > 0, 90, 0)).astype(np.uint8)
    values[-1, 40:42, 22:24] = 200
    return values


def champion(home: Path) -> Model:
    """Return the model a new window predicts with."""
    return registry(home).champion()


def keep_predictions(home: Path, folder: Path, *case_ids: str) -> None:
    """Put predictions of the champion into the workspace of a dataset, as a run does."""
    dataset = scan(folder)
    workspace = open_workspace(workspace_folder(home, dataset.root))
    model = champion(home)
    for case_id in case_ids:
        loaded = read_case(dataset.case(case_id))
        key = prediction_cache.prediction_key(model, loaded.volume)
        made = Prediction(probability(loaded.volume.slices), model.spec.id, key, "cpu", 0.1)
        prediction_cache.keep_prediction(loaded, model, workspace, made)
    workspace.close()


def keep_triages(
    home: Path, folder: Path, chances: Mapping[str, Sequence[float]], *, rest: float = 0.0
) -> dict[str, Triage]:
    """Have the classifier say, in the workspace, the chances of a case's first slices."""
    classifier = Classifiers(registry(home).roots).find()
    workspace = open_workspace(workspace_folder(home, folder))
    kept: dict[str, Triage] = {}
    for case in scan(folder).cases:
        volume = read_case(case).volume
        said = np.full(volume.slices, rest)
        said[: len(chances[case.id])] = chances[case.id]
        kept[case.id] = Triage(said, volume.slice_numbers, classifier.spec.id, "cpu", 0.1)
        put_triage(workspace.store, case.id, kept[case.id], key=triage_key(classifier, volume))
    workspace.close()
    return kept


def is_settled(program: Program | DrawingDesk) -> bool:
    """Whether a case is on screen, nothing goes on behind the window and nothing is put off."""
    return is_at_rest(program.lanes) and program.session.open_case is not None


def settle(qtbot: QtBot, program: Program | DrawingDesk) -> None:
    """Wait until a case is on screen, nothing goes on behind the window and nothing is put off."""
    qtbot.waitUntil(lambda: is_settled(program))


def choose(qtbot: QtBot, program: Program, case_id: str) -> None:
    """Choose a case in the worklist and wait until all of it is on screen."""
    program.window.worklist.case_chosen.emit(case_id)
    settle(qtbot, program)


def shown_case(program: Program) -> str:
    """Return the id of the case on screen."""
    opened = program.session.open_case
    return "" if opened is None else opened.loaded.case.id


def true_mask(program: Program) -> Mask:
    """Return the ground truth of the case on screen."""
    opened = program.session.open_case
    assert opened is not None
    assert opened.loaded.ground_truth is not None
    return opened.loaded.ground_truth


def predicted_mask(program: Program) -> Mask:
    """Return the mask of the prediction on screen."""
    result = program.session.result
    assert result is not None
    assert result.counted is not None
    return result.counted.mask


def toasts(program: Program) -> list[str]:
    """Return what the toasts on screen say, each as a screen reader reads it."""
    frames = program.window.toasts.findChildren(QFrame)
    return [f.accessibleName() for f in frames if f.accessibleName() and not f.isHidden()]


def activate(qtbot: QtBot, program: Program) -> None:
    """Bring the window to the front again, its slice under the keyboard."""
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    program.window.view.setFocus()

"""A folder of predictions reviewed over its dataset: no weights, no engine, nothing written."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from tifffile import imread, imwrite

from core.io.cases.case_masks import DrawnMask, write_mask
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.review.reviews import reviews
from core.workspace.workspace_folder import workspace_folder
from gui.app.program import Program
from tests.gui.conftest import Start
from tests.gui.running import idle, result
from tests.gui.tiny import champion, choose, settle, toasts
from tests.processes import children
from tests.synthetic import digest


@pytest.fixture
def copied(home: Path, predicted: Path, tmp_path: Path) -> Path:
    """The predictions of the tiny cases as another computer made them; here is only the folder."""
    made = workspace_folder(home, predicted)
    copy = tmp_path / "from the cluster"
    shutil.copytree(made / "predictions" / champion(home).spec.id, copy / "far-away-net")
    shutil.rmtree(made)
    return copy


def _open(qtbot: QtBot, program: Program, folder: Path) -> None:
    before = program.session.place
    program.operations.open_predictions(folder)
    qtbot.waitUntil(lambda: program.session.place is not before)
    settle(qtbot, program)
    qtbot.waitUntil(lambda: idle(program))


def test_predictions_are_reviewed_without_a_model(
    qtbot: QtBot, start: Start, dataset: Path, copied: Path
) -> None:
    before = digest(copied)
    program = start(dataset)
    running = children()
    _open(qtbot, program, copied)
    models = program.session.models
    assert [model.spec.id for model in models.available] == ["far-away-net"]
    states = program.session.case_states
    assert all(state.scored for state in states.values())
    assert states["A_1"].dsc is not None
    choose(qtbot, program, "A_1")
    assert result(program).probability.any()
    assert [said for said in toasts(program) if "No model can run" in said] == []

    program.review.desks.review_desk.say("accepted", go_on=False)
    settle(qtbot, program)
    place = program.session.place
    assert place is not None
    assert reviews(place.workspace.store)["A_1"].status == "accepted"
    assert digest(copied) == before
    assert children() == running


def test_a_window_can_begin_with_predictions(
    qtbot: QtBot, start: Start, dataset: Path, copied: Path
) -> None:
    running = children()
    program = start(dataset, predictions=(copied,))
    qtbot.waitUntil(lambda: idle(program))
    assert [model.spec.id for model in program.session.models.available] == ["far-away-net"]
    assert all(state.scored for state in program.session.case_states.values())
    assert children() == running


def test_a_case_without_a_prediction_is_told_not_run(
    qtbot: QtBot, start: Start, dataset: Path, copied: Path
) -> None:
    (copied / "far-away-net" / "B_2.npz").unlink()
    program = start(dataset)
    _open(qtbot, program, copied)
    states = program.session.case_states
    assert [name for name, state in states.items() if state.run == "failed"] == ["B_2"]
    assert "Nothing is run over a folder of predictions" in states["B_2"].problem
    assert states["A_1"].scored


def test_a_folder_without_predictions_is_refused(
    qtbot: QtBot, start: Start, dataset: Path, tmp_path: Path
) -> None:
    program = start(dataset)
    before = program.session.place
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(program.operations.not_opened) as told:
        program.operations.open_predictions(tmp_path / "empty")
    assert "expected masks or probabilities as NIfTI" in told.args[1]
    assert program.session.place is before


def test_masks_of_other_programs_are_models_of_the_dataset(
    qtbot: QtBot, start: Start, dataset: Path, tmp_path: Path
) -> None:
    for case in scan(dataset).cases[:2]:
        loaded = read_case(case)
        drawn = DrawnMask(np.roll(loaded.volume.pixels[0] > 100, 2, axis=1).astype(np.uint8))
        write_mask(case, drawn, tmp_path / "theirs", ending="pred")
        write_mask(case, drawn, tmp_path / "others", ending="seg", format_name="nifti")
    running = children()
    program = start(dataset)
    _open(qtbot, program, tmp_path / "theirs")
    program.operations.open_predictions(tmp_path / "others")
    qtbot.waitUntil(lambda: "masks-others" in {m.spec.id for m in program.session.models.available})
    settle(qtbot, program)
    qtbot.waitUntil(lambda: idle(program))
    models = program.session.models
    assert [model.spec.title for model in models.available[-2:]] == ["theirs", "others"]
    assert models.current is models.available[-1]
    states = program.session.case_states
    first, second, *rest = states.values()
    assert first.scored
    assert second.scored
    assert {state.run for state in rest} == {""}
    choose(qtbot, program, first.case.id)
    assert result(program).probability.max() == 255
    assert children() == running


def test_figures_of_voxels_that_are_others_by_now_are_listed_no_more(
    qtbot: QtBot, start: Start, predicted: Path
) -> None:
    program = start(predicted)
    case_id = "B_2" if program.session.current == "A_1" else "A_1"
    state = program.session.case_states[case_id]
    assert state.scored
    image = state.case.slices[0].image
    imwrite(image, 255 - imread(image))
    program.operations.cache.clear()  # neighbours were read ahead
    choose(qtbot, program, case_id)
    state = program.session.case_states[case_id]
    assert (state.scored, state.dsc, state.figures) == (False, None, None)
    assert program.session.result is None
    assert program.session.subject(case_id).model == ""

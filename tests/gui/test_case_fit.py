"""Before a run the window says what a model is given, what differs, and what is missing."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.core.trees import make_tree
from tests.gui.conftest import Start
from tests.gui.finding import texts
from tests.gui.tiny import settle, toasts


def test_the_mapping_and_what_differs_stand_where_a_run_is_asked_for(
    start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    program = start(make_tree("brats", tmp_path / "cases"))
    window = program.window
    # Folded at first beside the figures of labels and regions.
    qtbot.waitUntil(lambda: not window.metrics.section.expanded)
    window.metrics.section.set_expanded(True)
    said = "Given Pre ← T1, FLAIR ← FLAIR, Post ← T1c."
    qtbot.waitUntil(lambda: any(text.startswith(said) for text in texts(window.metrics)))
    differs = "Lite0 U-Net learnt from other images: it had 8-bit values, this has values of more"
    assert any("it had 8-bit values" in text for text in texts(window.metrics))
    assert any(differs in text for text in toasts(program))


def test_a_missing_sequence_is_told_before_a_run_and_its_role_can_be_corrected(
    start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    root = make_tree("brats", tmp_path / "cases")
    for path in root.rglob("*-t2f.nii.gz"):
        path.unlink()
    program = start(root)
    told = "found no FLAIR among T1, T1c, T2."
    qtbot.waitUntil(lambda: not program.window.metrics.section.expanded)
    program.window.metrics.section.set_expanded(True)
    qtbot.waitUntil(lambda: any(text.endswith(told) for text in texts(program.window.metrics)))
    action = f"{told} If one of them is it, correct its role"
    assert any(action in text for text in toasts(program))
    program.context.trigger("organise")
    qtbot.waitUntil(lambda: program.data.presenter.organise.dialog is not None)


def test_a_case_of_the_model_s_own_kind_raises_no_doubt(
    start: Start, dataset: Path, qtbot: QtBot
) -> None:
    program = start(dataset)
    settle(qtbot, program)
    assert "Run the model to see where it is right." in texts(program.window.metrics)
    assert toasts(program) == []

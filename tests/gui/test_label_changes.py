"""Labels and regions that the reader makes: kept, focused, scored, listed, and taken back."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from core.annotation.patch import Patch
from core.annotation.versions import load_label_map, versions
from core.domain.label_set import from_values
from core.domain.metrics import overlap
from core.workspace.workspace_folder import HeldLabels
from gui.app.program import Program
from gui.viewer.labels.region_editor import RegionEditor, _LabelChip
from tests.core.test_label_scores import predicted_map, truth_map
from tests.core.trees import IDS, make_tree, save_nifti
from tests.gui.conftest import Start
from tests.gui.finding import by_name, texts
from tests.gui.tiny import choose, predicted_mask, settle, true_mask


def expected(values: tuple[int, ...], predicted: np.ndarray | None = None) -> float:
    said = predicted_map() if predicted is None else predicted
    truth, mask = np.isin(truth_map(), values), np.isin(said, values)
    return overlap(truth.astype(np.uint8), mask.astype(np.uint8)).dsc


def make(folder: Path, predicted: np.ndarray) -> tuple[Path, Path]:
    root = make_tree("brats", folder / "in")
    for name in IDS:
        save_nifti(root / name / f"{name}-seg.nii.gz", truth_map())
        save_nifti(folder / "out" / f"{name}.nii.gz", predicted)
    return root, folder / "out"


@pytest.fixture
def several(start: Start, tmp_path: Path) -> Program:
    root, out = make(tmp_path, predicted_map())
    return start(root, predictions=(out,))


def trigger(qtbot: QtBot, program: Program, command: str) -> None:
    qtbot.waitUntil(program.context.actions[command].isEnabled)
    program.context.actions[command].trigger()
    settle(qtbot, program)


def region_names(program: Program) -> list[str]:
    return [region.name for region in program.session.labels.labels.regions]


def write_region(qtbot: QtBot, editor: RegionEditor, name: str, values: tuple[int, ...]) -> None:
    editor.name.setText(name)
    for value, chip in editor._chips.items():
        if chip.isChecked() != (value in values):
            chip.click()
    editor.keep.click()


def test_a_region_is_made_focused_scored_listed_changed_and_kept(
    several: Program, qtbot: QtBot, start: Start, tmp_path: Path
) -> None:
    panel, session = several.window.region_rows, several.session
    by_name(panel, QToolButton, "Add a region").click()
    assert panel.editor.isVisible()
    write_region(qtbot, panel.editor, "Rim", (2, 3))
    settle(qtbot, several)
    assert panel.editor.isHidden()
    assert region_names(several)[-1] == "Rim"
    panel.focus_chosen.emit("Rim")
    settle(qtbot, several)
    assert np.count_nonzero(true_mask(several)) == np.isin(truth_map(), (2, 3)).sum()
    states = session.case_states
    qtbot.waitUntil(
        lambda: [s.dsc for s in states.values()] == [pytest.approx(expected((2, 3)))] * 2
    )
    qtbot.waitUntil(lambda: f"{expected((2, 3)):.3f}" in texts(panel))
    panel.change_asked.emit("Rim")
    assert panel.editor.values == (2, 3)
    write_region(qtbot, panel.editor, "Solid", (1, 2))
    settle(qtbot, several)
    assert region_names(several)[-1] == "Solid"
    assert session.labels.focus.name == "Solid"
    assert np.count_nonzero(true_mask(several)) == np.isin(truth_map(), (1, 2)).sum()
    qtbot.waitUntil(
        lambda: (
            [s.dsc for s in session.case_states.values()] == [pytest.approx(expected((1, 2)))] * 2
        )
    )
    several.window.close()
    again = start(tmp_path / "in", predictions=(tmp_path / "out",))
    assert region_names(again)[-1] == "Solid"
    assert again.session.labels.focus.name == "Solid"
    assert [s.dsc for s in again.session.case_states.values()] == [
        pytest.approx(expected((1, 2)))
    ] * 2


def test_other_labels_under_the_same_name_are_counted_anew(several: Program, qtbot: QtBot) -> None:
    several.window.region_rows.focus_chosen.emit("Tumour core")
    settle(qtbot, several)
    session = several.session
    assert several.viewer.labels.desk.put_region("Tumour core", (3,), "Tumour core") == ""
    settle(qtbot, several)
    qtbot.waitUntil(
        lambda: [s.dsc for s in session.case_states.values()] == [pytest.approx(expected((3,)))] * 2
    )
    assert all(state.scored for state in session.case_states.values())


def test_names_colours_labels_and_regions_are_taken_back_one_by_one(
    several: Program, qtbot: QtBot
) -> None:
    session, desk = several.session, several.viewer.labels.desk
    states = [session.labels.labels]
    panel = several.window.label_rows
    several.viewer.labels.panels.ask_colour = lambda *_: (1, 2, 3)
    for change in (
        lambda: panel.renamed.emit(2, "Swelling"),
        lambda: panel.recolour_asked.emit(1),
        lambda: panel.add_asked.emit(),
        lambda: desk.put_region("Rim", (2, 3)),
        lambda: desk.remove_region("Tumour core"),
    ):
        change()
        settle(qtbot, several)
        states.append(session.labels.labels)
    assert len(set(map(repr, states))) == len(states)
    for before in reversed(states[:-1]):
        trigger(qtbot, several, "undo")
        assert session.labels.labels == before
    for after in states[1:]:
        trigger(qtbot, several, "redo")
        assert session.labels.labels == after
    assert session.place is not None
    assert session.place.workspace.labels() == states[-1]


def test_what_was_drawn_since_goes_before_the_name(several: Program, qtbot: QtBot) -> None:
    session = several.session
    several.window.label_rows.renamed.emit(2, "Swelling")
    settle(qtbot, several)
    trigger(qtbot, several, "clear_slice")
    assert session.correction is not None
    trigger(qtbot, several, "undo")
    assert session.labels.labels.label(2).name == "Swelling"
    assert session.correction is None
    trigger(qtbot, several, "undo")
    assert session.labels.labels.label(2).name == "Oedema"


def test_a_region_with_a_fault_is_not_taken_and_says_why(several: Program, qtbot: QtBot) -> None:
    editor = several.window.region_rows.editor
    before = several.session.labels.labels
    for name, values, words in (
        ("", (1,), "name"),
        ("Oedema", (1,), "already"),
        ("New", (), "Choose labels"),
    ):
        by_name(several.window.region_rows, QToolButton, "Add a region").click()
        write_region(qtbot, editor, name, values)
        assert editor.isVisible()
        assert any(words in text for text in texts(editor))
    assert several.session.labels.labels == before
    editor.leave.click()
    assert editor.isHidden()


def test_a_region_goes_and_the_whole_is_looked_at(several: Program, qtbot: QtBot) -> None:
    panel = several.window.region_rows
    panel.focus_chosen.emit("Tumour core")
    settle(qtbot, several)
    panel.change_asked.emit("Tumour core")
    panel.editor.remove.click()
    settle(qtbot, several)
    assert "Tumour core" not in region_names(several)
    assert several.session.labels.focus.name == "Whole tumour"
    trigger(qtbot, several, "undo")
    assert "Tumour core" in region_names(several)


def test_a_case_of_one_label_gets_another_and_has_one_again(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    program = start(predicted)
    session = program.session
    truth, said = true_mask(program).copy(), predicted_mask(program).copy()
    trigger(qtbot, program, "clear_slice")
    drawn = labels_drawn(program)
    trigger(qtbot, program, "save_version")
    assert program.window.label_rows.isHidden()
    trigger(qtbot, program, "add_label")
    assert program.window.label_rows.isVisible()
    assert [label.name for label in session.labels.labels.labels] == ["Lesion", "Label 2"]
    assert session.labels.in_hand == 2
    assert session.open_case is not None
    assert np.array_equal(session.open_case.loaded.labels, truth)
    qtbot.waitUntil(lambda: session.result is not None and session.result.label_map is not None)
    assert np.array_equal(session.result.label_map, said)
    program.window.label_rows.renamed.emit(1, "Tumour")
    settle(qtbot, program)
    box = Patch((0, 1, 2, 4, 5, 8), np.ones((1, 2, 3), np.uint8))
    assert program.annotation.desk.apply("brush", lambda _: box)
    settle(qtbot, program)
    values = labels_drawn(program)
    assert (values[0, 2:4, 5:8] == 2).all()
    assert np.array_equal(values == 1, (drawn == 1) & (values != 2))
    assert np.count_nonzero(values == 2) == 6
    trigger(qtbot, program, "save_version")
    check_versions(program, drawn, values)
    trigger(qtbot, program, "undo")  # what was drawn
    trigger(qtbot, program, "undo")  # the mask that became a map
    assert np.array_equal(labels_drawn(program), drawn)
    trigger(qtbot, program, "undo")  # the name
    trigger(qtbot, program, "undo")  # the label
    assert session.labels.labels.is_binary
    assert program.window.label_rows.isHidden()
    assert np.array_equal(true_mask(program), truth)
    assert np.array_equal(labels_drawn(program), drawn)


def labels_drawn(program: Program) -> np.ndarray:
    correction = program.session.correction
    assert correction is not None
    return correction.label_map.copy()


def check_versions(program: Program, drawn: np.ndarray, values: np.ndarray) -> None:
    place = program.session.place
    assert place is not None
    first, last = sorted(versions(place.workspace, "A_1"), key=lambda each: each.number)
    assert first.labels is None
    assert np.array_equal(load_label_map(first, drawn.shape), drawn)
    assert np.array_equal(load_label_map(last, drawn.shape), values)
    assert [label.name for label in last.label_set.labels] == ["Tumour", "Label 2"]


def test_labels_of_a_case_of_one_are_there_in_every_case_and_the_next_window(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    program = start(predicted)
    trigger(qtbot, program, "add_label")
    choose(qtbot, program, "B_2")
    assert program.session.labels.labels.values == (1, 2)
    program.window.close()
    again = start(predicted)
    assert again.session.labels.labels.values == (1, 2)
    trigger(qtbot, again, "label_2")
    trigger(qtbot, again, "delete_label")
    assert again.session.labels.labels.is_binary
    assert again.session.correction is None
    assert again.window.label_rows.isHidden()
    again.window.close()
    assert start(predicted).session.labels.labels.is_binary


def test_a_binary_model_fills_the_region_that_is_chosen(
    start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    binary = (predicted_map() == 1).astype(np.uint8)
    root, out = make(tmp_path, binary)
    program = start(root, predictions=(out,))
    session = program.session
    assert session.result is not None
    assert session.result.label_map is None
    asked: list[tuple[str, ...]] = []

    def ask(names: tuple[str, ...], before: str) -> str:
        asked.append((*names, before))
        return "Necrotic core"

    program.viewer.labels.panels.ask_region = ask
    trigger(qtbot, program, "mask_fills")
    assert asked[0][-1] == "Whatever is in focus"
    qtbot.waitUntil(lambda: session.result is not None and session.result.label_map is not None)
    opened = session.open_case
    assert opened is not None
    said = opened.loaded.turn.apply(binary)
    assert np.array_equal(session.result.label_map, said)
    program.window.region_rows.focus_chosen.emit("Necrotic core")
    settle(qtbot, program)
    figure = expected((1,), binary)
    qtbot.waitUntil(
        lambda: [s.dsc for s in session.case_states.values()] == [pytest.approx(figure)] * 2
    )
    program.window.region_rows.focus_chosen.emit("Oedema")
    settle(qtbot, program)
    assert not predicted_mask(program).any()
    assert "Binary masks are Necrotic core." in " ".join(texts(program.window.region_rows))
    trigger(qtbot, program, "undo")
    qtbot.waitUntil(lambda: session.result is not None and session.result.label_map is None)
    assert np.array_equal(predicted_mask(program), said)


def test_chips_say_whether_a_label_is_in_the_region(qtbot: QtBot) -> None:
    editor = RegionEditor()
    qtbot.addWidget(editor)
    editor.ask(from_values((1, 2, 4)).labels, "Core", (1, 4))
    assert editor.values == (1, 4)
    chips = editor.findChildren(_LabelChip)
    assert [chip.accessibleName() for chip in chips] == [
        "Label 1, in the region", "Label 2, not in the region", "Label 4, in the region",
    ]  # fmt: skip
    with qtbot.waitSignal(editor.saved) as saved:
        editor.keep.click()
    assert saved.args == ["Core", (1, 4), "Core"]
    with qtbot.waitSignal(editor.removed) as removed:
        editor.remove.click()
    assert removed.args == ["Core"]


def test_labels_and_strokes_are_taken_back_in_the_order_they_were_made(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    program = start(predicted)
    session, desk = program.session, program.viewer.labels.desk

    def stroke(y: int) -> None:
        box = Patch((0, 1, y, y + 1, 5, 8), np.ones((1, 1, 3), np.uint8))
        assert program.annotation.desk.apply("brush", lambda _: box)

    def now() -> tuple[str, bytes]:
        drawn = session.correction
        return repr(session.labels.labels), b"" if drawn is None else drawn.label_map.tobytes()

    states = [now()]
    for change in (
        lambda: program.context.actions["add_label"].trigger(),
        lambda: stroke(2),  # the mask becomes a map, and is drawn on
        lambda: desk.put_region("Both", (1, 2)),
        lambda: stroke(4),
        lambda: program.window.label_rows.renamed.emit(2, "Cyst"),
    ):
        change()
        settle(qtbot, program)
        states.append(now())
    assert len(set(states)) == len(states)

    for before in reversed(states[:-1]):
        trigger(qtbot, program, "undo")
        assert now() == before
    for after in states[1:]:
        trigger(qtbot, program, "redo")
        assert now() == after


def test_what_is_drawn_after_an_undo_ends_what_could_be_redone(
    several: Program, qtbot: QtBot
) -> None:
    desk = several.viewer.labels.desk
    assert desk.put_region("Rim", (2, 3)) == ""
    settle(qtbot, several)
    trigger(qtbot, several, "undo")
    assert desk.can_redo
    trigger(qtbot, several, "clear_slice")
    trigger(qtbot, several, "undo")
    assert not desk.can_redo
    trigger(qtbot, several, "redo")
    assert several.session.correction is not None
    assert "Rim" not in region_names(several)


def test_a_stroke_of_an_added_label_comes_back_when_both_were_taken_back(
    several: Program, qtbot: QtBot
) -> None:
    session = several.session
    trigger(qtbot, several, "brush_tool")
    trigger(qtbot, several, "add_label")
    trigger(qtbot, several, "label_4")
    box = Patch((0, 1, 2, 4, 5, 8), np.ones((1, 2, 3), np.uint8))
    assert several.annotation.desk.apply("brush", lambda _: box)
    settle(qtbot, several)
    drawn = labels_drawn(several)
    trigger(qtbot, several, "undo")
    trigger(qtbot, several, "undo")
    assert session.labels.labels.values == (1, 2, 3)
    assert session.correction is None
    trigger(qtbot, several, "redo")
    assert session.labels.labels.values == (1, 2, 3, 4)
    trigger(qtbot, several, "redo")
    assert np.array_equal(labels_drawn(several), drawn)
    assert np.count_nonzero(drawn == 4) == 6


def test_a_name_that_is_not_taken_says_why(several: Program, qtbot: QtBot) -> None:
    panel, before = several.window.label_rows, several.session.labels.labels
    for name, words in (("Oedema", "already"), ("Tumour core", "already"), ("", "Give it a name")):
        panel.renamed.emit(1, name)
        assert any(words in text for text in texts(panel))
    assert several.session.labels.labels == before
    panel.renamed.emit(1, "Kern")
    settle(qtbot, several)
    assert not any("already" in text or "Give" in text for text in texts(panel))


def test_a_label_that_is_added_and_taken_back_leaves_focus_and_hand(
    several: Program, qtbot: QtBot
) -> None:
    session = several.session

    def shown() -> tuple[str, tuple[int, ...], int]:
        state = session.labels
        return state.focus.name, state.focus.values, state.in_hand

    trigger(qtbot, several, "label_3")
    before = shown()
    assert before == ("Whole tumour", (1, 2, 3), 3)
    for added, hand, taken_back in ((4, 4, 3), (4, 2, 2)):
        trigger(qtbot, several, "add_label")
        assert session.labels.labels.values[-1] == added
        assert shown() == ("Whole tumour", (1, 2, 3), added)
        trigger(qtbot, several, f"label_{hand}")
        trigger(qtbot, several, "undo")
        assert shown() == ("Whole tumour", (1, 2, 3), taken_back)
    figure = pytest.approx(expected((1, 2, 3)))
    qtbot.waitUntil(lambda: [s.dsc for s in session.case_states.values()] == [figure] * 2)
    trigger(qtbot, several, "redo")
    assert shown() == ("Whole tumour", (1, 2, 3), 4)
    trigger(qtbot, several, "delete_label")
    assert session.labels.labels.values == (1, 2, 3)
    trigger(qtbot, several, "undo")
    assert shown() == ("Whole tumour", (1, 2, 3), 4)


def test_what_is_in_hand_and_locked_is_on_the_disk_at_once(several: Program, qtbot: QtBot) -> None:
    place = several.session.place
    assert place is not None
    trigger(qtbot, several, "label_3")
    several.window.label_rows.lock_changed.emit(1, True)
    qtbot.waitUntil(lambda: place.workspace.state().held == HeldLabels(3, (1,), ()))
    several.window.label_rows.shown_changed.emit(2, False)
    several.window.label_rows.lock_changed.emit(1, False)
    qtbot.waitUntil(lambda: place.workspace.state().held == HeldLabels(3, (), (2,)))

"""Several labels in the window: another region in focus, and all that follows it."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from core.domain.metrics import SliceCounts, overlap
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.studies.export.mask_files import labels_of
from gui.app.program import Program
from gui.shell.mask_source import TRUTH, MaskSource
from gui.viewer.items.label_item import LabelItem
from gui.viewer.surface.surface_pane import BUSY
from gui.worklist.case_row import worklist_row
from gui.worklist.worklist_rows import CaseOrder
from tests import patience
from tests.core.test_label_scores import REGIONS, predicted_map, truth_map
from tests.core.trees import IDS, make_tree, save_nifti
from tests.gui.conftest import Start
from tests.gui.finding import by_name, texts
from tests.gui.tiny import choose, predicted_mask, settle, true_mask

CORE = (1, 3)


@pytest.fixture
def several(start: Start, tmp_path: Path) -> Program:
    """A window on two cases with three labels, and label maps of another program."""
    root = make_tree("brats", tmp_path / "in")
    for name in IDS:
        save_nifti(root / name / f"{name}-seg.nii.gz", truth_map())
        save_nifti(tmp_path / "out" / f"{name}.nii.gz", predicted_map())
    return start(root, predictions=(tmp_path / "out",))


def focus_on(qtbot: QtBot, program: Program, name: str) -> None:
    program.window.region_rows.focus_chosen.emit(name)
    settle(qtbot, program)


def expected(values: tuple[int, ...]) -> float:
    truth, mask = np.isin(truth_map(), values), np.isin(predicted_map(), values)
    return overlap(truth.astype(np.uint8), mask.astype(np.uint8)).dsc


def listed(program: Program) -> list[float | None]:
    return [state.dsc for state in program.session.case_states.values()]


def test_contours_figures_list_and_header_follow_the_region_in_focus(
    several: Program, qtbot: QtBot
) -> None:
    session, window = several.session, several.window
    assert session.labels.focus.name == "Whole tumour"
    assert window.label_rows.isVisible()
    assert listed(several) == [pytest.approx(expected((1, 2, 3)))] * 2
    place, levels, at = session.place, session.view.window_levels, session.view.at
    focus_on(qtbot, several, "Tumour core")
    assert np.count_nonzero(true_mask(several)) == np.isin(truth_map(), CORE).sum()
    assert np.count_nonzero(predicted_mask(several)) == np.isin(predicted_map(), CORE).sum()
    assert listed(several) == [pytest.approx(expected(CORE))] * 2
    assert "Tumour core, threshold" in window.view.hud_text("top_right")
    assert (session.view.at, session.view.window_levels) == (at, levels)
    result = session.result
    assert result is not None
    assert result.counted is not None
    assert result.counted.counts.pooled().dsc == pytest.approx(expected(CORE))
    assert session.place is not None
    assert session.place is not place
    assert labels_of(read_case(session.place.dataset.cases[0])).labels[0].name == "Tumour core"
    focus_on(qtbot, several, "Whole tumour")
    assert listed(several) == [pytest.approx(expected((1, 2, 3)))] * 2


def test_a_reader_on_the_way_to_another_case_gets_there_with_the_region_chosen_meanwhile(
    several: Program, qtbot: QtBot
) -> None:
    session, cache = several.session, several.operations.cache
    cache.clear()
    gate, read = threading.Event(), cache.reader

    def slow(case: Case, **look: Any) -> LoadedCase:
        assert gate.wait(patience.SECONDS)
        return read(case, **look)

    cache.reader = slow
    try:
        several.operations.choose_case(IDS[1])
        several.window.region_rows.focus_chosen.emit("Tumour core")
        assert session.pending == IDS[1]
        assert session.current == IDS[0]
    finally:
        gate.set()
    qtbot.waitUntil(lambda: session.current == IDS[1] and not session.pending)
    settle(qtbot, several)
    assert session.labels.focus.name == "Tumour core"
    assert np.count_nonzero(true_mask(several)) == np.isin(truth_map(), CORE).sum()


def test_the_focus_is_kept_from_case_to_case_and_from_window_to_window(
    several: Program, qtbot: QtBot, start: Start, tmp_path: Path
) -> None:
    focus_on(qtbot, several, "Oedema")
    choose(qtbot, several, "P2")
    assert several.session.labels.focus.name == "Oedema"
    assert np.count_nonzero(true_mask(several)) == (truth_map() == 2).sum()
    several.window.close()
    again = start(tmp_path / "in", predictions=(tmp_path / "out",))
    assert again.session.labels.focus.name == "Oedema"
    assert np.count_nonzero(predicted_mask(again)) == (predicted_map() == 2).sum()
    assert listed(again) == [pytest.approx(expected((2,)))] * 2


def test_panels_show_volumes_and_figures_and_the_list_its_mean(several: Program) -> None:
    shown = texts(several.window.region_rows)
    for text in (f"{expected(CORE):.3f}", f"{expected((2,)):.3f}", "Whole tumour"):
        assert text in shown
    assert f"{(truth_map() == 2).sum() * 9e-3:.1f}" in texts(several.window.label_rows)
    state = several.session.case_states["P1"]
    assert list(state.labels) == REGIONS
    mean = np.mean([expected(values) for values in ((1, 2, 3), CORE, (3,))])
    row = worklist_row(state, synthetic=False, is_open=True)
    assert CaseOrder.REGIONS.text(row) == f"{mean:.3f}"


def test_labels_are_wrong_and_have_surfaces_only_where_they_are_told(
    several: Program, qtbot: QtBot
) -> None:
    chip = by_name(several.window, QAbstractButton, "Wrong label")
    assert chip.isEnabled()
    assert "Show or hide" in chip.toolTip()
    surfaces = several.viewer.surfaces
    surfaces.set_on(True)
    qtbot.waitUntil(lambda: bool(surfaces.parts) or several.window.surfaces.message != BUSY)
    keys = {part.key for part in surfaces.parts}
    assert not keys or {"prediction 1", "prediction 2"} <= keys  # without OpenGL
    surfaces.set_on(False)
    result = several.session.result
    assert result is not None
    several.session.set_result(replace(result, label_map=None))
    assert not chip.isEnabled()
    assert "no labels" in chip.toolTip()


def test_labels_are_named_coloured_hidden_locked_and_added(
    several: Program, qtbot: QtBot, start: Start, tmp_path: Path
) -> None:
    session, panel = several.session, several.window.label_rows
    panel.shown_changed.emit(2, False)
    panel.lock_changed.emit(1, True)
    panel.held.emit(3)
    assert session.labels.hidden == {2}
    assert session.labels.rule.locked == {1}
    assert session.labels.in_hand == 3
    assert several.viewer.labels.layer.item.style is not None
    assert several.viewer.labels.layer.item.style.hidden == {2}
    several.viewer.labels.panels.ask_colour = lambda *_: (1, 2, 3)
    panel.recolour_asked.emit(2)
    settle(qtbot, several)
    panel.renamed.emit(2, "Swelling")
    settle(qtbot, several)
    panel.renamed.emit(1, "Swelling")  # another label's
    panel.add_asked.emit()
    settle(qtbot, several)
    found = session.labels.labels
    assert (found.label(2).name, found.label(2).colour) == ("Swelling", (1, 2, 3))
    assert found.label(1).name == "Necrotic core"
    assert found.values == (1, 2, 3, 4)
    assert session.labels.in_hand == 4
    assert session.labels.hidden == {2}
    several.window.close()
    again = start(tmp_path / "in", predictions=(tmp_path / "out",))
    labels = again.session.labels
    assert labels.labels == found
    assert (labels.in_hand, labels.rule.locked, labels.hidden) == (4, {1}, {2})


def test_a_label_that_is_deleted_leaves_the_window_and_comes_back_by_undo(
    several: Program, qtbot: QtBot
) -> None:
    before = several.session.labels.labels
    several.window.label_rows.add_asked.emit()
    settle(qtbot, several)
    assert several.session.labels.in_hand == 4
    several.context.actions["delete_label"].trigger()
    settle(qtbot, several)
    assert several.session.labels.labels == before
    several.context.actions["undo"].trigger()
    settle(qtbot, several)
    assert several.session.labels.labels.values == (1, 2, 3, 4)


def test_a_binary_case_has_none_of_it(program: Program) -> None:
    window = program.window
    assert window.label_rows.isHidden()
    assert window.region_rows.isHidden()
    assert program.viewer.labels.layer.item.picture is None
    assert window.view.hud_text("top_right").splitlines()[1].startswith("Threshold")
    assert window.layers.section.expanded


def test_fills_are_of_what_is_shown(several: Program, qtbot: QtBot) -> None:
    item, verbs = several.viewer.labels.layer.item, several.viewer.verbs
    index = int(np.argmax(true_mask(several).sum(axis=(1, 2))))
    verbs.go_to_slice(index)
    result, opened = several.session.result, several.session.open_case
    assert result is not None
    assert result.label_map is not None
    assert opened is not None
    assert opened.loaded.labels is not None

    def drawn() -> np.ndarray:
        assert item.picture is not None
        assert item.picture.plane is not None
        return item.picture.plane

    assert np.array_equal(drawn(), result.label_map[index])
    assert item.picture is not None
    assert len(item.picture.wrong.ends)
    verbs.toggle_layer("prediction")
    assert np.array_equal(drawn(), opened.loaded.labels[index])
    verbs.hide_overlays(True)
    assert item.picture is None
    verbs.hide_overlays(False)
    verbs.toggle_errors("wrong_label")
    assert item.style is not None
    assert not item.style.wrong
    settle(qtbot, several)


def test_an_invented_lesion_called_lesion_has_the_label_it_was_predicted_as(
    several: Program, qtbot: QtBot
) -> None:
    several.operations.change_settings(start_from="nothing", small_voxels=1)
    several.prediction.desk.set_largest_component(False)
    several.prediction.desk.set_no_small(False)
    settle(qtbot, several)
    desk, result = several.review.desks.disagreement_queue, several.session.result
    assert result is not None
    assert result.label_map is not None
    kinds = [question.pieces[0].kind for question in desk.queue.found]
    desk.choose(kinds.index("false_positive"))
    (piece,) = desk.queue.found[desk.queue.current].pieces
    assert 3 not in result.label_map
    several.viewer.labels.desk.hold(3)
    several.window.view.viewport().repaint()
    desk.answer(is_lesion=True)
    settle(qtbot, several)
    correction = several.session.correction
    assert correction is not None
    added = correction.label_map > 0
    assert added.sum() == piece.voxels
    assert np.array_equal(correction.label_map[added], result.label_map[added])


def shown_model(program: Program) -> MaskSource:
    model = program.session.models.current
    assert model is not None
    return MaskSource("model", model.spec.id)


def test_views_beside_count_each_region_and_label(several: Program, qtbot: QtBot) -> None:
    linked, source = several.viewer.linked, shown_model(several)
    several.window.grid.set_count(2)
    linked.show_source(0, source)

    def regions() -> Mapping[str, SliceCounts]:
        found = linked.measures.of(source)
        return {} if found is None else found.regions

    qtbot.waitUntil(lambda: bool(regions()))
    assert regions()["Tumour core"].pooled().dsc == pytest.approx(expected(CORE))
    assert set(regions()) == set(REGIONS)
    settle(qtbot, several)


def test_views_beside_fill_the_labels_of_their_own_masks(several: Program, qtbot: QtBot) -> None:
    verbs, session, linked = several.viewer.verbs, several.session, several.viewer.linked
    verbs.go_to_slice(int(np.argmax(true_mask(several).sum(axis=(1, 2)))))
    several.window.grid.set_count(2)
    view = several.window.grid.panes[0].view
    result, opened = session.result, session.open_case
    assert result is not None
    assert opened is not None

    def item() -> LabelItem:
        items = (each for each in view.scene().items() if isinstance(each, LabelItem))
        return next(items)

    def fills(values: np.ndarray | None) -> bool:
        picture, index = item().picture, session.view.slice_index
        if picture is None or values is None or picture.plane is None:
            return picture is None and values is None
        return np.array_equal(picture.plane, values[index])

    linked.show_source(0, shown_model(several))
    qtbot.waitUntil(lambda: fills(result.label_map))
    assert item().picture is not None
    assert len(item().picture.wrong.ends)
    assert item().style == several.viewer.labels.layer.item.style
    verbs.step_slice(1)
    assert fills(result.label_map)
    several.window.label_rows.shown_changed.emit(2, False)
    assert item().style is not None
    assert item().style.hidden == {2}
    verbs.toggle_layer("prediction")
    assert fills(opened.loaded.labels)
    verbs.toggle_layer("prediction")
    linked.show_source(0, TRUTH)
    qtbot.waitUntil(lambda: fills(opened.loaded.labels))
    assert not len(item().picture.wrong.ends)
    other = np.roll(result.label_map, 1, axis=2)
    several.viewer.show_beside("Version 1", (other > 0).astype(np.uint8), other)
    qtbot.waitUntil(lambda: fills(other))
    verbs.hide_overlays(True)
    assert fills(None)
    verbs.hide_overlays(False)
    settle(qtbot, several)


def test_every_case_scans_with_the_names_of_its_layout(tmp_path: Path) -> None:
    dataset = scan(make_tree("brats", tmp_path / "in"))
    assert dataset.labels is not None
    assert [region.name for region in dataset.labels.scored] == REGIONS

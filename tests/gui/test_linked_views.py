"""Two and four views: linked slices and zoom, a mask of its own in each, models run from there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox
from pytestqt.qtbot import QtBot

from core.domain.metrics import volume_metrics
from core.domain.prediction import to_mask
from core.workspace import prediction_cache
from gui.app.program import Program
from gui.shell.mask_source import MaskSource
from gui.viewer.planes.linked_pane import LinkedPane
from gui.viewer.slice.slice_view import SliceView
from tests.gui.conftest import Start
from tests.gui.finding import button, by_name, texts
from tests.gui.pointing import CTRL, MIDDLE, drag, move, point_of, wheel
from tests.gui.pressing import Press
from tests.gui.showing import pixels_of
from tests.gui.tiny import BARE, choose, is_settled, keep_predictions, settle, shown_case
from tests.synthetic import publish_unet

OTHER = "other"


@pytest.fixture
def program(start: Start, home: Path, tiny: str, dataset: Path, qtbot: QtBot) -> Program:
    """A window with two models; the champion has predictions of all cases, the other of none."""
    publish_unet(home / "models", OTHER, seed=1)
    keep_predictions(home, dataset, "A_1", "B_2", BARE)
    return start(dataset)


def panes(program: Program, press: Press, qtbot: QtBot, keys: str) -> list[LinkedPane]:
    press(keys)
    settle(qtbot, program)
    return [pane for pane in program.window.grid.panes if pane.isVisible()]


def choose_model(pane: LinkedPane, model_id: str) -> None:
    box = by_name(pane, QComboBox, "Mask of this view")
    box.setCurrentIndex(pane.sources.index(MaskSource("model", model_id)))


def lay(program: Program, pane: LinkedPane, model_id: str, qtbot: QtBot) -> None:
    """Choose what lies over a pane."""
    choose_model(pane, model_id)
    settle(qtbot, program)


def same_place(program: Program, pane: LinkedPane) -> bool:
    main, view = program.window.view, pane.view
    apart = main.centre - view.centre
    near = max(abs(apart.x()), abs(apart.y())) < 0.1
    return near and view.zoom == pytest.approx(main.zoom, rel=0.01)


@pytest.mark.parametrize(("keys", "count"), [("Ctrl+2", 1), ("Ctrl+3", 3)])
def test_views_show_the_same_place_of_the_same_slice(
    program: Program, press: Press, qtbot: QtBot, keys: str, count: int
) -> None:
    shown = panes(program, press, qtbot, keys)
    assert len(shown) == count
    main = program.window.view
    for act in (
        lambda: press("Home"),
        lambda: wheel(main, -240),
        lambda: wheel(main, 240, keys=CTRL),
        lambda: drag(main, MIDDLE, main.rect().center(), main.rect().center() / 2),
        lambda: program.window.view.fit(),
    ):
        act()
        QApplication.processEvents()
        corner = main.hud_text("top_left")
        assert corner.endswith(shown_case(program))
        assert all(corner.startswith(pane.view.hud_text("top_left")) for pane in shown)
        assert all("Slice" in pane.view.hud_text("top_left") for pane in shown)
        assert all(same_place(program, pane) for pane in shown)


def test_every_layout_is_fitted_anew(program: Program, press: Press, qtbot: QtBot) -> None:
    main = program.window.view
    fitted = main.zoom
    for keys in ("Ctrl+3", "Ctrl+2", "Ctrl+1"):
        wheel(main, 360, keys=CTRL)
        shown = panes(program, press, qtbot, keys)
        zoom, width = main.zoom, main.width()
        main.fit()
        assert main.zoom == pytest.approx(zoom), (keys, width)
        assert all(same_place(program, pane) for pane in shown)
    assert main.zoom == pytest.approx(fitted, rel=0.01)


def test_a_pane_under_the_pointer_leads_the_others(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    first, second, _ = panes(program, press, qtbot, "Ctrl+3")
    QTest.mouseMove(first.view.viewport(), first.view.viewport().rect().center())
    # As Qt does when the pointer enters: a window of another test may lie under it here.
    program.window.view.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    first.view.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    assert first.view.underMouse()
    before = program.window.view.zoom
    wheel(first.view, 240, keys=CTRL)
    assert program.window.view.zoom > 1.3 * before
    assert same_place(program, first)
    assert same_place(program, second)
    index = program.session.view.slice_index
    wheel(first.view, -120)
    assert program.session.view.slice_index == index + 1


def marked(view: SliceView, before: NDArray[np.uint8], at: tuple[int, int]) -> bool:
    """Whether a view has changed around a voxel (y, x), and nowhere else within its picture."""
    changed = np.argwhere((pixels_of(view) != before).any(axis=2))
    point = point_of(view, at)
    near = np.abs(changed - (point.y(), point.x())).max(axis=1, initial=0) < 2 * view.zoom + 12
    return bool(len(changed)) and bool(near.all())


def test_every_other_view_marks_where_the_pointer_is(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    shown = panes(program, press, qtbot, "Ctrl+3")
    current = program.session.models.current
    assert current is not None
    for pane in shown:
        lay(program, pane, current.spec.id, qtbot)
    first, second, third = (pane.view for pane in shown)
    main = program.window.view
    views, at = (main, first, second, third), (20, 30)
    before = {view: pixels_of(view) for view in views}
    for under in (main, second):
        move(under, point_of(under, at))
        QApplication.processEvents()
        for view in views:
            assert marked(view, before[view], at) == (view is not under)
        QApplication.sendEvent(under, QEvent(QEvent.Type.Leave))
        QApplication.processEvents()
        assert all(np.array_equal(pixels_of(view), before[view]) for view in views)


def test_every_pane_says_the_dsc_of_its_own_mask(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    (pane,) = panes(program, press, qtbot, "Ctrl+2")
    current = program.session.models.current
    opened, result = program.session.open_case, program.session.result
    assert current is not None
    assert opened is not None
    assert opened.loaded.ground_truth is not None
    assert result is not None
    lay(program, pane, current.spec.id, qtbot)
    mask = to_mask(result.probability, current.spec.postprocessing)
    found = volume_metrics(opened.loaded.ground_truth, mask, distances=False)
    assert f"DSC {found.dsc:.3f}" in texts(pane)
    assert current.spec.title in pane.view.hud_text("top_right")
    assert "Slice DSC" in pane.view.hud_text("top_right")


def test_a_model_is_run_from_its_pane(
    program: Program, press: Press, qtbot: QtBot, dataset: Path
) -> None:
    (pane,) = panes(program, press, qtbot, "Ctrl+2")
    lay(program, pane, OTHER, qtbot)
    assert "has not been run on this case" in pane.empty.text
    button(pane, "Run").click()
    assert "Running" in pane.empty.text
    qtbot.waitUntil(lambda: is_settled(program) and pane.empty.text == "")

    place = program.session.place
    opened = program.session.open_case
    assert place is not None
    assert opened is not None
    model = next(m for m in program.session.models.available if m.spec.id == OTHER)
    kept = prediction_cache.find_prediction(opened.loaded, model, place.workspace)
    assert kept is not None
    mask = to_mask(kept.prediction.probability, model.spec.postprocessing)
    assert opened.loaded.ground_truth is not None
    found = volume_metrics(opened.loaded.ground_truth, mask, distances=False)
    assert f"DSC {found.dsc:.3f}" in texts(pane)

    choose(qtbot, program, "B_2")
    assert "has not been run on this case" in pane.empty.text
    choose(qtbot, program, "A_1")
    assert pane.empty.text == ""


def test_an_answer_that_comes_late_does_not_lie_over_another_choice(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    (pane,) = panes(program, press, qtbot, "Ctrl+2")
    current = program.session.models.current
    assert current is not None
    lay(program, pane, OTHER, qtbot)
    button(pane, "Run").click()
    choose_model(pane, current.spec.id)
    settle(qtbot, program)
    assert current.spec.title in pane.view.hud_text("top_right")
    assert pane.empty.text == ""


def test_one_view_again_is_the_whole_image(program: Program, press: Press, qtbot: QtBot) -> None:
    view = program.window.view
    before = view.size()
    for keys in ("Ctrl+3", "Ctrl+2", "Ctrl+1"):
        shown = panes(program, press, qtbot, keys)
    assert shown == []
    qtbot.waitUntil(lambda: view.size() == before)


def test_the_ground_truth_alone_needs_no_model(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    (pane,) = panes(program, press, qtbot, "Ctrl+2")
    box = by_name(pane, QComboBox, "Mask of this view")
    box.setCurrentIndex(box.findText("Ground truth alone"))
    settle(qtbot, program)
    assert pane.empty.text == ""
    assert not any(text.startswith("DSC") for text in texts(pane))

    # A case without ground truth cannot offer it.
    choose(qtbot, program, BARE)
    assert box.findText("Ground truth alone") == -1
    assert shown_case(program) == BARE


def test_views_of_a_case_with_neither_truth_nor_prediction_say_so(
    start: Start, dataset: Path, qtbot: QtBot
) -> None:
    program = start(dataset)
    choose(qtbot, program, BARE)
    Press(program, qtbot)("Ctrl+3")
    settle(qtbot, program)
    assert all("has not been run" in pane.empty.text for pane in program.window.grid.panes)


def test_layers_are_hidden_in_every_view(program: Program, press: Press, qtbot: QtBot) -> None:
    (pane,) = panes(program, press, qtbot, "Ctrl+2")
    current = program.session.models.current
    assert current is not None
    lay(program, pane, current.spec.id, qtbot)
    settle(qtbot, program)  # figures of the mask come a moment after it
    shown = pane.view.grab().toImage()
    press("T")
    assert pane.view.grab().toImage() != shown
    press("T")
    qtbot.waitUntil(lambda: pane.view.grab().toImage() == shown)


def titles(box: QComboBox) -> set[str]:
    found = (box.itemText(index) for index in range(box.count()))
    return {text.removesuffix(" · not run") for text in found}


def test_views_offer_what_is_predicted_first(
    program: Program, press: Press, qtbot: QtBot, home: Path
) -> None:
    (pane,) = panes(program, press, qtbot, "Ctrl+2")
    box = by_name(pane, QComboBox, "Mask of this view")
    said = [box.itemText(index) for index in range(box.count())]
    run = [not text.endswith("not run") for text in said]
    assert run == sorted(run, reverse=True)
    current = program.session.models.current
    assert current is not None
    assert said[0] == current.spec.title
    assert run.count(True) == 2  # and the ground truth
    case = program.session.case_states[shown_case(program)]
    program.session.set_case_state(replace(case, models=(*case.models, OTHER)))
    panes(program, press, qtbot, "Ctrl+3")
    other = [
        model.spec.title for model in program.session.models.available if model.spec.id == OTHER
    ]
    assert [box.itemText(n) for n in range(3)].count(other[0]) == 1


def test_the_wheel_turns_slices_over_headers_and_cards_and_changes_no_mask(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    (pane,) = panes(program, press, qtbot, "Ctrl+2")
    lay(program, pane, OTHER, qtbot)
    assert "No prediction yet" in pane.empty.text
    box = by_name(pane, QComboBox, "Mask of this view")
    press("Home")
    chosen = box.currentText()
    window = program.window
    for number, widget in enumerate((box, pane.empty, window.rail, window.header), start=1):
        at = widget.mapTo(window, widget.rect().center())
        QTest.wheelEvent(window.windowHandle(), at, QPoint(0, -120))
        assert program.session.view.slice_index == number, widget
    assert box.currentText() == chosen


def test_the_mean_and_the_agreement_are_of_the_ticked_models(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    (pane,) = panes(program, press, qtbot, "Ctrl+2")
    every = len(program.session.models.available)
    box = by_name(pane, QComboBox, "Mask of this view")
    assert {f"Mean of {every} models", f"Agreement of {every} models"} <= titles(box)

    program.studies.compare.enter()
    ticks = program.studies.study.side.models.findChildren(QCheckBox)
    assert len(ticks) == every
    for tick in ticks[2:]:
        tick.setChecked(False)
    settle(qtbot, program)
    assert {"Mean of 2 models", "Agreement of 2 models"} <= titles(box)
    assert len(program.context.masks.together) == 2
    ticks[1].setChecked(False)
    assert len(program.context.masks.together) == every


def test_the_working_view_is_named_with_its_dsc_beside_others(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    model, result = program.session.models.current, program.session.result
    assert model is not None
    assert result is not None
    assert result.counted is not None
    said = f"DSC {result.counted.counts.pooled().dsc:.3f}"
    grid = program.window.grid
    assert said not in texts(grid)
    panes(program, press, qtbot, "Ctrl+2")
    assert model.spec.title in texts(grid)
    assert any(text.endswith(said) for text in texts(grid))
    press("Ctrl+1")
    assert not any(text.endswith(said) for text in texts(grid))

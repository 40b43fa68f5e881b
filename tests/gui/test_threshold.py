"""A model has one threshold: list, panes and screen say the figures of the same mask."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QSlider
from pytestqt.qtbot import QtBot

from core.domain.plane import Cut
from core.domain.prediction import Postprocessing
from gui.app.program import Program
from gui.shell.mask_source import MaskSource
from tests.gui.conftest import Start, shut
from tests.gui.finding import by_name, texts
from tests.gui.tiny import choose, predicted_mask, settle, shown_case
from tests.synthetic import publish_unet


def on_screen(program: Program) -> float:
    result = program.session.result
    assert result is not None
    assert result.counted is not None
    dsc = result.counted.counts.pooled().dsc
    assert dsc is not None
    return dsc


def in_list(program: Program, case_id: str) -> float | None:
    return program.session.case_states[case_id].dsc


def set_threshold(program: Program, qtbot: QtBot, threshold: float) -> None:
    program.prediction.desk.set_threshold(threshold)
    settle(qtbot, program)
    qtbot.waitUntil(lambda: program.session.listed == program.session.post)
    settle(qtbot, program)


def test_the_list_has_the_figures_of_the_threshold_of_the_screen(
    program: Program, qtbot: QtBot
) -> None:
    before = {name: in_list(program, name) for name in ("A_1", "B_2")}
    set_threshold(program, qtbot, 0.2)
    for name in ("A_1", "B_2"):
        choose(qtbot, program, name)
        assert program.session.post.threshold == 0.2
        assert in_list(program, name) == pytest.approx(on_screen(program))
        assert in_list(program, name) != before[name]
        figures = program.session.case_states[name].figures
        assert figures is not None
        assert figures.dsc == in_list(program, name)
    assert any("at 0.20" in text for text in texts(program.window.worklist))


def test_until_it_is_counted_anew_the_list_says_what_its_figures_are_at(
    program: Program, qtbot: QtBot
) -> None:
    before = in_list(program, "A_1")
    program.prediction.desk.set_threshold(0.2)
    assert in_list(program, "A_1") == before
    assert any("at 0.50, changing" in text for text in texts(program.window.worklist))
    set_threshold(program, qtbot, 0.2)
    assert not any("changing" in text for text in texts(program.window.worklist))


def test_a_double_click_on_the_slider_goes_back_to_the_models_own(
    program: Program, qtbot: QtBot
) -> None:
    before = in_list(program, "A_1")
    set_threshold(program, qtbot, 0.2)
    slider = by_name(program.window.top_bar, QSlider, "Threshold")
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(3, 8))
    settle(qtbot, program)
    assert program.session.post.threshold == 0.5
    assert slider.value() == 50
    qtbot.waitUntil(lambda: in_list(program, "A_1") == before)


def test_each_model_keeps_its_own_and_a_restart_too(
    start: Start, home: Path, predicted: Path, qtbot: QtBot
) -> None:
    other = publish_unet(home / "models", postprocessing=Postprocessing(threshold=0.3))
    program = start(predicted)
    model = program.session.models.current
    assert model is not None
    set_threshold(program, qtbot, 0.2)
    wanted = in_list(program, "A_1")
    program.prediction.desk.choose_model(other.spec.id)
    settle(qtbot, program)
    assert program.session.post.threshold == 0.3
    program.prediction.desk.choose_model(model.spec.id)
    settle(qtbot, program)
    assert program.session.post.threshold == 0.2
    assert in_list(program, "A_1") == wanted
    shut(program)

    again = start(predicted)
    assert again.session.post.threshold == 0.2
    assert in_list(again, shown_case(again)) == pytest.approx(on_screen(again))


def test_a_pane_of_the_model_has_the_threshold_of_the_screen(
    program: Program, qtbot: QtBot
) -> None:
    model = program.session.models.current
    assert model is not None
    program.context.trigger("two_views")
    program.viewer.linked.show_source(0, MaskSource("model", model.spec.id))
    settle(qtbot, program)
    assert "Threshold 0.50" in program.window.grid.panes[0].view.hud_text("top_right")
    set_threshold(program, qtbot, 0.2)
    (pane,) = program.window.grid.panes[:1]
    qtbot.waitUntil(lambda: "Threshold 0.20" in pane.view.hud_text("top_right"))


def test_a_correction_never_starts_from_the_mask_of_another_threshold(
    program: Program, qtbot: QtBot
) -> None:
    program.prediction.desk.set_threshold(0.2)
    assert program.annotation.desk.begin("brush", Cut(index=1)) is None
    assert program.session.correction is None
    settle(qtbot, program)
    correction = program.annotation.desk.begin("brush", Cut(index=1))
    assert correction is not None
    assert correction.origin.threshold == pytest.approx(0.2)
    np.testing.assert_array_equal(correction.mask, predicted_mask(program))
    program.annotation.desk.end()

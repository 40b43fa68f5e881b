"""Two masks swiped over one image, and the map of how many models agree."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from gui.app.program import Program
from gui.shell.mask_source import AGREEMENT, MaskSource
from gui.viewer.items.agreement_item import AgreementItem, shares
from gui.viewer.planes.linked_pane import LinkedPane
from gui.viewer.planes.swipe_pane import SwipePane
from tests.gui.comparing import FIRST, SECOND, TITLES
from tests.gui.conftest import Start
from tests.gui.finding import by_name
from tests.gui.tiny import settle


@pytest.fixture
def program(start: Start, compared: Path) -> Program:
    """A window on the tiny cases with the predictions of two models."""
    program = start(compared)
    models = program.session.models
    both = tuple(model for model in models.available if model.spec.id in TITLES)
    program.session.set_models(replace(models, available=both))
    program.prediction.desk.choose_model(FIRST)
    return program


def _swipe(qtbot: QtBot, program: Program) -> SwipePane:
    settle(qtbot, program)
    program.window.actions["swipe_view"].trigger()
    pane = program.window.grid.swipe
    assert pane is not None
    sources = by_name(pane, QComboBox, "Mask of this view")
    sources.setCurrentIndex(pane.sources.index(MaskSource("model", SECOND)))
    settle(qtbot, program)
    return pane


def test_a_voxel_lies_on_the_same_voxel_left_and_right_of_the_line(
    qtbot: QtBot, program: Program
) -> None:
    pane = _swipe(qtbot, program)
    main = program.window.view
    for share in (0.5, 0.3):
        pane.set_share(share)
        main.zoom_by(1.5)
        here = QPoint(main.width() * 2 // 3, main.height() // 2)
        ours = main.voxel_at(here.toPointF())
        theirs = pane.view.voxel_at(
            pane.view.mapFrom(main.window(), main.mapTo(main.window(), here)).toPointF()
        )
        assert (theirs.x(), theirs.y()) == pytest.approx((ours.x(), ours.y()), abs=0.05)
    assert TITLES[SECOND] in pane.view.hud_text("top_right")
    assert TITLES[FIRST] in main.hud_text("top_right")


def test_the_line_is_dragged_and_goes_with_the_layout(qtbot: QtBot, program: Program) -> None:
    pane = _swipe(qtbot, program)
    main = program.window.view
    middle = pane.line.rect().center()
    QTest.mousePress(pane.line, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(pane.line, middle + QPoint(-main.width() // 4, 0))
    QTest.mouseRelease(pane.line, Qt.MouseButton.LeftButton)
    assert pane.share == pytest.approx(0.25, abs=0.02)
    pane.line.dragged.emit(10 * main.width())
    assert pane.share < 1
    program.window.actions["one_view"].trigger()
    assert not pane.line.isVisible()
    assert not pane.view.isVisible()


def test_the_map_tells_how_many_models_agree(qtbot: QtBot, program: Program) -> None:
    pane = _swipe(qtbot, program)
    sources = by_name(pane, QComboBox, "Mask of this view")
    sources.setCurrentIndex(pane.sources.index(AGREEMENT))
    settle(qtbot, program)
    said = pane.view.hud_text("top_right")
    assert "Agreement of 2 models" in said
    assert "1 of 2" in said
    assert "2 of 2" in said
    assert "No prediction yet" not in pane.empty.text


def test_counts_become_shares_and_shades() -> None:
    plane = np.array([[0, 1, 3], [3, 3, 2]], np.uint8)
    assert shares(plane, 3) == ("3 of 3  60%", "2 of 3  20%", "1 of 3  20%")
    assert shares(np.zeros((2, 2), np.uint8), 3) == ("no lesion here",)
    item = AgreementItem()
    item.show_counts(plane, 3)
    shades = item.image[..., 3]
    assert shades[0, 0] == 0
    assert 0 < shades[0, 1] < shades[1, 2] < shades[0, 2]
    item.show_counts(None, 3)
    assert not item.isVisible()


def test_the_choice_goes_over_to_the_swipe_and_back(qtbot: QtBot, program: Program) -> None:
    actions, grid = program.window.actions, program.window.grid
    actions["two_views"].trigger()
    settle(qtbot, program)
    (pane,) = grid.panes
    choose(pane, MaskSource("model", SECOND))
    actions["swipe_view"].trigger()
    settle(qtbot, program)
    assert grid.swipe is not None
    assert grid.swipe.source == MaskSource("model", SECOND)
    choose(grid.swipe, AGREEMENT)
    actions["two_views"].trigger()
    settle(qtbot, program)
    assert pane.source == AGREEMENT


def choose(pane: LinkedPane, source: MaskSource) -> None:
    by_name(pane, QComboBox, "Mask of this view").setCurrentIndex(pane.sources.index(source))

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QPushButton, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from core.domain.prediction import Postprocessing
from gui.viewer.layers import LayerRow, LayersPanel
from gui.widgets.labels import ElidedLabel
from gui.widgets.notices import NoticeBar
from gui.widgets.palette import DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS
from gui.widgets.section import Section
from tests.gui.finding import button, by_name, colours, texts, turn_wheel

LAYERS = (
    LayerRow("truth", "Ground truth"),
    LayerRow("prediction", "Prediction", "Some model", opacity=0.6),
    LayerRow("errors", "Errors", visible=False, filled=True),
)


@pytest.fixture
def layers(qtbot: QtBot) -> LayersPanel:
    panel = LayersPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 300)
    panel.set_layers(LAYERS)
    return panel


@pytest.fixture
def bar(qtbot: QtBot) -> NoticeBar:
    view = NoticeBar()
    qtbot.addWidget(view)
    return view


def test_a_section_folds_by_mouse_and_by_key(qtbot: QtBot) -> None:
    section = Section("Layers")
    qtbot.addWidget(section)
    said: list[bool] = []
    section.expanded_changed.connect(said.append)
    QTest.mouseClick(section.header, Qt.MouseButton.LeftButton)
    assert not section.body.isVisibleTo(section)
    QTest.keyClick(section.header, Qt.Key.Key_Space)
    assert section.body.isVisibleTo(section)
    section.set_expanded(True)
    assert said == [False, True]
    assert section.header.height() == 36


def test_the_chevron_follows_the_look(qtbot: QtBot) -> None:
    section = Section("Layers")
    qtbot.addWidget(section)
    before = section.header.grab().toImage()
    section.set_look(LIGHT, DEFAULT_OVERLAYS)
    assert section.header.grab().toImage() != before


def test_setting_layers_says_nothing(qtbot: QtBot, layers: LayersPanel) -> None:
    signals = (layers.visibility_changed, layers.opacity_changed, layers.filled_changed)
    for signal in signals:
        with qtbot.assertNotEmitted(signal):
            layers.set_layers([replace(row, visible=False, opacity=0.2) for row in LAYERS])
    assert by_name(layers, QSlider, "Opacity of prediction").value() == 20


def test_the_eye_asks_to_hide_and_to_show(qtbot: QtBot, layers: LayersPanel) -> None:
    eye = by_name(layers, QToolButton, "Hide ground truth")
    with qtbot.waitSignal(layers.visibility_changed) as asked:
        QTest.mouseClick(eye, Qt.MouseButton.LeftButton)
    assert asked.args == ["truth", False]
    with qtbot.waitSignal(layers.visibility_changed) as asked:
        QTest.keyClick(by_name(layers, QToolButton, "Show errors"), Qt.Key.Key_Space)
    assert asked.args == ["errors", True]


def test_the_slider_asks_for_an_opacity(qtbot: QtBot, layers: LayersPanel) -> None:
    slider = by_name(layers, QSlider, "Opacity of prediction")
    with qtbot.waitSignal(layers.opacity_changed) as asked:
        QTest.keyClick(slider, Qt.Key.Key_Left)
    assert asked.args == ["prediction", pytest.approx(0.55)]


def test_the_wheel_over_a_slider_changes_nothing(layers: LayersPanel) -> None:
    slider = by_name(layers, QSlider, "Opacity of prediction")
    turn_wheel(slider, 120)
    assert slider.value() == 60


def test_contour_and_fill_are_a_toggle(qtbot: QtBot, layers: LayersPanel) -> None:
    with qtbot.waitSignal(layers.filled_changed) as asked:
        QTest.mouseClick(by_name(layers, QToolButton, "Fill prediction"), Qt.MouseButton.LeftButton)
    assert asked.args == ["prediction", True]
    with qtbot.waitSignal(layers.filled_changed) as asked:
        QTest.mouseClick(
            by_name(layers, QToolButton, "Only the contour of errors"), Qt.MouseButton.LeftButton
        )
    assert asked.args == ["errors", False]


def test_a_layer_that_is_not_there_cannot_be_changed(layers: LayersPanel) -> None:
    layers.set_layers([replace(LAYERS[0], available=False), *LAYERS[1:]])
    assert not by_name(layers, QToolButton, "Hide ground truth").isEnabled()
    assert by_name(layers, QToolButton, "Hide prediction").isEnabled()


def test_other_layers_replace_the_rows(layers: LayersPanel) -> None:
    layers.set_layers(LAYERS[1:])
    assert "Ground truth" not in texts(layers)
    assert "Prediction" in texts(layers)


def test_samples_take_the_colours_of_the_overlays(layers: LayersPanel) -> None:
    before = layers.grab().toImage()
    assert DEFAULT_OVERLAYS.prediction in colours(before)
    layers.set_look(LIGHT, SAFE_OVERLAYS)
    after = layers.grab().toImage()
    assert before != after
    assert {SAFE_OVERLAYS.prediction, SAFE_OVERLAYS.truth} <= colours(after)


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("Largest component only", "largest_changed"),
        ("No small components", "no_small_changed"),
        ("Fill holes", "holes_changed"),
        ("Exact voxels", "exact_changed"),
    ],
)
def test_options_ask_and_follow(qtbot: QtBot, layers: LayersPanel, name: str, signal: str) -> None:
    box = by_name(layers, QCheckBox, name)
    with qtbot.assertNotEmitted(getattr(layers, signal)):
        every = Postprocessing(largest_component=True, fill_holes=True, smallest_share=0.3)
        layers.set_options(every, exact=True)
    assert box.isChecked()
    with qtbot.waitSignal(getattr(layers, signal)) as asked:
        QTest.keyClick(box, Qt.Key.Key_Space)
    assert asked.args == [False]


def test_the_first_notice_shows_and_the_rest_on_demand(qtbot: QtBot, bar: NoticeBar) -> None:
    bar.set_notices(["Slice 9 could not be read.", "The mask is not binary."])
    assert not bar.isHidden()
    assert texts(bar) == ["Slice 9 could not be read."]
    QTest.keyClick(by_name(bar, QPushButton, "Show 2 notices"), Qt.Key.Key_Space)
    assert texts(bar) == ["Slice 9 could not be read.", "The mask is not binary."]


def test_dismissed_notices_stay_away_until_others_come(qtbot: QtBot, bar: NoticeBar) -> None:
    bar.set_notices(["Slice 9 could not be read."])
    assert button(bar, "1 notice").isVisibleTo(bar)
    QTest.mouseClick(by_name(bar, QToolButton, "Dismiss notices"), Qt.MouseButton.LeftButton)
    bar.set_notices(["Slice 9 could not be read."])
    assert bar.isHidden()
    bar.set_notices(["Slice 3 could not be read."])
    assert not bar.isHidden()
    bar.set_notices([])
    assert bar.isHidden()


def test_the_bar_is_amber_in_either_theme(bar: NoticeBar) -> None:
    bar.set_notices(["Slice 9 could not be read."])
    bar.resize(400, 30)
    bar.set_look(LIGHT, DEFAULT_OVERLAYS)
    assert LIGHT.warnsoft in colours(bar.grab().toImage())


def test_a_cut_text_is_whole_in_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a text that is far too long", "body")
    qtbot.addWidget(label)
    label.resize(40, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(400, 20)
    label.grab()
    assert label.toolTip() == ""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from gui.prediction.metrics import MetricsPanel
from gui.prediction.model_panel import ModelPanel, ModelView
from gui.widgets.labels import ElidedLabel
from gui.widgets.metrics_view import MetricsView
from gui.widgets.palette import DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS
from tests.gui.finding import button, by_name, colours, texts

READY = MetricsView(
    state="ready",
    message="whole volume, at 0.50",
    dsc=0.8949,
    iou=0.81,
    hd95=5.94,
    hd95_max=7.26,
    sensitivity=0.866,
    precision=0.926,
    predicted_volume=12340,
    truth_volume=13120,
)
SLICE = replace(READY, dsc=0.5, message="slice 14, threshold 0.50")
MODEL = ModelView(
    title="Some model",
    model_id="some-model",
    champion=True,
    architecture="U-Net",
    parameters="1.94 M",
    gmac=None,
    memory=None,
    channels="Pre, FLAIR, Post",
    given="Pre ← T1, FLAIR ← FLAIR, Post ← T1c",
    made_for="axial, spacing unknown, 8-bit values",
    preprocessing="each volume to zero mean and unit variance",
    trained_on="50 cases",
    licence="research only",
    figures=(("Mean DSC", "0.842"),),
)


@pytest.fixture
def metrics(qtbot: QtBot) -> MetricsPanel:
    panel = MetricsPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 300)
    panel.set_metrics(READY, SLICE)
    return panel


@pytest.fixture
def model(qtbot: QtBot) -> ModelPanel:
    panel = ModelPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 400)
    return panel


def test_figures_have_fixed_decimals(metrics: MetricsPanel) -> None:
    shown = texts(metrics)
    for text in (
        "0.895",
        "DSC",
        READY.message,
        "0.810",
        "HD95 pooled, voxels",
        "5.9",
        "0.866",
        "0.926",
    ):
        assert text in shown
    assert {"12,340 voxels", "13,120 voxels"} <= set(shown)


def test_units_are_those_of_the_view(metrics: MetricsPanel) -> None:
    view = replace(READY, predicted_volume=12.34, volume_unit="mL", length_unit="mm")
    metrics.set_metrics(view, view)
    assert {"HD95 pooled, mm", "12.3 mL"} <= set(texts(metrics))


def test_figures_below_zero_have_a_true_minus(metrics: MetricsPanel) -> None:
    metrics.set_metrics(replace(READY, iou=-0.5), SLICE)
    assert "\u22120.500" in texts(metrics)


def test_what_rounds_to_zero_has_no_sign(metrics: MetricsPanel) -> None:
    metrics.set_corrected((replace(READY, precision=0.92597), SLICE))
    assert "0.000" in texts(metrics)
    assert "\u22120.000" not in texts(metrics)


def test_slice_and_case_change_places_by_mouse_and_key(qtbot: QtBot, metrics: MetricsPanel) -> None:
    with qtbot.waitActive(metrics):
        metrics.show()
        metrics.activateWindow()
    QTest.mouseClick(by_name(metrics, QPushButton, "Metrics of: Slice"), Qt.MouseButton.LeftButton)
    assert {"0.500", SLICE.message} <= set(texts(metrics))
    QTest.keyClick(by_name(metrics, QPushButton, "Metrics of: Slice"), Qt.Key.Key_Left)
    assert {"0.895", READY.message} <= set(texts(metrics))


def test_a_new_case_keeps_the_choice_of_slice(qtbot: QtBot, metrics: MetricsPanel) -> None:
    QTest.mouseClick(by_name(metrics, QPushButton, "Metrics of: Slice"), Qt.MouseButton.LeftButton)
    metrics.set_metrics(READY, replace(SLICE, dsc=0.125))
    assert "0.125" in texts(metrics)


def test_in_a_narrow_window_the_larger_distance_is_in_the_tool_tip(metrics: MetricsPanel) -> None:
    metrics.show()
    QApplication.processEvents()
    tall = metrics.sizeHint().height()
    metrics.set_compact(True)
    QApplication.processEvents()
    shown = [w for w in metrics.findChildren(QLabel) if not w.isHidden()]
    assert not any("HD95 maximum" in label.text() for label in shown)
    (pooled,) = [w for w in shown if w.text().startswith("HD95 pooled")]
    assert isinstance(pooled, ElidedLabel)
    assert "HD95 maximum: 7.3 voxels" in pooled.tip
    assert metrics.sizeHint().height() < tall


def test_a_pending_distance_shows_an_ellipsis(metrics: MetricsPanel) -> None:
    metrics.set_metrics(replace(READY, hd95="pending"), SLICE)
    assert "…" in texts(metrics)
    metrics.set_metrics(replace(READY, hd95=None), SLICE)
    assert "–" in texts(metrics)


def test_without_truth_the_volume_stays_and_the_scores_go(metrics: MetricsPanel) -> None:
    view = MetricsView("no_truth", "No masks.", predicted_volume=500)
    metrics.set_metrics(view, view)
    shown = texts(metrics)
    assert {"No ground truth", "No masks.", "500 voxels"} <= set(shown)
    assert not {"DSC", "IoU", "HD95 pooled, voxels", "Truth"} & set(shown)
    assert not button(metrics, "Run case").isVisibleTo(metrics)


def test_without_prediction_the_reader_can_run(qtbot: QtBot, metrics: MetricsPanel) -> None:
    view = MetricsView("no_prediction", "Run some model on this case.")
    metrics.set_metrics(view, view)
    assert "No prediction yet" in texts(metrics)
    run = button(metrics, "Run case")
    assert run.isVisibleTo(metrics)
    with qtbot.waitSignal(metrics.run_requested):
        QTest.keyClick(run, Qt.Key.Key_Space)


def test_a_run_says_how_far_it_is(metrics: MetricsPanel) -> None:
    view = MetricsView("running", "9 of 22 slices", truth_volume=100, hd95="pending")
    metrics.set_metrics(view, view)
    assert texts(metrics).count("…") == 2
    assert "9 of 22 slices" in texts(metrics)


def test_before_a_case_there_is_a_sentence(qtbot: QtBot) -> None:
    panel = MetricsPanel()
    qtbot.addWidget(panel)
    assert "Open a case to see its metrics." in texts(panel)
    assert not button(panel, "Run case").isVisibleTo(panel)


def test_volume_bars_take_the_colours_of_the_overlays(metrics: MetricsPanel) -> None:
    assert {DEFAULT_OVERLAYS.prediction, DEFAULT_OVERLAYS.truth} <= colours(
        metrics.grab().toImage()
    )
    metrics.set_look(LIGHT, SAFE_OVERLAYS)
    assert {SAFE_OVERLAYS.prediction, SAFE_OVERLAYS.truth, LIGHT.bg4} <= colours(
        metrics.grab().toImage()
    )


def test_the_model_is_folded_until_asked_for(qtbot: QtBot, model: ModelPanel) -> None:
    model.set_model(MODEL)
    assert not texts(model)
    with qtbot.waitSignal(model.expanded_changed) as said:
        QTest.mouseClick(model.section.header, Qt.MouseButton.LeftButton)
    assert said.args == [True]
    shown = set(texts(model))
    assert {"Some model", "some-model", "Champion", "1.94 M", "50 cases", "0.842"} <= shown
    assert {MODEL.given, MODEL.made_for} <= shown


def test_what_is_measured_takes_its_place(model: ModelPanel) -> None:
    model.set_expanded(True)
    model.set_model(MODEL)
    assert texts(model).count("measuring…") == 2
    model.set_model(replace(MODEL, gmac="3.49", memory="412 MB", champion=False))
    shown = texts(model)
    assert {"3.49", "412 MB"} <= set(shown)
    assert not {"measuring…", "Champion"} & set(shown)


def test_no_model_is_said(model: ModelPanel) -> None:
    model.set_expanded(True)
    model.set_model(MODEL)
    model.set_model(None)
    assert texts(model) == ["No model is chosen."]
    model.set_look(LIGHT, SAFE_OVERLAYS)

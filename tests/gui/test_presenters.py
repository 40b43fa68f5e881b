"""The session and the panels in step: models, read-outs, channels, looks, thumbnails, footers."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from core.domain.prediction import Postprocessing
from core.inference.engine_messages import NetworkCost
from core.workspace.settings import load_settings, settings_path
from gui.app.program import Program
from gui.shell.tasks import Task
from tests import patience
from tests.gui.conftest import Start
from tests.gui.finding import by_name, texts
from tests.gui.pointing import LEFT, drag, move
from tests.gui.tiny import choose, settle, shown_case
from tests.synthetic import publish_unet, write_case


def corner(program: Program, name: str) -> str:
    return program.window.view.hud_text(name)


def test_another_model_shows_its_own_predictions_alone(
    start: Start, home: Path, predicted: Path, qtbot: QtBot
) -> None:
    other = publish_unet(home / "models", postprocessing=Postprocessing(threshold=0.3))
    program = start(predicted)
    first = program.session.models.current
    assert first is not None
    assert all(state.scored for state in program.session.case_states.values())
    picker = by_name(program.window.top_bar, QComboBox, "Model")
    picker.activated.emit(picker.findData(other.spec.id))
    settle(qtbot, program)
    assert program.session.result is None
    assert not any(state.scored for state in program.session.case_states.values())
    assert program.session.post.threshold == pytest.approx(0.3)
    assert "0.30" in texts(program.window.top_bar)
    assert other.spec.title in texts(program.window.layers)

    program.prediction.desk.choose_model(first.spec.id)
    settle(qtbot, program)
    assert program.session.result is not None
    assert all(state.scored for state in program.session.case_states.values())


def test_mirrored_averaging_is_another_prediction(program: Program, qtbot: QtBot) -> None:
    program.window.actions["flips"].trigger()
    settle(qtbot, program)
    assert program.session.result is None
    assert load_settings(settings_path()).flips
    program.window.actions["flips"].trigger()
    settle(qtbot, program)
    assert program.session.result is not None


def test_the_corner_says_what_lies_under_the_pointer(program: Program) -> None:
    opened, result = program.session.open_case, program.session.result
    assert opened is not None
    assert result is not None
    view, volume = program.window.view, opened.loaded.volume
    at = QPoint(view.width() // 2 + 37, view.height() // 2 - 21)
    move(view, at)
    voxel = view.voxel_at(QPointF(at))
    x, y, z = int(voxel.x()), int(voxel.y()), program.session.view.slice_index
    said = corner(program, "bottom_right")
    assert f"x {x}  y {y}" in said
    assert f"FLAIR {volume.pixels[1, z, y, x]}" in said
    assert f"p(lesion) {result.probability[z, y, x] / 255:.2f}" in said
    program.viewer.verbs.go_to_slice(0)
    assert f"FLAIR {volume.pixels[1, 0, y, x]}" in corner(program, "bottom_right")
    move(view, QPoint(1, 1))
    assert corner(program, "bottom_right") == ""


def test_a_drag_with_the_window_tool_is_of_one_channel(program: Program) -> None:
    program.window.set_tool("window")
    middle = program.window.view.viewport().rect().center()
    before = program.session.view.window_level("FLAIR")
    drag(program.window.view, LEFT, middle, middle + QPoint(60, 0))
    wider = program.session.view.window_level("FLAIR")
    assert before is None
    assert wider is not None
    drag(program.window.view, LEFT, middle, middle + QPoint(0, 40))
    moved = program.session.view.window_level("FLAIR")
    assert moved is not None
    assert moved.window == pytest.approx(wider.window)
    assert moved.level != pytest.approx(wider.level)
    program.viewer.verbs.show_channel("Pre")
    assert program.session.view.window_level("Pre") is None
    assert "Pre" in corner(program, "top_left") + corner(program, "top_right")


def test_every_channel_can_be_shown(program: Program) -> None:
    for channel in ("Pre", "FLAIR", "Post", "RGB"):
        program.viewer.verbs.show_channel(channel)
        assert program.viewer.verbs.channel() == channel
        assert channel in corner(program, "top_left") + corner(program, "top_right")


def test_theme_and_palette_change_while_running_and_are_kept(
    program: Program, qtbot: QtBot
) -> None:
    before = program.window.grab().toImage()
    program.window.actions["light_theme"].trigger()
    light = program.window.grab().toImage()
    assert light.pixelColor(5, 5).lightness() > before.pixelColor(5, 5).lightness() + 100
    program.window.actions["safe_colours"].trigger()
    settle(qtbot, program)
    kept = load_settings(settings_path())
    assert (kept.theme, kept.overlay_colours) == ("light", "safe")
    program.window.actions["light_theme"].trigger()
    assert program.window.grab().toImage().pixelColor(5, 5) == before.pixelColor(5, 5)


def test_the_footer_counts_predictions(start: Start, dataset: Path, home: Path) -> None:
    program = start(dataset)
    assert {"0 of 3 predicted", "3 left"} <= set(texts(program.window.worklist))


def test_all_predicted_is_said(program: Program) -> None:
    assert {"3 of 3 predicted", "all predicted"} <= set(texts(program.window.worklist))


def test_a_case_without_ground_truth_has_no_figures_but_a_volume(
    program: Program, qtbot: QtBot
) -> None:
    choose(qtbot, program, "C_10")
    result = program.session.result
    assert result is not None
    assert result.counted is not None
    assert not result.counted.has_truth
    assert result.hd95 is None
    assert program.session.case_states["C_10"].dsc is None
    program.viewer.verbs.toggle_layer("truth")
    assert shown_case(program) == "C_10"


def test_what_a_model_costs_takes_its_place(program: Program) -> None:
    model = program.session.models.current
    assert model is not None
    program.prediction.panels.show_measured((model.spec.id, NetworkCost(1_234_000, 5.67, 89.0)))
    said = {label.text() for label in program.window.model_panel.findChildren(QLabel)}
    assert {"1.23 M", "5.67 GMAC", "89 MB"} <= said


def test_a_late_thumbnail_of_another_folder_is_not_shown(
    program: Program, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, QImage]] = []
    show = program.window.worklist.set_thumbnail

    def note(case_id: str, image: QImage) -> None:
        shown.append((case_id, image))
        show(case_id, image)

    monkeypatch.setattr(program.window.worklist, "set_thumbnail", note)
    release = threading.Event()
    held: Task[bool] = Task(lambda _: release.wait(patience.SECONDS))
    program.lanes.start("idle", held)
    program.window.worklist.thumbnails_wanted.emit(["A_1"])
    other = tmp_path / "other"
    write_case(other, "A_1", 3, (64, 64), masks=False, seed=9)
    program.operations.open_dataset(other)
    qtbot.waitUntil(lambda: set(program.session.case_states) == {"A_1"})
    release.set()
    qtbot.waitUntil(lambda: bool(shown))
    settle(qtbot, program)

    assert {case_id for case_id, _ in shown} == {"A_1"}
    # The case of the new folder has no ground truth to tint, the one of the old folder had.
    assert not any(tinted(image) for _, image in shown)


def tinted(image: QImage) -> bool:
    return any(
        QColor(image.pixel(x, y)).saturation() > 60
        for x in range(image.width())
        for y in range(image.height())
    )

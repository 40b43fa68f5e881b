"""The map of uncertainty: which voxels it tints, how strongly, and when it is on screen."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QSlider, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from skimage.color import rgb2lab

from core.domain.head import silhouette
from core.domain.uncertainty import entropy_map
from gui.app.program import Program
from gui.viewer.items.uncertainty_item import LEAST_BITS, entropy_image
from gui.widgets.palette import UNCERTAINTY
from tests.gui.finding import by_name
from tests.gui.pressing import Press
from tests.gui.running import result
from tests.gui.tiny import settle

SCALE = "Uncertainty from 0 to 1 bit"


def scale(program: Program) -> QWidget:
    return by_name(program.window.view, QWidget, SCALE)


def grab(program: Program) -> QImage:
    return program.window.view.grab().toImage()


def pixel_of(program: Program, x: float, y: float) -> QPoint:
    """Where a voxel is on screen."""
    view = program.window.view
    start, zoom = view.voxel_at(QPointF(0, 0)), view.zoom
    return QPoint(round((x - start.x()) * zoom), round((y - start.y()) * zoom))


@given(arrays(np.uint8, (3, 5)), st.sampled_from([0.0, 0.35, 1.0]))
def test_a_voxel_is_tinted_by_its_entropy_and_clear_when_sure(
    plane: np.ndarray, opacity: float
) -> None:
    image, bits = entropy_image(plane, opacity), entropy_map(plane)
    assert (image.width(), image.height()) == (5, 3)
    for (y, x), doubt in np.ndenumerate(bits):
        alpha = image.pixelColor(x, y).alpha()
        assert alpha == (round(255 * opacity) if doubt >= LEAST_BITS else 0)


def test_the_air_around_a_head_is_left_clear() -> None:
    image = np.zeros((1, 9, 9), np.uint8)
    image[0, 2:7, 2:7] = 100
    image[0, 4, 4] = 0  # a ventricle is inside all the same
    plane = np.full((9, 9), 127, np.uint8)
    drawn = entropy_image(plane, 1.0, silhouette(image[0] > 10))
    clear = {(x, y) for x in range(9) for y in range(9) if drawn.pixelColor(x, y).alpha() == 0}
    assert clear == {(x, y) for x in range(9) for y in range(9) if not (2 <= x < 7 and 2 <= y < 7)}


def test_the_colours_run_from_first_to_last_of_the_scale() -> None:
    plane = np.array([[2, 127, 128]], np.uint8)
    image = entropy_image(plane, 1.0)
    assert image.pixelColor(1, 0) == image.pixelColor(2, 0) == QColor(UNCERTAINTY[-1])
    dark = image.pixelColor(0, 0)
    assert dark.value() < QColor(UNCERTAINTY[4]).value()


def test_equal_steps_of_entropy_look_equally_far_apart() -> None:
    """Lightness rises in even steps: within a third of their mean, as it does in no rainbow."""
    rgb = np.array([[QColor(c).red(), QColor(c).green(), QColor(c).blue()] for c in UNCERTAINTY])
    lab = rgb2lab(rgb[np.newaxis] / 255)[0]
    steps = np.diff(lab[:, 0])
    assert (steps > 0).all()
    assert np.abs(steps - steps.mean()).max() < steps.mean() / 3


def test_it_is_off_until_it_is_asked_for(program: Program, press: Press) -> None:
    action = program.window.actions["toggle_uncertainty"]
    assert not program.session.view.uncertainty.visible
    assert scale(program).isHidden()
    assert not action.isChecked()
    before = grab(program)

    press.command("toggle_uncertainty")

    assert not scale(program).isHidden()
    assert action.isChecked()
    assert grab(program) != before
    press.command("toggle_uncertainty")
    assert scale(program).isHidden()


def test_it_lies_on_the_unsure_voxels_alone(program: Program, press: Press) -> None:
    view = replace(program.session.view, overlays_hidden=False, exact_voxels=True)
    none = replace(view.truth, visible=False)
    for key in ("truth", "prediction", "errors", "correction"):
        view = view.with_layer(key, none)  # type: ignore[arg-type]
    full = replace(view.uncertainty, visible=True, opacity=1.0)
    program.session.set_view(view.on_slice(3))
    plain = grab(program)
    program.session.set_view(view.on_slice(3).with_layer("uncertainty", full))
    shown = grab(program)

    bits = entropy_map(result(program).probability[3])
    found = 0
    for (y, x), doubt in np.ndenumerate(bits):
        at = pixel_of(program, x + 0.5, y + 0.5)
        if not plain.rect().contains(at) or scale(program).geometry().contains(at):
            continue
        if doubt < LEAST_BITS:
            assert shown.pixelColor(at) == plain.pixelColor(at)
        else:
            found += 1
            level = result(program).probability[3, y, x]
            wanted = entropy_image(np.array([[level]], np.uint8), 1.0).pixelColor(0, 0)
            assert shown.pixelColor(at) == wanted
    assert found > 10


def test_it_hides_with_the_overlays_and_with_the_picture(program: Program, press: Press) -> None:
    press.command("toggle_uncertainty")
    program.viewer.verbs.hide_overlays(True)
    assert scale(program).isHidden()
    program.viewer.verbs.hide_overlays(False)
    assert not scale(program).isHidden()
    program.session.set_unopened("broken")
    assert scale(program).isHidden()


def test_eye_and_opacity_stand_in_the_layers(program: Program, press: Press, qtbot: QtBot) -> None:
    by_name(program.window.layers, QToolButton, "Show uncertainty").click()
    assert program.session.view.uncertainty.visible
    slider = by_name(program.window.layers, QSlider, "Opacity of uncertainty")
    slider.setValue(30)
    settle(qtbot, program)
    assert program.session.view.uncertainty.opacity == 0.3
    # A map has no contour to fill.
    fills = [
        tool.accessibleName()
        for tool in program.window.layers.findChildren(QToolButton)
        if tool.isVisibleTo(program.window) and "uncertainty" in tool.accessibleName()
    ]
    assert fills == ["Hide uncertainty"]


def test_slices_that_have_not_arrived_have_no_map(program: Program, press: Press) -> None:
    press.command("toggle_uncertainty")
    program.viewer.verbs.go_to_slice(2)
    half = replace(result(program), ready=frozenset({1, 2}), prediction=None)
    program.session.set_result(half)
    assert not scale(program).isHidden()
    program.viewer.verbs.go_to_slice(3)
    assert scale(program).isHidden()


def test_the_pointer_reads_the_bits(program: Program, press: Press) -> None:
    program.viewer.verbs.go_to_slice(3)
    press.command("toggle_uncertainty")
    probability = result(program).probability[3]
    y, x = np.argwhere(probability == 90)[0]
    program.window.view.hovered.emit(QPointF(x + 0.5, y + 0.5))
    bits = float(entropy_map(probability)[y, x])
    assert f"{bits:.2f} bit" in program.window.view.hud_text("bottom_right")

"""Overlays that are drawn ahead look as they do when they are drawn, and so do grey levels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QPainter, QRegion, QTransform
from PySide6.QtWidgets import QApplication, QStyleOptionGraphicsItem, QWidget

from core.domain.window_level import automatic
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from gui.shell.view_state import Display, LayerStyle, Shown, ViewState, resolve
from gui.viewer.drawn.picture import Masks, Picture, make_picture
from gui.viewer.drawn.screen import Screen
from gui.viewer.items.overlay_item import OverlayItem, OverlayRaster, overlay_raster
from gui.viewer.slice.picture_view import SliceImage
from gui.widgets.palette import DEFAULT_OVERLAYS, SAFE_OVERLAYS
from tests.synthetic import write_case

SIDE = 200
TO_SCREEN = QTransform().translate(3.5, 2.25).scale(4.2, 4.2)


@pytest.fixture(scope="module")
def slice_shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Display, Picture]:
    """A slice with truth, prediction and both kinds of error, as a view draws it."""
    folder: Path = tmp_path_factory.mktemp("ahead")
    write_case(folder, "A", 4, (44, 44))
    loaded = read_case(scan(folder).case("A"))
    truth = loaded.require_ground_truth()
    pairs = zip(loaded.volume.channels, loaded.volume.pixels, strict=True)
    there = Shown(
        1, 1, "A", loaded.volume, tuple((name, automatic(pixels)) for name, pixels in pairs),
        has_truth=True, has_prediction=True,
    )  # fmt: skip
    display = resolve(ViewState(at=(2, 0, 0)), there)
    masks = Masks(truth, np.roll(truth, 3, axis=2))
    return display, make_picture(loaded.volume, masks, display.picture)


def drawn(picture: Picture, display: Display, ahead: OverlayRaster | None, ratio: float) -> QImage:
    item, view = OverlayItem(DEFAULT_OVERLAYS), QWidget()
    view.resize(SIDE, SIDE)
    item.set_picture(picture, display, None, ahead)
    item.set_exposed(QRegion(0, 0, SIDE, SIDE))
    edge = round(SIDE * ratio)
    image = QImage(edge, edge, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(90, 60, 120))
    painter = QPainter(image)
    painter.setTransform(TO_SCREEN)
    item.paint(painter, QStyleOptionGraphicsItem(), view)
    painter.end()
    return image


def pixels(image: QImage) -> np.ndarray:
    found = image.convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(found.constBits(), np.uint8).reshape(found.height(), found.width(), 4)
    return raw[..., :3].astype(int)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("filled", [True, False])
def test_overlays_drawn_ahead_look_as_they_do_when_they_are_drawn(
    slice_shown: tuple[Display, Picture], qapp: QApplication, filled: bool, ratio: float
) -> None:
    del qapp
    display, picture = slice_shown
    style = LayerStyle(opacity=0.8, filled=filled)
    display = replace(display, prediction=style, errors=replace(style, filled=not filled))
    screen = Screen(TO_SCREEN, QSize(SIDE, SIDE), ratio)
    ahead = overlay_raster(picture, display, DEFAULT_OVERLAYS, screen)
    live = pixels(drawn(picture, display, None, ratio))
    assert np.abs(live - pixels(drawn(picture, display, ahead, ratio))).max() <= 3
    bare = pixels(drawn(picture, replace(display, **hidden(display)), None, ratio))
    assert np.abs(live - bare).max() > 100, "something is drawn"


def hidden(display: Display) -> dict[str, LayerStyle]:
    names = ("truth", "prediction", "errors")
    return {name: replace(getattr(display, name), visible=False) for name in names}


@pytest.mark.parametrize("what", ["styles", "colours", "screen", "picture"])
def test_what_was_drawn_ahead_for_something_else_is_not_shown(
    slice_shown: tuple[Display, Picture], qapp: QApplication, what: str
) -> None:
    del qapp
    display, picture = slice_shown
    screen, colours = Screen(TO_SCREEN, QSize(SIDE, SIDE), 1.0), DEFAULT_OVERLAYS
    wrong = overlay_raster(picture, replace(display, **hidden(display)), colours, screen)
    ahead = overlay_raster(picture, display, colours, screen)
    ahead = replace(ahead, image=wrong.image)  # which is seen if it is laid over the view
    other: dict[str, dict[str, object]] = {
        "styles": {"styles": wrong.styles},
        "colours": {"colours": SAFE_OVERLAYS},
        "screen": {"screen": replace(screen, to_screen=QTransform())},
        "picture": {"picture": replace(picture)},
    }
    live = pixels(drawn(picture, display, None, 1.0))
    assert np.array_equal(
        live,
        pixels(drawn(picture, display, replace(ahead, **other[what]), 1.0)),  # type: ignore[arg-type]
    )
    assert not np.array_equal(live, pixels(drawn(picture, display, ahead, 1.0)))


@given(low=st.floats(-50, 300), width=st.floats(-300, 300), seed=st.integers(0, 9))
def test_grey_levels_are_those_of_pyqtgraph(low: float, width: float, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (7, 9), np.uint8)
    ours, theirs = SliceImage(), pg.ImageItem(axisOrder="row-major")
    for item in (ours, theirs):
        item.setImage(image, autoLevels=False, levels=(low, low + width))
        item.render()
    assert np.array_equal(pixels(ours.qimage), pixels(theirs.qimage))

"""What the slice view draws: outlines, regions, hatching, voxels; found by colour, not by file."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainterPath

from core.domain.mask import Mask
from core.domain.outlines import outlines
from core.domain.window_level import WindowLevel
from gui.shell.view_state import RGB, LayerStyle, PictureKey, ViewState
from gui.viewer.drawn.picture import Masks, Picture, PictureCache, make_picture
from gui.viewer.slice.slice_view import SliceView
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, SAFE_OVERLAYS
from tests.gui.showing import display_of, pixels_of, small_volume, two_masks
from tests.synthetic import volume_of

NONE = LayerStyle(visible=False)
ONLY = {
    "truth": ViewState((1, 0, 0), prediction=NONE, errors=NONE),
    "prediction": ViewState((1, 0, 0), truth=NONE, errors=NONE),
    "false_positive": ViewState((1, 0, 0), truth=NONE, prediction=NONE, false_negative=False),
    "false_negative": ViewState((1, 0, 0), truth=NONE, prediction=NONE, false_positive=False),
}


def put(view: SliceView, chosen: ViewState, masks: Masks | None = None, **there: object) -> Picture:
    """Show the small volume with its two masks, or with others."""
    volume = small_volume()
    display = display_of(volume, chosen, **there)
    picture = make_picture(volume, masks or Masks(*two_masks()), display.picture)
    view.show_display(display, picture)
    return picture


def coloured(shown: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where the picture is not grey; the words in the corners are a cool grey."""
    spread = shown.max(axis=2).astype(int) - shown.min(axis=2)
    return np.asarray(spread > 30)


def near(shown: NDArray[np.uint8], colour: str) -> NDArray[np.bool_]:
    """Return where the picture has about this colour."""
    wanted = np.array(QColor(colour).getRgb()[:3])
    return np.asarray(np.abs(shown - wanted).max(axis=2) < 40)


def voxels_of(view: SliceView, pixels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the voxel coordinates (x, y) of the pixels that are true."""
    found = [view.voxel_at(QPointF(x, y)) for y, x in np.argwhere(pixels)]
    return np.array([(p.x(), p.y()) for p in found])


def edge_distance(points: NDArray[np.float64], mask: Mask) -> NDArray[np.float64]:
    """Return how far points lie from the outline of a mask, in voxels."""
    corners = np.concatenate(outlines(mask))
    apart = points[:, np.newaxis] - corners[np.newaxis]
    return np.asarray(np.linalg.norm(apart, axis=2).min(axis=1))


def inside(points: NDArray[np.float64], mask: Mask) -> NDArray[np.bool_]:
    columns, rows = points.astype(int).T
    return np.asarray(mask[rows, columns] > 0)


@pytest.mark.parametrize("layer", ["truth", "prediction"])
def test_an_outline_is_drawn_in_its_colour_along_its_mask(
    slice_view: SliceView, layer: str
) -> None:
    put(slice_view, ONLY[layer])
    mask = dict(zip(("truth", "prediction"), two_masks(), strict=True))[layer][1]
    drawn = voxels_of(slice_view, near(pixels_of(slice_view), getattr(DEFAULT_OVERLAYS, layer)))

    assert edge_distance(drawn, mask).max() < 1.0
    sides = drawn.max(axis=0) - drawn.min(axis=0)
    rows, columns = np.nonzero(mask)
    assert sides == pytest.approx((np.ptp(columns) + 1, np.ptp(rows) + 1), abs=1.0)


@pytest.mark.parametrize(("error", "sign"), [("false_positive", 1), ("false_negative", -1)])
def test_errors_are_drawn_where_the_masks_differ(
    slice_view: SliceView, error: str, sign: int
) -> None:
    put(slice_view, ONLY[error])
    truth, prediction = (mask[1] for mask in two_masks())
    region = prediction & ~truth if sign > 0 else truth & ~prediction
    drawn = voxels_of(slice_view, coloured(pixels_of(slice_view)))

    assert len(drawn) > 100
    assert np.mean(inside(drawn, region & 1)) > 0.8
    assert edge_distance(drawn[~inside(drawn, region & 1)], region & 1).max() < 1.0


def test_false_positives_are_hatched_and_false_negatives_are_even(slice_view: SliceView) -> None:
    full = np.zeros((4, 40, 32), np.uint8)
    full[:, 12:28, 8:24] = 1
    spread = {}
    for error, masks in (
        ("false_positive", Masks(np.zeros_like(full), full)),
        ("false_negative", Masks(full, np.zeros_like(full))),
    ):
        put(slice_view, replace(ONLY[error], channel="Pre", window_levels=BLACK), masks)
        middle = pixels_of(slice_view)[180:220, 230:270].astype(int)
        spread[error] = np.ptp(middle.max(axis=2))
    assert spread["false_negative"] <= 2
    assert spread["false_positive"] > 60


BLACK = (("Pre", WindowLevel(2.0, 10_000.0)),)
"""A range that shows everything black."""


def test_hidden_overlays_leave_the_image_grey(slice_view: SliceView) -> None:
    put(slice_view, ViewState((1, 0, 0)))
    assert coloured(pixels_of(slice_view)).sum() > 1000
    put(slice_view, ViewState((1, 0, 0), overlays_hidden=True))
    assert not coloured(pixels_of(slice_view)).any()


def test_without_truth_and_prediction_nothing_is_drawn_over_the_image(
    slice_view: SliceView,
) -> None:
    put(slice_view, ViewState((1, 0, 0)), Masks(), has_truth=False, has_prediction=False)
    assert not coloured(pixels_of(slice_view)).any()


def test_less_opacity_is_a_paler_overlay(slice_view: SliceView) -> None:
    strength = []
    for opacity in (1.0, 0.5, 0.1):
        style = LayerStyle(opacity=opacity, filled=True)
        put(slice_view, replace(ONLY["truth"], truth=style))
        shown = pixels_of(slice_view).astype(int)
        strength.append(int(np.ptp(shown, axis=2).max()))
    assert strength[0] > 1.5 * strength[1] > 2 * strength[2]


def test_a_filled_layer_tints_its_inside(slice_view: SliceView) -> None:
    truth = two_masks()[0][1]
    put(slice_view, replace(ONLY["truth"], truth=LayerStyle(filled=True)))
    tinted = voxels_of(slice_view, coloured(pixels_of(slice_view)))
    area = len(tinted) / slice_view.zoom**2
    assert area == pytest.approx(int(truth.sum()), rel=0.1)


def test_another_palette_draws_in_its_colours(slice_view: SliceView) -> None:
    put(slice_view, ONLY["truth"])
    slice_view.set_look(DARK, SAFE_OVERLAYS)
    shown = pixels_of(slice_view)
    assert near(shown, SAFE_OVERLAYS.truth).sum() > 100
    assert not near(shown, DEFAULT_OVERLAYS.truth).any()


def test_exact_voxels_have_hard_edges_and_their_own_values(slice_view: SliceView) -> None:
    greys = {}
    for exact in (True, False):
        put(slice_view, ViewState((1, 0, 0), overlays_hidden=True, exact_voxels=exact))
        # A part without the words in the corners.
        greys[exact] = len(np.unique(pixels_of(slice_view)[100:300, 150:350]))
    plane = small_volume().pixels[1, 1]
    assert greys[True] <= len(np.unique(plane)) + 1 < greys[False]


def test_window_and_level_turn_values_black_and_white(slice_view: SliceView) -> None:
    pixels = np.full((1, 1, 40, 32), 100, np.uint8)
    pixels[..., 16:] = 120
    volume = volume_of(pixels)
    for low, high, left, right in ((99, 119, 13, 255), (110, 111, 0, 255), (100, 140, 0, 128)):
        level = WindowLevel(float(high - low), (low + high) / 2)
        display = display_of(
            volume,
            ViewState(channel="Image", window_levels=(("Image", level),), overlays_hidden=True),
            head=None,
        )
        slice_view.show_display(display, make_picture(volume, Masks(), display.picture))
        row = pixels_of(slice_view)[200]
        assert row[200] == pytest.approx([left] * 3, abs=2)
        assert row[300] == pytest.approx([right] * 3, abs=2)


def test_rgb_shows_the_channels_as_colours(slice_view: SliceView) -> None:
    pixels = np.zeros((3, 1, 40, 32), np.uint8)
    for channel, value in enumerate((250, 20, 120)):
        pixels[channel] = value
    volume = volume_of(pixels)
    display = display_of(volume, ViewState(channel=RGB, overlays_hidden=True))
    slice_view.show_display(display, make_picture(volume, Masks(), display.picture))
    assert pixels_of(slice_view)[200, 250] == pytest.approx([250, 20, 120], abs=2)


def test_an_unreadable_slice_shows_no_image(slice_view: SliceView) -> None:
    volume = replace(small_volume(), unreadable={1: "cut off"})
    display = display_of(volume, ViewState((1, 0, 0), overlays_hidden=True))
    slice_view.show_display(display, make_picture(volume, Masks(), display.picture))
    assert pixels_of(slice_view)[100:300, 150:350].max() == 0


def test_clearing_shows_nothing(slice_view: SliceView) -> None:
    put(slice_view, ViewState((1, 0, 0)))
    slice_view.clear_picture()
    assert pixels_of(slice_view).max() == 0
    assert slice_view.hud_text("top_left") == ""


def test_the_corners_say_what_the_display_says(slice_view: SliceView) -> None:
    put(slice_view, ViewState((1, 0, 0)), model=("U-Net 16",), slice_dsc=0.5)
    slice_view.set_readout(("x 3  y 4", "FLAIR 17"))
    assert slice_view.hud_text("top_left") == "Slice 2 / 4\nFLAIR\nA_1"
    assert slice_view.hud_text("top_right") == "U-Net 16\nSlice DSC 0.500"
    assert slice_view.hud_text("bottom_right") == "x 3  y 4\nFLAIR 17"
    assert (pixels_of(slice_view)[10:70, 10:100] > 200).all(axis=2).sum() > 50


MASKS = arrays(np.uint8, (9, 7), elements=st.integers(0, 1), fill=st.just(0))


@given(MASKS, MASKS, st.booleans())
def test_the_paths_of_a_picture_are_the_outlines_of_core(
    truth: Mask, prediction: Mask, exact: bool
) -> None:
    volume = volume_of(np.zeros((1, 1, 9, 7), np.uint8))
    masks = Masks(truth[np.newaxis], prediction[np.newaxis])
    picture = make_picture(volume, masks, PictureKey(1, 0, "Image", 1, exact))
    for lines, mask in (
        (picture.truth, truth),
        (picture.prediction, prediction),
        (picture.false_positive, prediction & (1 - truth)),
        (picture.false_negative, truth & (1 - prediction)),
    ):
        wanted = outlines(mask.astype(np.uint8), exact=exact)
        assert _lines(lines.path) == [list(map(tuple, line.tolist())) for line in wanted]


@given(MASKS, MASKS, MASKS)
def test_a_picture_made_from_another_is_the_one_made_from_nothing(
    truth: Mask, before: Mask, after: Mask
) -> None:
    volume, key = volume_of(np.zeros((1, 1, 9, 7), np.uint8)), PictureKey(1, 0, "Image", 2, False)
    first = make_picture(volume, Masks(truth[np.newaxis], before[np.newaxis]), key)
    masks = Masks(truth[np.newaxis], after[np.newaxis])
    remade = make_picture(volume, masks, key, before=first)
    fresh = make_picture(volume, masks, key)
    assert remade.image is first.image
    assert (remade is first) == bool((before == after).all())
    for name in ("truth", "prediction", "false_positive", "false_negative"):
        assert _lines(getattr(remade, name).path) == _lines(getattr(fresh, name).path)


def test_the_cache_finds_the_slice_under_other_masks() -> None:
    volume, cache = small_volume(), PictureCache()
    key = PictureKey(1, 0, "FLAIR", 1, False)
    cache.put(key, picture := make_picture(volume, Masks(), key))
    assert cache.like(PictureKey(1, 0, "FLAIR", 7, False)) is picture
    assert cache.like(PictureKey(1, 0, "Pre", 1, False)) is None
    assert cache.like(PictureKey(1, 1, "FLAIR", 1, False)) is None


def test_the_cache_keeps_the_pictures_made_last() -> None:
    volume, cache = small_volume(), PictureCache()
    keys = [PictureKey(1, 0, "FLAIR", version, False) for version in range(200)]
    picture = make_picture(volume, Masks(), keys[0])
    for key in keys:
        cache.put(key, picture)
    assert cache.get(keys[-1]) is picture
    assert keys[0] not in cache
    cache.clear()
    assert cache.get(keys[-1]) is None


def _lines(path: QPainterPath) -> list[list[tuple[float, float]]]:
    """Return the points of every line of a path, begun anew at each move."""
    lines: list[list[tuple[float, float]]] = []
    for index in range(path.elementCount()):
        element = path.elementAt(index)
        if element.isMoveTo():
            lines.append([])
        lines[-1].append((element.x, element.y))
    return lines

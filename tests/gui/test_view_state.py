"""From what the reader chose to what is drawn: a pure step, held by properties."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.grid import Grid
from core.domain.volume import Volume, channel_names
from core.domain.window_level import WindowLevel
from gui.shell.view_state import RGB, LayerKey, LayerStyle, Shown, ViewState, resolve

LAYERS: tuple[LayerKey, ...] = ("truth", "prediction", "errors")


def volume(
    slices: int = 4, channels: int = 3, unreadable: tuple[int, ...] = (), first: int = 1
) -> Volume:
    pixels = np.zeros((channels, slices, 2, 3), np.uint8)
    return Volume(
        pixels,
        channel_names(channels),
        tuple(range(first, first + slices)),
        Grid((slices, 2, 3)),
        {index: f"slice {index} is broken" for index in unreadable},
    )


def shown(of: Volume | None = None, **changes: object) -> Shown:
    there = volume() if of is None else of
    automatic = tuple(
        (name, WindowLevel(200.0, 100.0 + n)) for n, name in enumerate(there.channels)
    )
    base = Shown(3, 5, "A_1", there, automatic, has_truth=True, has_prediction=True)
    return replace(base, **changes)  # type: ignore[arg-type]


STYLES = st.builds(LayerStyle, st.booleans(), st.floats(0.1, 1.0), st.booleans())
RANGES = st.builds(WindowLevel, st.floats(1, 5000), st.floats(-1000, 5000))
CHANNELS = st.sampled_from(["Pre", "FLAIR", "Post", RGB, "Image", "Channel 2", "T2", ""])
VIEWS = st.builds(
    ViewState,
    st.tuples(*[st.integers(-10_000, 10_000)] * 3),
    CHANNELS,
    st.dictionaries(CHANNELS, RANGES, max_size=3).map(lambda d: tuple(d.items())),
    STYLES,
    STYLES,
    STYLES,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@st.composite
def cases(draw: st.DrawFn) -> Shown:
    slices = draw(st.integers(1, 30))
    broken = draw(st.sets(st.integers(0, slices - 1), max_size=3))
    of = volume(slices, draw(st.sampled_from([1, 2, 3, 4])), tuple(broken))
    score = draw(st.none() | st.floats(0, 1))
    truth, prediction = draw(st.booleans()), draw(st.booleans())
    return shown(of, slice_dsc=score, has_truth=truth, has_prediction=prediction)


@given(VIEWS, cases())
def test_whatever_was_chosen_there_is_a_slice_and_a_channel_to_draw(
    view: ViewState, there: Shown
) -> None:
    key = resolve(view, there).picture
    assert key.slice_index == min(max(view.slice_index, 0), there.volume.slices - 1)
    assert key.channel in (*there.volume.channels, RGB)
    assert key.channel != RGB or len(there.volume.channels) == 3
    if view.channel in there.volume.channels:
        assert key.channel == view.channel
    assert (key.case, key.masks, key.exact) == (3, 5, view.exact_voxels)


@given(VIEWS, cases())
def test_a_layer_shows_where_it_is_chosen_there_and_not_hidden(
    view: ViewState, there: Shown
) -> None:
    display = resolve(view, there)
    exists = {
        "truth": there.has_truth,
        "prediction": there.has_prediction,
        "errors": there.has_truth and there.has_prediction,
    }
    for layer in LAYERS:
        chosen, drawn = view.layer(layer), getattr(display, layer)
        visible = chosen.visible and exists[layer] and not view.overlays_hidden
        assert drawn == replace(chosen, visible=visible)
    assert (display.false_positive, display.false_negative) == (
        view.false_positive,
        view.false_negative,
    )


@given(VIEWS, cases())
def test_the_range_is_the_readers_or_the_automatic_one(view: ViewState, there: Shown) -> None:
    display = resolve(view, there)
    channel = display.picture.channel
    if channel == RGB:
        assert display.limits is None
        return
    wanted = view.window_level(channel) or dict(there.automatic)[channel]
    assert display.limits is not None
    low, high = display.limits
    assert high - low == pytest.approx(wanted.window)
    assert (high + low) / 2 == pytest.approx(wanted.level)
    assert f"W {wanted.window:.0f}  L {wanted.level:.0f}" in display.bottom_left


@given(VIEWS, cases())
def test_an_unreadable_slice_says_why_and_no_other_does(view: ViewState, there: Shown) -> None:
    display = resolve(view, there)
    index = display.picture.slice_index
    assert display.unreadable == there.volume.unreadable.get(index, "")


@given(VIEWS, cases())
def test_only_what_changes_pixels_or_outlines_asks_for_another_picture(
    view: ViewState, there: Shown
) -> None:
    before = resolve(view, there)
    same = replace(
        view,
        overlays_hidden=not view.overlays_hidden,
        truth=LayerStyle(not view.truth.visible, 0.3, not view.truth.filled),
        false_positive=not view.false_positive,
        window_levels=(("FLAIR", WindowLevel(7.0, 3.0)),),
    )
    assert resolve(same, there).picture == before.picture
    assert resolve(view, replace(there, mask_version=6)).picture != before.picture
    assert resolve(view, replace(there, case_version=4)).picture != before.picture
    exact = replace(view, exact_voxels=not view.exact_voxels)
    assert resolve(exact, there).picture != before.picture
    assert resolve(exact, there).smooth == view.exact_voxels


@given(VIEWS, CHANNELS, RANGES)
def test_a_range_belongs_to_its_channel_and_can_be_taken_back(
    view: ViewState, channel: str, wanted: WindowLevel
) -> None:
    changed = view.with_window_level(channel, wanted)
    assert changed.window_level(channel) == wanted
    others = {name: value for name, value in view.window_levels if name != channel}
    assert {n: v for n, v in changed.window_levels if n != channel} == others
    assert changed.with_window_level(channel, None).window_level(channel) is None


def test_the_corners_say_slice_channel_case_model_and_range() -> None:
    view = ViewState(at=(2, 0, 0), channel="Post")
    display = resolve(view, shown(model=("U-Net 16", "Threshold 0.50"), slice_dsc=0.91234))
    assert display.top_left == ("Slice 3 / 4", "Post", "A_1")
    assert display.top_right == ("U-Net 16", "Threshold 0.50", "Slice DSC 0.912")
    assert display.bottom_left == ("W 200  L 102", "Spacing and orientation unknown")


def test_a_synthetic_case_says_so_and_odd_slice_numbers_are_told() -> None:
    display = resolve(ViewState(), shown(volume(first=11), synthetic=True))
    assert display.top_left == ("Slice 1 / 4", "FLAIR · file number 11", "A_1 · synthetic")


def test_the_voxel_size_is_said_in_the_order_x_y_z() -> None:
    geometry = Grid((4, 2, 3), known_spacing_mm=(5.0, 1.5, 0.5))
    sized = replace(volume(), geometry=geometry)
    said = resolve(ViewState(), shown(sized)).bottom_left[-1]
    assert said == "0.5 × 1.5 × 5.0 mm · orientation unknown"


def test_the_edges_are_named_from_the_affine_and_follow_the_switch() -> None:
    placed = replace(volume(), geometry=Grid((4, 2, 3), np.diag([-0.5, -1.5, 5.0, 1.0])))
    radiological = resolve(ViewState(), shown(placed))
    assert radiological.edges == ("R", "A", "L", "P")
    assert not radiological.mirrored
    assert radiological.aspect == 3.0
    assert radiological.bottom_left[-1] == "0.5 × 1.5 × 5.0 mm, LPS"
    neurological = resolve(ViewState(neurological=True), shown(placed))
    assert neurological.edges == ("L", "A", "R", "P")
    assert neurological.mirrored


def test_edges_of_unknown_sides_have_no_letters_and_nothing_is_mirrored() -> None:
    display = resolve(ViewState(neurological=True), shown())
    assert display.edges == ()
    assert not display.mirrored
    assert display.aspect == 1.0


def test_inverted_the_bright_end_is_black() -> None:
    plain, inverted = (resolve(ViewState(inverted=turned), shown()) for turned in (False, True))
    assert plain.limits is not None
    assert plain.limits[0] < plain.limits[1]
    assert inverted.limits == plain.limits[::-1]
    assert inverted.bottom_left == plain.bottom_left


def test_colour_has_no_range_to_say() -> None:
    display = resolve(ViewState(channel=RGB), shown())
    assert display.bottom_left == ("Spacing and orientation unknown",)
    assert display.top_left[1] == "Pre, FLAIR, Post as RGB"


def test_without_a_model_the_corner_is_empty() -> None:
    assert resolve(ViewState(), shown(slice_dsc=0.5)).top_right == ()

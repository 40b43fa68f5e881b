"""Clicks on a volume: who obeys, what stays, how far a click is carried, what it starts from."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from core.annotation.bump import Bump
from core.annotation.click_ground import ClickGround, Scene
from core.annotation.guided import Guided, guided
from core.domain.guide import Click, pixel_steps
from core.domain.prediction import Postprocessing, to_mask
from tests.core.corrections.acting import Wild, put

_SHAPE = (5, 40, 36)
_seeds = st.integers(0, 2**32 - 1)
_spots = st.tuples(st.integers(0, _SHAPE[1] - 1), st.integers(0, _SHAPE[2] - 1))


_clicks = st.builds(
    Click,
    z=st.integers(0, _SHAPE[0] - 1),
    spots=st.one_of(
        st.tuples(_spots), st.lists(_spots, min_size=2, max_size=6, unique=True).map(tuple)
    ),
    adds=st.booleans(),
    shape=st.just("scribble"),
    reach=st.sampled_from((0, 1, None)),
    strength=st.sampled_from((0.0, 0.5, 1.0)),
)
_guides = st.sampled_from((Bump(), Wild()))


def _ground(seed: int, *, probability: bool = True, spacing=None) -> ClickGround:
    random = np.random.default_rng(seed)
    pixels = random.integers(20, 255, (2, *_SHAPE)).astype(np.uint8)
    scene = Scene(pixels, ("T1", "FLAIR"), spacing)
    found = random.integers(0, 256, _SHAPE).astype(np.uint8)
    mask = to_mask(found, Postprocessing(0.4))
    return ClickGround(scene, mask, found if probability else None, 0.4)


@settings(deadline=None, max_examples=40)
@given(_seeds, st.lists(_clicks, max_size=5), _guides, st.booleans())
def test_clicked_voxels_obey_the_newest_click_on_them(seed, clicks, guide, known):
    ground = _ground(seed, probability=known)
    state = guided(ground, clicks, guide)
    wanted: dict[tuple[int, int, int], bool] = {}
    for click in clicks:
        wanted.update({(click.z, y, x): click.adds for y, x in click.spots})
    after = put(ground.mask, state.patch())
    for voxel, adds in wanted.items():
        carried_there_later = any(c.reach != 0 and c.z != voxel[0] for c in clicks)
        assert after[voxel] == adds or carried_there_later


@settings(deadline=None, max_examples=40)
@given(_seeds, _clicks, _guides, st.booleans())
def test_nothing_changes_outside_the_neighbourhood_of_a_click(seed, click, guide, known):
    ground = _ground(seed, probability=known)
    after = put(ground.mask, guided(ground, [click], guide).patch())
    changed = np.argwhere(after != ground.mask)
    if not len(changed):
        return
    reach = guide.reach(click.strength) / ground.scene.steps[1]
    for z, y, x in changed:
        if z == click.z:
            near = [max(abs(y - row), abs(x - column)) for row, column in click.spots]
            rows, columns = zip(*click.spots, strict=True)
            assert min(rows) - reach - 1 <= y <= max(rows) + reach + 1
            assert min(columns) - reach - 1 <= x <= max(columns) + reach + 1
            assert near
        else:
            assert click.reach is None or abs(z - click.z) <= click.reach


@settings(deadline=None, max_examples=40)
@given(_seeds, _clicks, _guides)
def test_a_click_that_adds_takes_nothing_away_and_the_other_way_round(seed, click, guide):
    ground = _ground(seed)
    after = put(ground.mask, guided(ground, [click], guide).patch())
    if click.adds:
        assert (after >= ground.mask).all()
    else:
        assert (after <= ground.mask).all()


@settings(deadline=None, max_examples=40)
@given(_seeds, _spots, st.booleans(), _guides)
def test_what_changes_hangs_together_with_the_click(seed, spot, adds, guide):
    ground = _ground(seed)
    after = put(ground.mask, guided(ground, [Click(2, (spot,), adds)], guide).patch())
    changed = after[2] != ground.mask[2]
    if changed[spot]:
        _, pieces = ndimage.label(changed, np.ones((3, 3)))
        assert pieces == 1


@settings(deadline=None, max_examples=40)
@given(_seeds, _spots, st.booleans(), _guides)
def test_a_click_where_nothing_is_wrong_changes_only_what_begins_beside_it(seed, spot, adds, guide):
    ground = _ground(seed)
    mask = ground.mask.copy()
    mask[2, spot[0], spot[1]] = adds
    ground = replace(ground, mask=mask)
    after = put(mask, guided(ground, [Click(2, (spot,), adds, reach=0)], guide).patch())
    pieces, count = ndimage.label(after[2] != mask[2], np.ones((3, 3)))
    for number in range(1, count + 1):
        rows, columns = np.nonzero(pieces == number)
        apart = np.hypot(rows - spot[0], columns - spot[1]).min()
        assert apart * ground.scene.steps[1] <= 6.0 + 1e-6


def test_a_click_far_from_every_error_changes_nothing():
    mask = np.zeros(_SHAPE, np.uint8)
    mask[2, 2:8, 2:8] = 1
    ground = replace(_ground(3, spacing=(5.0, 1.0, 1.0)), mask=mask, probability=None)
    apart = guided(ground, [Click(2, ((35, 30),), False, reach=0)], Wild())
    np.testing.assert_array_equal(put(mask, apart.patch()), mask)
    beside = guided(ground, [Click(2, ((8, 8),), False, reach=0)], Wild())
    assert (put(mask, beside.patch()) != mask).any()


@settings(deadline=None, max_examples=30)
@given(_seeds, st.booleans(), st.sampled_from((None, (5.0, 0.5, 0.7))))
def test_without_a_click_the_mask_is_the_one_there_was(seed, known, spacing):
    ground = _ground(seed, probability=known, spacing=spacing)
    assert guided(ground, []).patch() is None
    for z in range(_SHAPE[0]):
        assert ((ground.plane(z) > 0.5) == (ground.mask[z] > 0)).all()


@settings(deadline=None, max_examples=30)
@given(_seeds, st.lists(_clicks, min_size=1, max_size=4))
def test_states_are_never_changed_so_that_a_click_can_be_taken_back(seed, clicks):
    ground = _ground(seed)
    states = [Guided(ground)]
    for click in clicks:
        states.append(states[-1].add(click))
    for count, state in enumerate(states):
        again = guided(ground, clicks[:count])
        assert np.array_equal(put(ground.mask, state.patch()), put(ground.mask, again.patch()))


def test_a_mask_that_a_hand_corrected_is_right_where_the_probability_is_not():
    ground = _ground(4)
    mask = ground.mask.copy()
    mask[2, 10:20, 10:20] = 1
    mask[2, 25:30, 5:9] = 0
    drawn = ClickGround(ground.scene, mask, ground.probability, 0.4)
    assert ((drawn.plane(2) > 0.5) == (mask[2] > 0)).all()


def _tube(*, reach: int | None, adds: bool = True, ends: tuple[int, int] = (2, 7)) -> np.ndarray:
    """Return which slices change when a bright tube in ten slices is clicked in its middle."""
    rows, columns = np.mgrid[:64, :64]
    disc = np.hypot(rows - 30, columns - 34) < 3
    pixels = np.full((1, 10, 64, 64), 60, np.uint8)
    pixels += np.random.default_rng(0).integers(0, 6, pixels.shape).astype(np.uint8)
    pixels[0, ends[0] : ends[1], disc] = 200
    mask = np.zeros((10, 64, 64), np.uint8)
    if not adds:
        mask[ends[0] : ends[1], disc] = 1
    ground = ClickGround(Scene(pixels, ("FLAIR",)), mask)
    click = Click(4, ((30, 34),), adds, reach=reach, channel="FLAIR")
    after = put(mask, guided(ground, [click]).patch())
    return np.flatnonzero((after != mask).any(axis=(1, 2)))


@pytest.mark.parametrize("adds", [True, False])
def test_a_click_is_carried_while_the_lesion_goes_on(adds):
    assert _tube(reach=None, adds=adds).tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("adds", [True, False])
def test_a_click_is_carried_no_farther_than_the_reader_says(adds):
    assert _tube(reach=0, adds=adds).tolist() == [4]
    assert _tube(reach=1, adds=adds).tolist() == [3, 4, 5]


def test_beyond_the_lesion_the_bump_fades_and_sways_only_what_is_uncertain():
    pixels = np.full((1, 5, 64, 64), 100, np.uint8)
    pixels[0, :, :4] = 60
    probability = np.zeros((5, 64, 64), np.uint8)
    probability[:, 25:36, 25:36] = 100
    probability[2] = 0
    ground = ClickGround(Scene(pixels, ("FLAIR",)), np.zeros((5, 64, 64), np.uint8), probability)
    ends = pixels.copy()
    ends[0, [0, 1, 3, 4], 8:] = 220
    ended = ClickGround(Scene(ends, ("FLAIR",)), ground.mask, probability)
    after = put(ground.mask, guided(ended, [Click(2, ((30, 30),), reach=None)]).patch())
    assert after[2, 30, 30]
    assert after[1, 30, 30]
    assert after[3, 30, 30]
    assert not after[[0, 4]].any()
    alone = put(ground.mask, guided(ended, [Click(2, ((30, 30),), reach=0)]).patch())
    assert np.flatnonzero(alone.any(axis=(1, 2))).tolist() == [2]


def test_thin_slices_let_the_bump_fade_over_as_many_millimetres():
    pixels = np.full((1, 21, 64, 64), 100, np.uint8)
    pixels[0, :, :4] = 60
    probability = np.full((21, 64, 64), 0, np.uint8)
    probability[:, 25:36, 25:36] = 120
    changed = {}
    for spacing in ((5.5, 3.75, 3.75), (1.1, 3.75, 3.75)):
        scene = Scene(pixels, ("FLAIR",), spacing)
        ground = ClickGround(scene, np.zeros((21, 64, 64), np.uint8), probability)
        counts = guided(ground, [Click(10, ((30, 30),), reach=None)]).counts
        changed[spacing[0]] = max(counts) - min(counts) + 1
    assert changed[1.1] > 2 * changed[5.5]


def test_a_click_finds_the_disc_it_lies_on():
    rows, columns = np.mgrid[:256, :256]
    disc = np.hypot(rows - 60, columns - 70) < 9
    grey = np.random.default_rng(0).normal(100, 15, (256, 256))
    pixels = np.clip(np.where(disc, grey + 60, grey), 0, 255).astype(np.uint8)
    ground = ClickGround(
        Scene(pixels[np.newaxis, np.newaxis], ("FLAIR",)), np.zeros((1, 256, 256), np.uint8)
    )
    after = put(ground.mask, guided(ground, [Click(0, ((60, 70),))]).patch())[0] > 0
    assert after[disc].mean() > 0.7
    assert after[~disc].sum() < 0.05 * disc.sum()


def test_nothing_changes_beyond_a_box_and_taking_away_clears_it():
    ground = _ground(8)
    corners = ((8, 6), (20, 25))
    for adds in (True, False):
        click = Click(1, corners, adds, "box")
        after = put(ground.mask, guided(ground, [click]).patch())
        changed = np.argwhere(after != ground.mask)
        assert (changed[:, 0] == 1).all()
        assert (changed[:, 1:] >= (8, 6)).all()
        assert (changed[:, 1:] <= (20, 25)).all()
    assert not after[1, 8:21, 6:26].any()


def test_clicks_beyond_a_smaller_volume_are_left_out_of_a_replay():
    ground = _ground(2)
    far = Click(9, ((3, 3),)), Click(0, ((39, 80),))
    assert guided(ground, far).patch() is None


def test_distances_are_in_millimetres_where_they_are_known():
    assert pixel_steps((9, 512, 400), None) == (1.0, 0.5, 0.5)
    assert pixel_steps((9, 512, 400), (5.5, 0.9375, 1.875)) == (1.0, 1.0, 2.0)


def test_a_channel_is_normalised_over_its_foreground():
    pixels = np.zeros((2, 2, 8, 8), np.int16)
    pixels[0, :, 2:6, 2:6] = np.random.default_rng(0).normal(500, 50, (2, 4, 4))
    scene = Scene(pixels, ("FLAIR", "empty"))
    grey = scene.grey(0, (slice(2, 6), slice(2, 6)), 0)
    assert abs(float(grey.mean())) < 0.7
    assert 0.5 < float(grey.std()) < 1.5
    assert scene.scales[1] == (0.0, 1.0)
    image = scene.image(1, slice(0, 8), slice(0, 8))
    assert image.shape == (2, 3, 8, 8)
    assert np.array_equal(image[:, 1], image[:, 2])

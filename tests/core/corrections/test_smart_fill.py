"""Smart fill: scikit-image's random walker on small slices, and the same region on large ones."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import random_walker

from core.annotation.smart_fill import (
    CONTRAST,
    INSIDE,
    OUTSIDE,
    smart_fill,
    smart_fill_volume,
    walk,
)
from core.domain.errors import DataError
from core.domain.progress import Cancelled
from tests.core.corrections.acting import put


@pytest.mark.parametrize("shape", [(1, 40, 44), (4, 16, 20)])
def test_on_a_small_grid_the_probability_is_scikit_images(shape):
    random = np.random.default_rng(5)
    pixels = ndimage.gaussian_filter(random.normal(0, 1, shape), 1)
    pixels = (pixels - pixels.mean()) / pixels.std()
    seeds = np.zeros(shape, np.uint8)
    seeds[0, 8:10, 8:14], seeds[-1, 2, 2:12], seeds[0, 14, 3:9] = INSIDE, OUTSIDE, OUTSIDE
    # Weights exp(-3 d²) on either side.
    expected = random_walker(
        pixels, seeds.astype(np.int32), beta=30, mode="bf", return_full_prob=True
    )[0]
    found = walk(np.float32(pixels * np.sqrt(3 / CONTRAST))[np.newaxis], seeds)
    assert np.abs(found - expected).max() < 5e-3


@pytest.mark.parametrize("side", [96, 256, 512])
def test_a_disc_is_completed_from_two_scribbles(side):
    pixels, disc, scribbles = _scene(side)
    mask = np.zeros((3, side, side), np.uint8)
    filled = put(mask, smart_fill(mask, pixels, scribbles, z=1))
    assert not filled[[0, 2]].any()
    assert _dsc(filled[1], disc) > 0.97


def test_a_ball_is_completed_from_scribbles_on_some_slices():
    z, y, x = np.mgrid[:16, :80, :80]
    ball = np.hypot(np.hypot(y - 40, x - 40), (z - 8) * 4) < 22
    noise = np.random.default_rng(0).normal(0, 8, ball.shape)
    pixels = np.clip(90 + 70 * ball + noise, 0, 255).astype(np.uint8)[np.newaxis]
    scribbles = np.zeros(ball.shape, np.uint8)
    scribbles[8, 38:42, 34:46] = INSIDE
    scribbles[[8, 8], [10, 70], 20:60] = OUTSIDE
    scribbles[[1, 15], 40, 30:50] = OUTSIDE
    empty = np.zeros(ball.shape, np.uint8)
    filled = put(empty, smart_fill_volume(empty, pixels, scribbles))
    assert _dsc(filled, ball) > 0.95


def test_the_piece_in_hand_is_replaced_and_other_lesions_stay():
    pixels, disc, scribbles = _scene(96)
    mask = np.zeros((3, 96, 96), np.uint8)
    mask[1, 30:80, 46:50] = 1  # reaches out of the disc
    mask[1, 80:82, 50:52] = 1  # joined to it by a corner
    mask[1, 70:74, 20:24] = 1  # another lesion, within the scribbles
    filled = put(mask, smart_fill(mask, pixels, scribbles, z=1))
    assert filled[1, 70:74, 20:24].all()
    assert not filled[1, 80:82, 50:52].any()
    filled[1, 70:74, 20:24] = 0
    assert _dsc(filled[1], disc) > 0.97


@pytest.mark.parametrize("kind", [0, INSIDE, OUTSIDE])
def test_one_kind_of_scribble_is_not_enough(kind):
    pixels, _, scribbles = _scene(96)
    mask = np.zeros((3, 96, 96), np.uint8)
    with pytest.raises(DataError, match="one outside it, found only one kind"):
        smart_fill(mask, pixels, np.where(scribbles == kind, scribbles, 0).astype(np.uint8), z=1)


def test_a_volume_can_be_cancelled():
    pixels, _, scribbles = _scene(96)

    def stop(fraction: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        smart_fill_volume(
            np.zeros((3, 96, 96), np.uint8), pixels, np.stack([scribbles] * 3), progress=stop
        )


def test_a_flat_image_is_divided_half_way():
    scribbles = np.zeros((32, 32), np.uint8)
    scribbles[:, 4], scribbles[:, 27] = INSIDE, OUTSIDE
    mask = np.zeros((1, 32, 32), np.uint8)
    flat = np.full((1, 1, 32, 32), 9, np.uint16)
    filled = put(mask, smart_fill(mask, flat, scribbles, z=0))
    assert filled[0, :, :15].all()
    assert not filled[0, :, 17:].any()


def _scene(side):
    """Return pixels (1, 3, Y, X) with a bright disc, the disc, and scribbles (Y, X)."""
    y, x = np.mgrid[:side, :side]
    disc = np.hypot(y - side / 2, x - side / 2) < side * 0.2
    noise = np.random.default_rng(0).normal(0, 15, (3, side, side))
    pixels = np.clip(80 + 80 * disc + noise, 0, 255).astype(np.uint8)[np.newaxis]
    scribbles = np.zeros((side, side), np.uint8)
    middle, rim = side // 2, side // 5
    scribbles[middle - 1 : middle + 1, middle - 4 : middle + 4] = INSIDE
    scribbles[[rim, -rim], rim:-rim] = OUTSIDE
    return pixels, disc, scribbles


def _dsc(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))

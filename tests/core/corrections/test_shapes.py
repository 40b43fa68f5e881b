"""Grow, shrink, smooth and interpolate, against scikit-image and by what must hold of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage.morphology import ball, disk

from core.annotation import shapes
from tests.core.corrections.acting import SHAPE, put, start_mask
from tests.core.corrections.test_regions import _blobs

_seed = st.integers(0, 50)
_z = st.one_of(st.none(), st.integers(0, SHAPE[0] - 1))


@given(_seed, st.integers(1, 4), _z)
def test_grow_is_dilation_by_a_ball_or_disc(seed, by, z):
    mask = _blobs(seed)
    expected = mask.copy()
    if z is None:
        expected[:] = ndimage.binary_dilation(mask, ball(by))
    else:
        expected[z] = ndimage.binary_dilation(mask[z], disk(by))
    assert np.array_equal(put(mask, shapes.grow(mask, by=by, z=z)), expected)


@given(_seed, st.integers(1, 4), _z)
def test_shrink_is_erosion_by_a_ball_or_disc_that_spares_the_rim(seed, by, z):
    mask = _blobs(seed)
    expected = mask.copy()
    if z is None:
        expected[:] = ndimage.binary_erosion(mask, ball(by), border_value=1)
    else:
        expected[z] = ndimage.binary_erosion(mask[z], disk(by), border_value=1)
    assert np.array_equal(put(mask, shapes.shrink(mask, by=by, z=z)), expected)


@given(_seed, _z)
def test_smooth_is_a_gaussian_cut_at_one_half(seed, z):
    mask = _blobs(seed)
    sigma = 1.5 if z is None else (0, 1.5, 1.5)
    soft = ndimage.gaussian_filter(mask.astype(np.float64), sigma, mode="nearest")
    result = put(mask, shapes.smooth(mask, radius=1.5, z=z))
    where = slice(None) if z is None else slice(z, z + 1)
    clear = np.abs(soft - 0.5) > 1e-3
    clear[: where.start or 0] = False
    assert np.array_equal(result[where][clear[where]], (soft > 0.5)[where][clear[where]])
    outside = np.ones(SHAPE[0], bool)
    outside[where] = False
    assert np.array_equal(result[outside], mask[outside])


def test_a_voxel_that_sticks_out_is_smoothed_away():
    mask = np.zeros(SHAPE, np.uint8)
    mask[2, 10:30, 10:30] = 1
    mask[2, 20, 30:34] = 1
    smoothed = put(mask, shapes.smooth(mask, radius=2.0, z=2))
    assert not smoothed[2, 20, 32:34].any()
    assert smoothed[2, 14:26, 14:26].all()


@given(_seed, st.integers(0, SHAPE[0] - 3))
def test_between_two_slices_lies_what_both_share_and_nothing_neither_has(seed, first):
    mask = _blobs(seed)
    last = SHAPE[0] - 1
    result = put(mask, shapes.interpolate(mask, first=first, last=last))
    assert np.array_equal(result[: first + 1], mask[: first + 1])
    assert np.array_equal(result[last], mask[last])
    if (mask[first] & mask[last]).any():
        for plane in result[first + 1 : last]:
            assert plane[(mask[first] & mask[last]) > 0].all()
            assert not plane[(mask[first] | mask[last]) == 0].any()


def test_a_cone_is_interpolated_to_its_true_radius():
    mask = np.zeros((11, 64, 64), np.uint8)
    mask[0], mask[10] = _disc(20, (32, 32)), _disc(10, (32, 32))
    result = put(mask, shapes.interpolate(mask, first=0, last=10))
    for z in range(11):
        assert np.sqrt(result[z].sum() / np.pi) == pytest.approx(20 - z, abs=0.6)


def test_shapes_apart_are_joined_by_one_that_moves():
    mask = np.zeros((5, 64, 64), np.uint8)
    mask[0], mask[4] = _disc(6, (15, 15)), _disc(6, (45, 45))
    result = put(mask, shapes.interpolate(mask, first=0, last=4))
    assert ndimage.center_of_mass(result[2]) == pytest.approx((30, 30), abs=0.7)
    assert result[2].sum() == pytest.approx(mask[0].sum(), rel=0.15)


def test_every_gap_between_painted_slices_is_filled():
    mask = np.zeros((9, 64, 64), np.uint8)
    for z in (1, 2, 5, 7):
        mask[z] = _disc(10, (30, 30))
    result = put(mask, shapes.interpolate_gaps(mask))
    assert [bool(plane.any()) for plane in result] == [False, *[True] * 7, False]
    assert np.array_equal(result[3], mask[2])


@pytest.mark.parametrize(("first", "last"), [(0, 3), (1, 2), (3, 1), (-2, 4), (1, 60)])
def test_without_two_painted_slices_and_one_between_there_is_nothing_to_do(first, last):
    mask = np.zeros((6, 20, 20), np.uint8)
    mask[1] = mask[2] = 1
    assert shapes.interpolate(mask, first=first, last=last) is None


def test_an_empty_or_full_slice_stays_as_it_is():
    empty, full = np.zeros(SHAPE, np.uint8), np.ones(SHAPE, np.uint8)
    for mask in (empty, full):
        assert shapes.grow(mask, by=2) is None
        assert shapes.shrink(mask, by=2, z=1) is None
        assert shapes.smooth(mask, z=1) is None
        assert shapes.interpolate_gaps(mask) is None
    assert shapes.grow(start_mask(), by=0) is None


def _disc(radius, centre):
    y, x = np.mgrid[:64, :64]
    return np.hypot(y - centre[0], x - centre[1]) <= radius

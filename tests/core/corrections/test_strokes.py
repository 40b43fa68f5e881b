"""Brush, threshold brush and polygon: exact shapes, no gaps, nothing outside the box."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage.draw import polygon as reference_polygon

from core.annotation.strokes import (
    covered,
    polygon,
    stroke,
    threshold_brush,
    threshold_stroke,
)
from tests.core.corrections.acting import SHAPE, put, start_mask

_Z = 2
_inside = st.tuples(st.floats(0, SHAPE[1] - 0.01), st.floats(0, SHAPE[2] - 0.01))
_anywhere = st.tuples(st.floats(-60, 110), st.floats(-60, 110))
_size = st.floats(1, 40)
_EMPTY = np.zeros(SHAPE, np.uint8)


@given(_anywhere, _anywhere, _size)
def test_a_stroke_covers_what_lies_within_half_its_size_of_the_line(one, other, size):
    painted = put(_EMPTY, stroke(_EMPTY, _Z, [one, other], size=size))
    assert not np.delete(painted, _Z, axis=0).any()
    distance = _distance_to_line(one, other)
    surely, hardly = distance < size / 2 - 1e-3, distance > size / 2 + 1e-3
    for y, x in (one, other):
        if 0 <= y < SHAPE[1] and 0 <= x < SHAPE[2]:
            assert painted[_Z, int(y), int(x)] == 1
            hardly[int(y), int(x)] = False
    assert painted[_Z][surely].all()
    assert not painted[_Z][hardly].any()


@given(st.lists(_inside, min_size=2, max_size=5), st.floats(1, 6))
def test_a_stroke_has_no_gap_however_far_the_samples_lie_apart(path, size):
    mask = _EMPTY
    for ends in pairwise(path):
        mask = put(mask, stroke(mask, _Z, list(ends), size=size))
    _, pieces = ndimage.label(mask[_Z], np.ones((3, 3)))
    assert pieces == 1


@given(st.lists(_inside, min_size=1, max_size=5), _size)
def test_one_long_path_paints_what_its_parts_paint(path, size):
    whole = put(_EMPTY, stroke(_EMPTY, _Z, path, size=size))
    parts = _EMPTY
    for index in range(max(len(path) - 1, 1)):
        parts = put(parts, stroke(parts, _Z, path[index : index + 2], size=size))
    assert np.array_equal(whole, parts)


def test_the_eraser_takes_away_what_the_brush_paints():
    painted = put(_EMPTY, stroke(_EMPTY, _Z, [(9.5, 9.5), (20.0, 30.0)], size=7))
    assert painted.any()
    erased = put(painted, stroke(painted, _Z, [(9.5, 9.5), (20.0, 30.0)], size=7, value=0))
    assert not erased.any()


def test_the_centre_is_taken_between_the_voxels():
    # A disc of diameter 2 on a corner of the grid holds the four voxels around it.
    on_corner = put(_EMPTY, stroke(_EMPTY, _Z, [(10.0, 10.0)], size=2))
    assert on_corner[_Z, 9:11, 9:11].all()
    assert on_corner.sum() == 4
    in_middle = put(_EMPTY, stroke(_EMPTY, _Z, [(10.5, 10.5)], size=2))
    assert in_middle.sum() == 5


@pytest.mark.parametrize("path", [[], [(-50.0, 3.0)], [(500.0, 500.0), (600.0, 600.0)]])
def test_beyond_the_slice_there_is_nothing_to_paint(path):
    assert stroke(_EMPTY, _Z, path, size=9) is None
    assert covered(SHAPE[1:], path, 9) is None


def test_painting_what_is_painted_makes_no_patch():
    mask = put(_EMPTY, stroke(_EMPTY, _Z, [(10.0, 10.0)], size=9))
    assert stroke(mask, _Z, [(10.0, 10.0)], size=5) is None


@given(_inside, _anywhere, _size, st.integers(0, 60))
def test_the_threshold_brush_paints_the_pixels_of_its_window_only(one, other, size, half_width):
    plane = np.random.default_rng(3).integers(0, 255, SHAPE[1:]).astype(np.uint8)
    brush = threshold_brush(plane, one, size=size, half_width=half_width)
    middle = int(plane[int(one[0]), int(one[1])])
    painted = put(_EMPTY, threshold_stroke(_EMPTY, _Z, [one, other], brush=brush))
    plain = put(_EMPTY, stroke(_EMPTY, _Z, [one, other], size=size))
    allowed = np.abs(plane.astype(int) - middle) <= half_width
    assert np.array_equal(painted[_Z], plain[_Z] * allowed)


@given(st.lists(_anywhere, min_size=3, max_size=12), st.integers(0, 1))
def test_a_polygon_is_scikit_images(points, value):
    mask = start_mask()
    painted = put(mask, polygon(mask, _Z, points, value=value))
    expected = mask.copy()
    outline = np.asarray(points) - 0.5
    rows, columns = reference_polygon(outline[:, 0], outline[:, 1], shape=SHAPE[1:])
    expected[_Z, rows, columns] = value
    differs = np.argwhere(painted != expected)
    # Centres exactly on the outline belong to either side.
    assert all(_on_outline(points, (y + 0.5, x + 0.5)) for _, y, x in differs)


def test_two_points_make_no_polygon():
    assert polygon(_EMPTY, _Z, [(1.0, 1.0), (30.0, 30.0)]) is None


def _distance_to_line(one, other):
    y, x = np.mgrid[: SHAPE[1], : SHAPE[2]] + 0.5
    start, along = np.array(one), np.subtract(other, one)
    length = max(float(along @ along), 1e-12)
    share = np.clip(((y - start[0]) * along[0] + (x - start[1]) * along[1]) / length, 0, 1)
    return np.hypot(y - start[0] - share * along[0], x - start[1] - share * along[1])


def _on_outline(points, centre):
    ends = np.roll(points, -1, axis=0)
    for one, other in zip(np.asarray(points), ends, strict=True):
        along = other - one
        length = float(along @ along)
        share = np.clip((centre - one) @ along / length, 0, 1) if length else 0.0
        if np.hypot(*(centre - one - share * along)) < 1e-6:
            return True
    return False

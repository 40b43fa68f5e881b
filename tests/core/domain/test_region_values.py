"""Ellipses and rectangles over a slice, against pixels counted one by one."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.domain.grid import Grid
from core.domain.plane import AXIAL, CORONAL, PLANES
from core.domain.plane_metric import plane_metric
from core.domain.region_values import region_values

_quarter = st.integers(-12, 60).map(lambda n: n / 4)
_place = st.tuples(_quarter, _quarter)


@given(st.sampled_from(["ellipse", "rectangle"]), _place, _place, st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_values_are_those_of_the_pixels_whose_centre_is_inside(shape, one, other, seed):
    pixels = np.random.default_rng(seed).integers(0, 4000, (9, 12)).astype(np.uint16)
    seen = []
    assume(one[0] != other[0] and one[1] != other[1])
    for r in range(9):
        for c in range(12):
            y, x = r + 0.5, c + 0.5
            half = abs(one[0] - other[0]) / 2, abs(one[1] - other[1]) / 2
            if min(half) <= 0:
                continue
            down = abs(y - (one[0] + other[0]) / 2) / half[0]
            right = abs(x - (one[1] + other[1]) / 2) / half[1]
            away = down**2 + right**2 if shape == "ellipse" else max(down, right)
            if abs(away - 1) < 1e-9:
                return  # on the line: either is right
            if away < 1:
                seen.append(int(pixels[r, c]))
    metric = plane_metric(Grid((3, 9, 12), None, (5.0, 0.7, 1.3)), AXIAL)
    found = region_values(pixels, shape, (one, other), metric)
    assert found.pixels == len(seen)
    assert found.area == pytest.approx(len(seen) * 0.7 * 1.3)
    if seen:
        assert found.mean == pytest.approx(np.mean(seen))
        assert found.sd == pytest.approx(np.std(seen), abs=1e-9)
        assert (found.low, found.high) == (min(seen), max(seen))
    else:
        assert found.mean is None


def test_the_area_of_a_pixel_of_a_sheared_grid_is_that_of_its_parallelogram():
    affine = np.array([[2.0, 0.5, 0, 0], [0, 3.0, 0.4, 0], [0.2, 0, 4.0, 0], [0, 0, 0, 1]])
    grid = Grid((3, 4, 5), affine)
    for plane in PLANES.values():
        _, row, column = plane.turn.axes
        expected = np.linalg.norm(np.cross(affine[:3, 2 - row], affine[:3, 2 - column]))
        assert plane_metric(grid, plane).pixel_area == pytest.approx(expected)


def test_lengths_are_in_voxels_where_no_spacing_is_known():
    metric = plane_metric(Grid((3, 4, 5)), CORONAL)
    assert metric.unit == "voxels"
    assert metric.length((0, 0), (3, 4)) == 5.0

"""The largest diameters, against a search through all corners of all pixels."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from core.domain.diameters import Diameters, largest_diameters, lesion_at
from core.domain.grid import Grid
from core.domain.plane import AXIAL, CORONAL, PLANES, SAGITTAL, Plane

_AROUND = list(itertools.product((0, 1), repeat=2))


def sheared(shape, *, seed=0):
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = np.diag(rng.uniform(0.4, 5.0, 3) * rng.choice([-1, 1], 3))
    affine[:3, :3] += rng.uniform(-0.2, 0.2, (3, 3))
    affine[:3, 3] = rng.uniform(-90, 90, 3)
    return Grid(shape, affine)


def millimetres(grid: Grid, plane: Plane, place):
    """Return where (slice, row, column), along the edges of pixels, lies: by the affine alone."""
    sizes = plane.turned(grid.shape)
    at = [place[0], place[1] - 0.5, place[2] - 0.5]  # indices of voxels, which are their centres
    at = [sizes[n] - 1 - at[n] if n in plane.turn.flips else at[n] for n in range(3)]
    voxel = [0.0, 0.0, 0.0]
    for new, axis in enumerate(plane.turn.axes):
        voxel[axis] = at[new]
    if grid.affine is None:
        return np.array(voxel) * (grid.spacing_mm or (1, 1, 1))
    return grid.to_patient(voxel)


def brute(mask, grid, plane):
    """Return the length of the longest line by trying every two corners of one piece."""
    cut, best = plane.apply(mask), 0.0
    for index in range(len(cut)):
        labelled, count = ndimage.label(cut[index], np.ones((3, 3)))
        for number in range(1, count + 1):
            corners = {
                (r + i, c + j) for r, c in np.argwhere(labelled == number) for i, j in _AROUND
            }
            points = np.array([millimetres(grid, plane, (index, *each)) for each in corners])
            apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
            best = max(best, float(apart.max()))
    return best


def brute_across(mask, grid, plane, found: Diameters):
    """Return the longest line at 90° by cutting every square of the piece along close lines."""
    cut = plane.apply(mask)[found.index]
    labelled, _ = ndimage.label(cut, np.ones((3, 3)))
    start = next(
        labelled[r, c]
        for r, c in np.argwhere(labelled > 0)
        if any(
            abs(r + i - found.longest[0][0]) < 1e-6 and abs(c + j - found.longest[0][1]) < 1e-6
            for i, j in _AROUND
        )
    )
    one, other = (millimetres(grid, plane, (found.index, *end)) for end in found.longest)
    along = (other - one) / np.linalg.norm(other - one)
    origin = millimetres(grid, plane, (found.index, 0, 0))
    normal = np.cross(
        millimetres(grid, plane, (found.index, 1, 0)) - origin,
        millimetres(grid, plane, (found.index, 0, 1)) - origin,
    )
    across = np.cross(normal / np.linalg.norm(normal), along)
    squares = []
    for r, c in np.argwhere(labelled == start):
        ring = [(r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c)]
        points = [millimetres(grid, plane, (found.index, *each)) - origin for each in ring]
        squares.append([(float(p @ along), float(p @ across)) for p in points])
    places = sorted({round(a, 9) for square in squares for a, _ in square})
    places += [(a + b) / 2 for a, b in itertools.pairwise(places)]
    best = 0.0
    for place in places:
        seen = []
        for square in squares:
            for (a0, u0), (a1, u1) in zip(square, square[1:] + square[:1], strict=True):
                if min(a0, a1) - 1e-7 <= place <= max(a0, a1) + 1e-7:
                    if abs(a1 - a0) < 1e-9:
                        seen += [u0, u1]
                    else:
                        share = min(max((place - a0) / (a1 - a0), 0.0), 1.0)
                        seen.append(u0 + share * (u1 - u0))
        if seen:
            best = max(best, max(seen) - min(seen))
    return best


@st.composite
def cases(draw):
    shape = draw(st.tuples(st.integers(1, 4), st.integers(2, 7), st.integers(2, 7)))
    seed = draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    mask = (rng.random(shape) < draw(st.floats(0.1, 0.9))).astype(np.uint8)
    kind = draw(st.sampled_from(["sheared", "anisotropic", "unknown"]))
    if kind == "sheared":
        grid = sheared(shape, seed=seed)
    elif kind == "anisotropic":
        grid = Grid(shape, None, tuple(rng.uniform(0.3, 6.0, 3)))
    else:
        grid = Grid(shape)
    return mask, grid, draw(st.sampled_from(list(PLANES.values())))


@given(cases())
@settings(max_examples=120, deadline=None)
def test_diameters_are_those_of_a_brute_force_search(case):
    mask, grid, plane = case
    found = largest_diameters(mask, grid, plane)
    if not mask.any():
        assert found is None
        return
    longest, across = found.lengths
    assert longest == pytest.approx(brute(mask, grid, plane), rel=1e-9)
    assert across == pytest.approx(brute_across(mask, grid, plane, found), rel=1e-6)
    assert across <= longest * (1 + 1e-9)


@given(cases())
@settings(max_examples=60, deadline=None)
def test_lines_are_at_right_angles_in_the_patient_and_as_long_as_they_say(case):
    mask, grid, plane = case
    found = largest_diameters(mask, grid, plane)
    if found is None:
        return
    ends = [
        [millimetres(grid, plane, (found.index, *end)) for end in line]
        for line in (found.longest, found.perpendicular)
    ]
    one, other = (line[1] - line[0] for line in ends)
    assert np.linalg.norm(one) == pytest.approx(found.lengths[0], rel=1e-9)
    assert np.linalg.norm(other) == pytest.approx(found.lengths[1], rel=1e-9, abs=1e-9)
    assert abs(one @ other) < 1e-6 * max(np.linalg.norm(one) * np.linalg.norm(other), 1e-3)


def test_a_line_runs_from_edge_to_edge_of_voxels():
    mask = np.zeros((1, 9, 9), np.uint8)
    mask[0, 4, 2:7] = 1
    found = largest_diameters(mask, Grid((1, 9, 9), None, (5.0, 3.0, 2.0)), AXIAL)
    assert found.metric.unit == "mm"
    assert found.lengths[0] == pytest.approx(math.hypot(5 * 2.0, 3.0))
    assert found.longest[0][0] in (4.0, 5.0)


def test_two_pieces_on_a_slice_are_not_bridged():
    mask = np.zeros((1, 5, 20), np.uint8)
    mask[0, 2, 1:4] = mask[0, 2, 15:19] = 1
    found = largest_diameters(mask, Grid((1, 5, 20)), AXIAL)
    assert found.lengths[0] == pytest.approx(math.hypot(4, 1))
    assert found.metric.unit == "voxels"


def test_each_plane_has_diameters_of_its_own():
    mask = np.ones((3, 5, 7), np.uint8)
    grid = Grid(mask.shape)
    lengths = [largest_diameters(mask, grid, p).lengths[0] for p in (AXIAL, CORONAL, SAGITTAL)]
    assert lengths == pytest.approx([math.hypot(5, 7), math.hypot(3, 7), math.hypot(3, 5)])


def test_the_lesion_at_a_voxel_else_the_largest():
    mask = np.zeros((3, 8, 8), np.uint8)
    mask[0, 0, 0] = 1
    mask[1, 1, 1] = 1  # joined by a corner
    mask[2, 5:8, 5:8] = 1
    assert lesion_at(mask, (0, 0, 0)).sum() == 2
    assert lesion_at(mask, (0, 7, 7)).sum() == 9
    assert lesion_at(mask).sum() == 9
    assert lesion_at(np.zeros((1, 2, 2), np.uint8)) is None

"""What the tools paint in a plane, against a raster made by hand from the patient's millimetres."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.annotation import strokes
from core.annotation.patch import in_plane, replayed
from core.annotation.strokes import Tip
from core.domain.grid import Grid
from core.domain.plane import PLANES, Plane

NEAR = 1e-3
SIDES = st.integers(3, 14)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Return a grid as volumes lie in memory, of files in any orientation, spacing and shape."""
    stored = tuple(draw(SIDES) for _ in range(3))
    order = draw(st.permutations([0, 1, 2]))
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    affine[:3, 3] = [draw(st.floats(-50, 50)) for _ in range(3)]
    for axis, patient in enumerate(order):
        side = draw(st.sampled_from([0.5, 1.0, 1.3, 3.0, 5.0]))
        affine[patient, axis] = draw(st.sampled_from([-1.0, 1.0])) * side
    return Grid((stored[0], stored[1], stored[2]), affine).canonical()[0]


@st.composite
def drawings(draw: st.DrawFn) -> tuple[Grid, Plane, int, list[tuple[float, float]]]:
    grid, plane = draw(grids()), draw(st.sampled_from(list(PLANES.values())))
    slices, rows, columns = plane.turned(grid.shape)
    point = st.tuples(st.floats(0, rows - 0.01), st.floats(0, columns - 0.01))
    path = draw(st.lists(point, min_size=1, max_size=4))
    return grid, plane, draw(st.integers(0, slices - 1)), path


def in_patient(grid: Grid, plane: Plane, index: int, at: tuple[float, float]) -> np.ndarray:
    """Return the mm of a point of a slice, by the edges of voxels that it lies between."""
    corner = np.array(plane.place((0, 0, 0), grid.shape), float)
    far = np.array(plane.place(tuple(side - 1 for side in grid.shape), grid.shape), float)
    voxel = np.empty(3)
    for new, axis in enumerate(plane.turn.axes):
        along = (index, at[0] - 0.5, at[1] - 0.5)[new]
        voxel[axis] = corner[new] - along if far[new] < corner[new] else along
    return np.asarray(grid.to_patient(voxel))


def distances(grid: Grid, points: list[np.ndarray]) -> np.ndarray:
    """Return the mm from every voxel's centre to the nearest place of a path."""
    centres = grid.to_patient(np.moveaxis(np.indices(grid.shape), 0, -1))
    ends = points if len(points) > 1 else points * 2
    found = np.full(grid.shape, np.inf)
    for one, other in itertools.pairwise(ends):
        along = other - one
        length = float(along @ along)
        share = 0.0 if length == 0 else np.clip((centres - one) @ along / length, 0, 1)
        nearest = one + np.asarray(share)[..., np.newaxis] * along
        found = np.minimum(found, np.linalg.norm(centres - nearest, axis=-1))
    return found


def on_slice(grid: Grid, plane: Plane, index: int) -> np.ndarray:
    inside = np.zeros(grid.shape, bool)
    plane.apply(inside)[index] = True
    return inside


def under(grid: Grid, plane: Plane, index: int, path: list[tuple[float, float]]) -> np.ndarray:
    found = np.zeros(grid.shape, bool)
    for row, column in path:
        found[plane.voxel((index, int(row), int(column)), grid.shape)] = True
    return found


@given(drawings(), st.floats(1.0, 12.0), st.booleans())
def test_a_brush_paints_what_lies_within_its_millimetres(drawing, size: float, ball) -> None:
    grid, plane, index, path = drawing
    spacing = plane.turned(grid.spacing_mm)
    tip = Tip(spacing, ball)
    mask = np.zeros(grid.shape, np.uint8)
    patch = in_plane(plane, lambda cut: strokes.stroke(cut, index, path, size=size, tip=tip))(mask)
    painted = (mask if patch is None else replayed(mask, patch)) > 0
    apart = distances(grid, [in_patient(grid, plane, index, at) for at in path])
    wanted = (apart <= size / 2) & (ball | on_slice(grid, plane, index))
    wanted |= under(grid, plane, index, path)
    unsure = np.abs(apart - size / 2) < NEAR
    np.testing.assert_array_equal(painted[~unsure], wanted[~unsure])


@given(drawings(), st.floats(2.0, 12.0), st.booleans(), st.floats(5, 80))
def test_a_threshold_brush_keeps_to_its_window_in_every_plane(drawing, size, ball, half) -> None:
    grid, plane, index, path = drawing
    pixels = np.random.default_rng(3).integers(0, 100, grid.shape).astype(np.int16)
    turned, tip = plane.apply(pixels), Tip(plane.turned(grid.spacing_mm), ball)
    brush = strokes.threshold_brush(turned[index], path[0], size=size, half_width=half)
    brush = strokes.ThresholdBrush(
        brush.plane, brush.low, brush.high, brush.size, volume=turned if ball else None
    )
    mask = np.zeros(grid.shape, np.uint8)

    def make(cut: np.ndarray, *, held: bool) -> object:
        if held:
            return strokes.threshold_stroke(cut, index, path, brush=brush, tip=tip)
        return strokes.stroke(cut, index, path, size=size, tip=tip)

    found = [in_plane(plane, lambda cut, h=h: make(cut, held=h))(mask) for h in (True, False)]
    held, free = (mask if patch is None else replayed(mask, patch) for patch in found)
    first = float(pixels[plane.voxel((index, int(path[0][0]), int(path[0][1])), grid.shape)])
    np.testing.assert_array_equal(held > 0, (free > 0) & (np.abs(pixels - first) <= half))


@given(drawings())
def test_a_polygon_paints_the_centres_it_shuts_in(drawing) -> None:
    grid, plane, index, path = drawing
    mask = np.zeros(grid.shape, np.uint8)
    patch = in_plane(plane, lambda cut: strokes.polygon(cut, index, path))(mask)
    painted = (mask if patch is None else replayed(mask, patch)) > 0
    _, rows, columns = plane.turned(grid.shape)
    wanted = np.zeros(grid.shape, bool)
    for row in range(rows if len(path) > 2 else 0):
        for column in range(columns):
            at = plane.voxel((index, row, column), grid.shape)
            wanted[at] = crossings(path, row + 0.5, column + 0.5) % 2 == 1
    np.testing.assert_array_equal(painted, wanted)


def crossings(path: list[tuple[float, float]], y: float, x: float) -> int:
    """Count how often an outline is met on the way from the left edge to a point."""
    count = 0
    for (y0, x0), (y1, x1) in zip(path, path[1:] + path[:1], strict=True):
        if (y0 <= y) != (y1 <= y):
            count += x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x
    return count


@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES)
def test_a_disc_of_millimetres_is_an_ellipse_of_long_voxels(plane: Plane) -> None:
    shape, spacing = (41, 41, 41), (5.0, 1.0, 2.0)
    _, row, column = plane.turned(spacing)
    mask = np.zeros(shape, np.uint8)
    tip = Tip(plane.turned(spacing))
    patch = in_plane(plane, lambda cut: strokes.stroke(cut, 20, [(20.5, 20.5)], size=20, tip=tip))(
        mask
    )
    assert patch is not None
    cut = plane.apply(replayed(mask, patch))[20]
    high, wide = np.ptp(np.nonzero(cut.any(axis=1))), np.ptp(np.nonzero(cut.any(axis=0)))
    assert (high, wide) == (2 * (10 // row), 2 * (10 // column))

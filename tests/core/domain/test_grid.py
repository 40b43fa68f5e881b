import math

import nibabel
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nibabel.orientations import (
    apply_orientation,
    axcodes2ornt,
    inv_ornt_aff,
    io_orientation,
    ornt_transform,
)
from scipy.spatial.transform import Rotation

from core.domain.grid import Grid

LPS = "LPS"
LENGTHS = st.floats(0.2, 8.0)
ANGLES = st.floats(-180, 180)


@st.composite
def affines(draw):
    """Any rotation, mirrored or not, with spacing, some shear and an origin."""
    turn = Rotation.from_euler("xyz", [draw(ANGLES) for _ in range(3)], degrees=True).as_matrix()
    scale = np.diag([draw(LENGTHS) for _ in range(3)])
    scale[0, 0] *= draw(st.sampled_from([-1, 1]))
    shear = np.eye(3)
    shear[0, 1] = draw(st.floats(-0.3, 0.3))
    affine = np.eye(4)
    affine[:3, :3] = turn @ shear @ scale
    affine[:3, 3] = [draw(st.floats(-300, 300)) for _ in range(3)]
    return affine


SHAPES = st.tuples(*[st.integers(1, 5)] * 3)


def clear(affine):
    """Leave out the ties, which rounding decides."""
    columns = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    u, _, v = np.linalg.svd(columns)
    sizes = np.sort(np.abs(u @ v), axis=0)
    best = np.sort(sizes[2])
    return (sizes[2] - sizes[1]).min() > 1e-4 and np.diff(best).min() > 1e-9


def voxels(shape):
    return np.arange(math.prod(shape), dtype=np.int32).reshape(shape)


@given(affines(), SHAPES)
@settings(max_examples=200, deadline=None)
def test_canonical_is_what_nibabel_turns_into_lps(affine, shape):
    assume(clear(affine))
    grid = Grid(shape, affine)
    canonical, turn = grid.canonical()
    stored = voxels(shape)

    turning = ornt_transform(io_orientation(affine), axcodes2ornt(LPS))
    expected = apply_orientation(stored.T, turning).T
    assert np.array_equal(turn.apply(stored), expected)
    assert canonical.shape == expected.shape
    assert np.allclose(canonical.affine, affine @ inv_ornt_aff(turning, stored.T.shape))
    assert canonical.orientation == LPS
    assert grid.orientation == "".join(nibabel.aff2axcodes(affine))


@given(affines(), SHAPES)
@settings(max_examples=200, deadline=None)
def test_turning_and_back_gives_every_voxel_its_place(affine, shape):
    grid = Grid(shape, affine)
    canonical, turn = grid.canonical()
    stored = np.stack([voxels(shape), -voxels(shape)])

    assert np.array_equal(turn.undo(turn.apply(stored)), stored)
    place = grid.to_patient(np.stack(np.indices(shape), -1))
    turned = turn.apply(np.moveaxis(place, -1, 0))
    assert np.allclose(
        np.moveaxis(turned, 0, -1),
        canonical.to_patient(np.stack(np.indices(canonical.shape), -1)),
    )


@given(affines(), SHAPES)
@settings(max_examples=50, deadline=None)
def test_canonical_of_canonical_is_itself(affine, shape):
    assume(clear(affine))
    canonical, _ = Grid(shape, affine).canonical()
    again, turn = canonical.canonical()
    assert turn.axes == (0, 1, 2)
    assert turn.flips == ()
    assert again == canonical


def test_lps_file_is_left_alone():
    affine = np.diag([-1.0, -1, 1, 1])
    grid, turn = Grid((3, 4, 5), affine).canonical()
    assert grid == Grid((3, 4, 5), affine)
    assert (turn.axes, turn.flips) == ((0, 1, 2), ())


def test_spacing_is_in_array_order_and_volume_in_millilitres():
    grid = Grid((2, 3, 4), np.diag([0.5, 1, 4, 1]))
    assert grid.spacing_mm == (4, 1, 0.5)
    assert grid.voxel_ml == pytest.approx(0.002)
    assert grid.length_unit == "mm"
    mirrored = Grid((2, 3, 4), np.diag([-0.5, 1, 4, 1]))
    assert mirrored.voxel_ml == pytest.approx(0.002)


def test_unknown_orientation_keeps_a_known_spacing():
    grid = Grid((2, 3, 4), None, (4, 1, 0.5))
    assert grid.orientation is None
    assert grid.plane is None
    assert grid.voxel_ml == pytest.approx(0.002)
    assert grid.canonical()[0] is grid
    assert Grid((2, 3, 4)).length_unit == "voxels"
    assert Grid((2, 3, 4)).voxel_ml is None
    with pytest.raises(ValueError, match="unknown"):
        grid.to_patient((0, 0, 0))


@pytest.mark.parametrize(
    ("columns", "plane"),
    [
        (([1, 0, 0], [0, 1, 0], [0, 0, 5]), "axial"),
        (([1, 0, 0], [0, 0, 1], [0, 5, 0]), "coronal"),
        (([0, 1, 0], [0, 0, 1], [5, 0, 0]), "sagittal"),
        (([5, 0, 0], [0, 1, 0], [0, 0, 1]), "sagittal"),  # thick along x although stored last
        (([1, 0, 0], [0, 1, 0], [0, 0, 1]), "axial"),
        (([2, 0, 0], [0, 1.9, 0], [0, 0, 1]), "axial"),  # hardly longer than the next one
    ],
)
def test_plane_is_across_the_thick_axis(columns, plane):
    affine = np.eye(4)
    affine[:3, :3] = np.array(columns, float).T
    assert Grid((9, 9, 9), affine).plane == plane


def test_shear_and_obliquity_are_in_degrees():
    tilted = np.eye(4)
    tilted[1, 2] = math.tan(math.radians(14))
    assert Grid((2, 2, 2), tilted).shear_degrees == pytest.approx(14)
    turned = np.eye(4)
    turned[:3, :3] = Rotation.from_euler("z", 10, degrees=True).as_matrix()
    grid = Grid((2, 2, 2), turned)
    assert grid.obliquity_degrees == pytest.approx(10)
    assert grid.shear_degrees == pytest.approx(0, abs=1e-5)


def test_differences_are_named():
    shape = (10, 20, 30)
    grid = Grid(shape, np.eye(4))

    def other(change, size=shape):
        affine = np.eye(4)
        change(affine)
        return grid.difference(Grid(size, affine))

    assert other(lambda a: None) is None
    assert other(lambda a: a.__setitem__((0, 1), 1e-8)) is None
    assert "origin 5 mm" in other(lambda a: a.__setitem__((2, 3), 5))
    assert "spacing of 1×1×2 mm" in other(lambda a: a.__setitem__((0, 0), 2))
    assert "turned" in other(lambda a: a.__setitem__((0, 1), 0.03))
    assert "10×20×31 voxels" in other(lambda a: None, (10, 20, 31))
    assert "orientation of LAS" in other(lambda a: a.__setitem__((0, 0), -1))
    assert "orientation" in grid.difference(Grid(shape))
    assert "orientation" in Grid(shape).difference(grid)
    assert Grid(shape).same_grid(Grid(shape))
    assert not Grid(shape, None, (1, 1, 1)).same_grid(Grid(shape))
    assert not Grid(shape, None, (1, 1, 1)).same_grid(Grid(shape, None, (2, 1, 1)))
    assert Grid(shape, None, (1, 1, 1)).same_grid(Grid(shape, None, (1, 1, 1.00001)))


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), np.diag([1.0, 1, 0, 1]), np.eye(3)])
def test_affine_without_inverse_is_refused(bad):
    with pytest.raises(ValueError, match="invertible"):
        Grid((2, 2, 2), bad)
    flat = np.eye(4)
    flat[:3, 2] = flat[:3, 1]
    with pytest.raises(ValueError, match="invertible"):
        Grid((2, 2, 2), flat)


def test_grids_are_values():
    affine = np.eye(4)
    grid = Grid((2, 2, 2), affine)
    affine[0, 3] = 7
    assert grid == Grid((2, 2, 2), np.eye(4))
    assert len({grid, Grid((2, 2, 2), np.eye(4)), Grid((2, 2, 2))}) == 2
    assert grid != "a grid"
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 0] = 2

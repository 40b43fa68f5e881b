"""Counts of the slices across any axis, and slices as cuts of a plane."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.domain.grid import Grid
from core.domain.metrics import counts_along, slice_counts
from core.domain.plane import PLANES, Cut, acquired

SHAPES = st.tuples(*[st.integers(1, 7)] * 3)


@given(SHAPES, st.sampled_from(list(PLANES.values())), st.randoms(use_true_random=False))
def test_counts_of_a_plane_are_those_of_its_turned_masks(shape, plane, random) -> None:
    rng = np.random.default_rng(random.randrange(2**32))
    truth, mask = ((rng.random(shape) < rng.random()).astype(np.uint8) for _ in range(2))
    found = counts_along(plane.axis, truth, mask)
    turned = [np.ascontiguousarray(plane.apply(each)) for each in (truth, mask)]
    wanted = slice_counts(*turned)
    for name in ("true_positive", "false_positive", "false_negative"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    assert found.area == wanted.area


@given(SHAPES, st.sampled_from(list(PLANES.values())), st.data())
def test_a_cut_shows_the_voxels_it_names(shape, plane, data) -> None:
    volume = np.arange(np.prod(shape)).reshape(shape)
    cut = Cut(plane, data.draw(st.integers(0, shape[plane.axis] - 1)))
    shown = cut.of(volume)
    row, column = (data.draw(st.integers(0, side - 1)) for side in shown.shape)
    voxel = cut.voxel(row, column, shape)
    assert voxel is not None
    assert shown[row, column] == volume[voxel]
    assert plane.place(voxel, shape) == (cut.index, row, column)
    assert cut.voxel(shown.shape[0], column, shape) is None


@given(SHAPES, st.sampled_from(list(PLANES.values())), st.data())
def test_a_box_of_the_volume_is_the_same_voxels_in_a_plane(shape, plane, data) -> None:
    ends = [sorted(data.draw(st.tuples(*[st.integers(0, side)] * 2))) for side in shape]
    box = tuple(at for pair in ends for at in pair)
    volume = np.arange(np.prod(shape)).reshape(shape)
    cut = plane.cut_box(box, shape)
    assert plane.box(cut, shape) == box
    where, there = (
        tuple(slice(*each[2 * axis : 2 * axis + 2]) for axis in range(3)) for each in (box, cut)
    )
    assert set(volume[where].ravel()) == set(plane.apply(volume)[there].ravel())


def test_a_grid_of_which_nothing_is_known_is_shown_axially() -> None:
    assert acquired(Grid((2, 3, 4))) is PLANES["axial"]


@given(st.permutations([0, 1, 2]), st.sampled_from([1.0, 4.0]), st.integers(0, 2))
def test_a_volume_is_shown_in_the_plane_its_files_name(order, thick, side) -> None:
    """As the stored grid says it, though the volume lies in canonical order."""
    sides = [1.0, 1.0, 1.0]
    sides[side] = thick
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    for axis, (patient, length) in enumerate(zip(order, sides, strict=True)):
        affine[patient, axis] = length
    stored = Grid((4, 5, 6), affine)
    grid, turn = stored.canonical()
    assert acquired(grid, turn).name == stored.plane

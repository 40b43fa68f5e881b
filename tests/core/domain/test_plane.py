"""Planes are index maps: what goes to a plane comes back to the same voxel, box and array."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.domain.components import box_slices
from core.domain.plane import AXIAL, CORONAL, PLANES, SAGITTAL, Plane

_planes = st.sampled_from(tuple(PLANES.values()))
_shapes = st.tuples(*[st.integers(1, 5)] * 3)


@given(_planes, _shapes, st.data())
def test_a_voxel_stands_where_its_plane_shows_it_and_comes_back(
    plane: Plane, shape: tuple[int, int, int], data: st.DataObject
) -> None:
    voxel = data.draw(st.tuples(*(st.integers(0, size - 1) for size in shape)))
    array = np.arange(np.prod(shape)).reshape(shape)
    place = plane.place(voxel, shape)
    assert plane.apply(array)[place] == array[voxel]
    assert plane.voxel(place, shape) == voxel
    assert plane.apply(array).shape == plane.turned(shape)
    assert np.array_equal(plane.undo(plane.apply(array)), array)


@given(_planes, _shapes, st.data())
def test_a_box_of_a_plane_is_the_same_voxels_of_the_volume(
    plane: Plane, shape: tuple[int, int, int], data: st.DataObject
) -> None:
    bounds: list[int] = []
    for size in plane.turned(shape):
        start = data.draw(st.integers(0, size - 1))
        bounds += [start, data.draw(st.integers(start + 1, size))]
    cut = (bounds[0], bounds[1], bounds[2], bounds[3], bounds[4], bounds[5])
    array = np.arange(np.prod(shape)).reshape(shape)
    there = np.sort(array[box_slices(plane.box(cut, shape))], axis=None)
    assert np.array_equal(there, np.sort(plane.apply(array)[box_slices(cut)], axis=None))


def test_superior_is_above_and_anterior_at_the_left_of_a_sagittal_slice() -> None:
    array = np.zeros((4, 5, 6), int)  # z grows to superior, y to posterior, x to the left
    array[3], array[:, 0], array[:, :, 0] = 1, 2, 3
    assert (CORONAL.apply(array)[2, 0, 1:] == 1).all()
    assert (SAGITTAL.apply(array)[2, :, 0] == 2).all()
    assert (AXIAL.apply(array)[2, :, 0] == 3).all()
    assert (CORONAL.apply(array)[2, :, 0] == 3).all()

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.grid import Grid
from core.domain.placement import placement


def labels_of(shape):
    return np.random.default_rng(3).integers(0, 3, shape, np.uint8)


@st.composite
def turns(draw):
    """Any order of axes, any of them backwards, as an affine of unit voxels."""
    order = draw(st.permutations(range(3)))
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, order] * [draw(st.sampled_from([-1, 1])) for _ in range(3)]
    affine[:3, 3] = [draw(st.integers(-3, 3)) for _ in range(3)]
    return affine


@given(turns())
@settings(max_examples=100, deadline=None)
def test_every_label_keeps_its_place_in_the_patient(turned):
    target = Grid((30, 31, 32), np.diag([-0.5, 2, 3, 1.0]))
    source = Grid((4, 5, 6), target.affine @ shifted() @ turned)
    labels = labels_of(source.shape)
    found = placement(source, target).apply(labels)
    for value in (1, 2):
        ours = np.sort(target.to_patient(np.argwhere(found == value)).round(3), axis=0)
        theirs = np.sort(source.to_patient(np.argwhere(labels == value)).round(3), axis=0)
        assert np.allclose(ours, theirs)


def shifted():
    move = np.eye(4)
    move[:3, 3] = 12
    return move


def test_the_same_grid_needs_nothing():
    grid = Grid((4, 5, 6), np.diag([2.0, 3, 4, 1]))
    found = placement(grid, grid)
    assert found.is_same
    assert np.array_equal(found.apply(labels_of(grid.shape)), labels_of(grid.shape))


def test_a_label_outside_is_not_lost_silently():
    target = Grid((4, 5, 6), np.eye(4))
    far = np.eye(4)
    far[2, 3] = 3
    labels = labels_of((4, 5, 6))
    assert placement(Grid((4, 5, 6), far), target).apply(labels) is None
    far[2, 3] = 99
    assert placement(Grid((4, 5, 6), far), target).apply(labels) is None
    labels[1:] = 0
    far[2, 3] = 3
    assert placement(Grid((4, 5, 6), far), target).apply(labels)[3].tolist() == labels[0].tolist()


def test_other_voxels_have_no_placement():
    grid = Grid((4, 5, 6), np.eye(4))
    assert placement(Grid((4, 5, 6), np.diag([1.2, 1, 1, 1])), grid) is None
    moved = np.eye(4)
    moved[0, 3] = 0.4
    assert placement(Grid((4, 5, 6), moved), grid) is None
    turned = np.eye(4)
    turned[0, 1] = 0.05
    assert placement(Grid((4, 5, 6), turned), grid) is None
    assert placement(Grid((4, 5, 6)), grid) is None
    assert placement(Grid((4, 5, 6)), Grid((4, 5, 6))).is_same
    assert placement(Grid((4, 5, 7)), Grid((4, 5, 6))) is None

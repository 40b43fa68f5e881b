"""Surfaces against the masks they are of: volume, place, direction, and every piece of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from core.domain.grid import Grid
from core.domain.surface_mesh import Mesh, mask_mesh, mesh_affine, voxel_at


def ball(radius=9.0, shape=(26, 28, 30), centre=(12, 14, 16)):
    at = np.indices(shape)
    apart = sum((axis - middle) ** 2 for axis, middle in zip(at, centre, strict=True))
    return (apart <= radius**2).astype(np.uint8)


def sheared(shape, *, flip=1.0):
    affine = np.array(
        [[-2.0, 0.3, 0, 40], [0.1, -1.5, 0.2, 9], [0, 0.1, 4.0 * flip, -70], [0, 0, 0, 1]]
    )
    return Grid(shape, affine)


def whole(mesh: Mesh) -> bool:
    """Return whether every edge belongs to two triangles, which run along it both ways."""
    f = mesh.faces
    ends = np.concatenate([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]])
    there = {tuple(pair) for pair in ends.tolist()}
    return len(there) == len(ends) and all((b, a) in there for a, b in there)


@pytest.mark.parametrize("flip", [1.0, -1.0])
@pytest.mark.parametrize("rounds", [0, 10])
def test_a_surface_encloses_the_volume_of_its_mask_outwards(flip, rounds):
    mask = ball()
    grid = sheared(mask.shape, flip=flip)
    mesh = mask_mesh(mask, grid, rounds=rounds)
    assert mesh.volume == pytest.approx(mask.sum() * grid.voxel_ml * 1000, rel=0.02)
    assert whole(mesh)
    middle = grid.to_patient([12, 14, 16])
    outwards = np.einsum("ij,ij->i", mesh.normals(), mesh.vertices - middle)
    assert outwards.min() > 0


def test_places_are_those_of_the_patient_else_of_the_grid():
    mask = ball()
    known = sheared(mask.shape)
    mesh = mask_mesh(mask, known)
    centre = mesh.vertices.mean(axis=0)
    assert np.linalg.norm(centre - known.to_patient([12, 14, 16])) < 0.5
    assert voxel_at(centre, known) == (12, 14, 16)
    unknown = Grid(mask.shape)
    middle = mask_mesh(mask, unknown).vertices.mean(axis=0)
    assert middle == pytest.approx((16, 14, 12), abs=0.2)
    spaced = Grid(mask.shape).with_given((3.0, 2.0, 1.0))
    assert mask_mesh(mask, spaced).vertices.mean(axis=0) == pytest.approx((16, 28, 36), abs=0.6)
    assert voxel_at((-50, 1e9, 3.1), spaced) == (1, 27, 0)


@given(st.integers(0, 2**31), st.floats(0.02, 0.7))
@settings(max_examples=40, deadline=None)
def test_no_piece_is_lost_and_each_is_whole(seed, share):
    mask = (np.random.default_rng(seed).random((4, 5, 6)) < share).astype(np.uint8)
    mesh = mask_mesh(mask, Grid(mask.shape))
    if not mask.any():
        assert mesh is None
        return
    # A piece joined by faces has at least one surface of its own.
    labelled, count = ndimage.label(mask)
    for number in range(1, count + 1):
        voxels = np.argwhere(labelled == number)[:, ::-1]
        near = np.abs(mesh.vertices[:, None] - voxels[None]).max(axis=-1).min(axis=1) <= 0.75
        assert near.any()
    assert mesh.volume > 0


def test_a_coarser_surface_encloses_about_as_much():
    mask = ball(11.0)
    fine, coarse = (mask_mesh(mask, Grid(mask.shape), step=step) for step in (1, 3))
    assert len(coarse.faces) < len(fine.faces) / 4
    assert coarse.volume == pytest.approx(fine.volume, rel=0.15)
    assert coarse.vertices.mean(axis=0) == pytest.approx(fine.vertices.mean(axis=0), abs=0.5)


def test_the_affine_of_a_known_grid_is_its_own():
    grid = sheared((3, 4, 5))
    assert (mesh_affine(grid) == grid.affine).all()

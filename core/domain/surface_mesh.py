"""Surfaces of masks as triangles, in the millimetres of the patient where those are known.

Marching cubes (Lorensen and Cline 1987, as Lewiner et al. 2003 have it) between the centres of
voxels, then Taubin's smoothing (1995), which takes the steps of voxels away and no volume, and
loses no piece however small.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.components import MaskLike, bounding_box, box_slices
from core.domain.grid import Affine, Grid
from core.domain.mask import Mask, binarise
from core.domain.plane import Voxel

_FORWARD, _BACK = 0.5, -0.53
_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles whose corners run against the clock seen from outside.

    `vertices` (N, 3) are (x, y, z) as `mesh_affine` has them, `faces` (M, 3) rows of them.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]

    @property
    def volume(self) -> float:
        """What it encloses, in the cube of its unit; by the divergence theorem."""
        return _volume(self.vertices.astype(np.float64), self.faces)

    def normals(self) -> NDArray[np.float32]:
        """Return unit vectors (N, 3) outwards at each vertex, larger triangles weighing more."""
        one, two, three = (self.vertices[self.faces[:, n]] for n in range(3))
        across = np.cross(two - one, three - one)
        found = np.empty_like(self.vertices)
        for axis in range(3):
            weights = np.repeat(across[:, axis], 3)
            found[:, axis] = np.bincount(
                self.faces.ravel(), weights=weights, minlength=len(self.vertices)
            )
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.where(length > 0, length, 1.0), np.float32)


def mesh_affine(grid: Grid) -> Affine:
    """Return the map of voxel indices (x, y, z, 1) to the places of meshes.

    Patient millimetres in RAS+ where they are known; else along the axes of the grid from its first
    voxel, in mm or, where no spacing is known, in voxels.
    """
    if grid.affine is not None:
        return grid.affine
    z, y, x = grid.spacing_mm or (1.0, 1.0, 1.0)
    return np.diag([x, y, z, 1.0])


def mask_mesh(
    mask: MaskLike, grid: Grid, *, step: int = 1, rounds: int = _ROUNDS, most: int | None = None
) -> Mesh | None:
    """Return the surface of a mask (Z, Y, X); None for an empty one.

    With a `step`, blocks of as many voxels a side become one, which is inside when at least half of
    it is. `rounds` of smoothing, 0 for the surface as marching cubes has it. A surface of more than
    `most` triangles is made of blocks twice as wide, unless nothing were left of it.
    """
    box = bounding_box(values := binarise(mask))
    if box is None:
        return None
    starts, inner = np.array(box[::2]), values[box_slices(box)]
    cubes = _cubes(inner, step)
    if most is not None and cubes is not None and len(cubes[1]) > most:
        coarser = _cubes(inner, 2 * step)
        cubes, step = (cubes, step) if coarser is None else (coarser, 2 * step)
    return None if cubes is None else _placed(*cubes, (starts, step), grid, rounds)


def voxel_at(place: Sequence[float], grid: Grid) -> Voxel:
    """Return the voxel (z, y, x) that a place (x, y, z) of a mesh lies in, the nearest inside."""
    x, y, z = (np.linalg.inv(mesh_affine(grid)) @ [*place, 1.0])[:3]
    near = [
        min(max(round(float(at)), 0), size - 1)
        for at, size in zip((z, y, x), grid.shape, strict=True)
    ]
    return near[0], near[1], near[2]


def _cubes(inner: Mask, step: int) -> tuple[NDArray[np.float32], NDArray[np.int32]] | None:
    """Return where a mask (Z, Y, X) of 0 and 1, or the means of its blocks, pass one half."""
    from skimage.measure import marching_cubes  # slow to load, and only a surface needs it

    blocks = _blocks(inner, step) if step > 1 else inner.astype(np.float32)
    padded = np.pad(blocks, 1)
    if padded.max() <= 0.5:
        return None
    found, faces, _, _ = marching_cubes(padded, 0.5, allow_degenerate=False)
    # Where triangles without an area were left out, corners without a triangle stay.
    used = np.zeros(len(found), bool)
    used[faces.ravel()] = True
    numbers = np.cumsum(used, dtype=np.int32) - 1
    return found[used] - 1, numbers[faces]


def _placed(
    found: NDArray[np.float32],
    faces: NDArray[np.int32],
    blocks: tuple[NDArray[np.intp], int],
    grid: Grid,
    rounds: int,
) -> Mesh:
    """Return a surface in the places of `grid`; `blocks` are where it begins and their width."""
    starts, step = blocks
    # The middle of a block of n voxels lies (n - 1) / 2 behind the centre of its first one.
    indices = found.astype(np.float64) * step + (step - 1) / 2 + starts
    affine = mesh_affine(grid)
    places = indices[:, ::-1] @ affine[:3, :3].T + affine[:3, 3]
    if rounds:
        places = _smoothed(places, faces, rounds)
    if _volume(places, faces) < 0:
        faces = faces[:, ::-1]
    return Mesh(np.ascontiguousarray(places, np.float32), np.ascontiguousarray(faces, np.int32))


def _blocks(values: Mask, step: int) -> NDArray[np.float32]:
    """Return the means of blocks of `step` voxels a side, filled up with nought."""
    sizes = [-(-size // step) for size in values.shape]
    filled = np.pad(
        values, [(0, n * step - size) for n, size in zip(sizes, values.shape, strict=True)]
    )
    z, y, x = sizes
    counts = filled.reshape(z, step, y * step * x * step).sum(axis=1, dtype=np.uint16)
    counts = counts.reshape(z * y, step, x * step).sum(axis=1, dtype=np.uint16)
    counts = counts.reshape(z, y, x, step).sum(axis=3, dtype=np.uint16)
    return np.asarray(counts / np.float32(step**3), np.float32)


def _smoothed(
    places: NDArray[np.float64], faces: NDArray[np.int32], rounds: int
) -> NDArray[np.float64]:
    """Return vertices drawn towards the middle of their neighbours and back, `rounds` times."""
    from scipy import sparse

    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    count = len(places)
    ones = np.ones(len(ends), np.float32)
    joined = sparse.csr_array((ones, (ends[:, 0], ends[:, 1])), shape=(count, count))
    joined = joined + joined.T
    joined.data[:] = 1.0
    degree: NDArray[np.float32] = np.asarray(joined.sum(axis=1)).reshape(-1, 1)
    middle = places.mean(axis=0)
    moved = (places - middle).astype(np.float32)
    for _ in range(rounds):
        for share in (_FORWARD, _BACK):
            moved = moved + share * (joined @ moved / degree - moved)
    return np.asarray(moved + middle)


def _volume(places: NDArray[np.float64], faces: NDArray[np.int32]) -> float:
    one, two, three = (places[faces[:, n]] - places.mean(axis=0) for n in range(3))
    return float(np.einsum("ij,ij->", one, np.cross(two, three)) / 6.0)

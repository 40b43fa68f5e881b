"""The three planes through a volume: each an index map onto (Z, Y, X), nothing is resampled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.domain.components import Box
from core.domain.grid import AS_STORED, THICKER, Grid, Turn

T = TypeVar("T", bound=np.generic)
Size = TypeVar("Size", int, float)

PlaneName: TypeAlias = Literal["axial", "coronal", "sagittal"]
"""What a plane is called where the orientation is known; else its axes alone are meant."""

Voxel: TypeAlias = tuple[int, int, int]
"""Indices (z, y, x) of one voxel of the volume."""


@dataclass(frozen=True)
class Plane:
    """How a volume (Z, Y, X) in canonical order is cut: slices, their rows and their columns.

    Rows run downwards and columns to the right, as a radiologist expects them: superior and
    anterior above, the patient's right at the left, anterior at the left of a sagittal slice.
    """

    name: PlaneName
    turn: Turn

    @property
    def axis(self) -> int:
        """The axis (0 = Z, 1 = Y, 2 = X) along which its slices are stacked."""
        return self.turn.axes[0]

    def apply(self, array: NDArray[T]) -> NDArray[T]:
        """Return `array` (…, Z, Y, X) as (…, slices, rows, columns), a view."""
        return self.turn.apply(array)

    def undo(self, cut: NDArray[T]) -> NDArray[T]:
        """Return `cut` (…, slices, rows, columns) as (…, Z, Y, X), a view."""
        return self.turn.undo(cut)

    def turned(self, sizes: Sequence[Size]) -> tuple[Size, Size, Size]:
        """Return what is given by axis (z, y, x), a shape or a spacing, by (slice, row, column)."""
        first, second, third = (sizes[axis] for axis in self.turn.axes)
        return first, second, third

    def place(self, voxel: Voxel, shape: Sequence[int]) -> tuple[int, int, int]:
        """Return (slice, row, column) of a voxel (z, y, x) of a volume of `shape` (Z, Y, X)."""
        moved = [
            shape[axis] - 1 - voxel[axis] if new in self.turn.flips else voxel[axis]
            for new, axis in enumerate(self.turn.axes)
        ]
        return moved[0], moved[1], moved[2]

    def voxel(self, place: tuple[int, int, int], shape: Sequence[int]) -> Voxel:
        """Return the voxel (z, y, x) at (slice, row, column): the inverse of `place`."""
        found = [0, 0, 0]
        for new, axis in enumerate(self.turn.axes):
            found[axis] = shape[axis] - 1 - place[new] if new in self.turn.flips else place[new]
        return found[0], found[1], found[2]

    def places(self, voxels: NDArray[np.intp], shape: Sequence[int]) -> NDArray[np.intp]:
        """Return (slice, row, column) of many voxels (z, y, x), each (3, N), as `place` does."""
        moved = np.stack([voxels[axis] for axis in self.turn.axes])
        for new in self.turn.flips:
            moved[new] = shape[self.turn.axes[new]] - 1 - moved[new]
        return moved

    def voxels(self, places: NDArray[np.intp], shape: Sequence[int]) -> NDArray[np.intp]:
        """Return the voxels (z, y, x) at many places, each (3, N): the inverse of `places`."""
        found = np.empty_like(places)
        for new, axis in enumerate(self.turn.axes):
            flips = new in self.turn.flips
            found[axis] = shape[axis] - 1 - places[new] if flips else places[new]
        return found

    def box(self, cut: Box, shape: Sequence[int]) -> Box:
        """Return a box of (slices, rows, columns) as one of (Z, Y, X) of a volume of `shape`."""
        found = [0] * 6
        for new, axis in enumerate(self.turn.axes):
            start, end = cut[2 * new], cut[2 * new + 1]
            if new in self.turn.flips:
                start, end = shape[axis] - end, shape[axis] - start
            found[2 * axis], found[2 * axis + 1] = start, end
        return found[0], found[1], found[2], found[3], found[4], found[5]

    def cut_box(self, box: Box, shape: Sequence[int]) -> Box:
        """Return a box of (Z, Y, X) as one of (slices, rows, columns): the inverse of `box`."""
        found: list[int] = []
        for new, axis in enumerate(self.turn.axes):
            start, end = box[2 * axis], box[2 * axis + 1]
            if new in self.turn.flips:
                start, end = shape[axis] - end, shape[axis] - start
            found += [start, end]
        return found[0], found[1], found[2], found[3], found[4], found[5]


AXIAL = Plane("axial", Turn())
CORONAL = Plane("coronal", Turn((1, 0, 2), (1,)))
SAGITTAL = Plane("sagittal", Turn((2, 0, 1), (1,)))
PLANES: dict[PlaneName, Plane] = {plane.name: plane for plane in (AXIAL, CORONAL, SAGITTAL)}


@dataclass(frozen=True)
class Cut:
    """One slice: the one at `index` of a plane. No plane runs its slices backwards."""

    plane: Plane = AXIAL
    index: int = 0

    def of(self, array: NDArray[T]) -> NDArray[T]:
        """Return its pixels (…, rows, columns) of `array` (…, Z, Y, X), a view."""
        found: NDArray[T] = self.plane.apply(array)[..., self.index, :, :]
        return found

    def holds(self, box: Box) -> bool:
        """Tell whether a box of (Z, Y, X) reaches it."""
        axis = self.plane.axis
        return box[2 * axis] <= self.index < box[2 * axis + 1]

    def voxel(self, row: int, column: int, shape: Sequence[int]) -> Voxel | None:
        """Return the voxel at a row and column in a volume of `shape`; None beyond it."""
        _, rows, columns = self.plane.turned(shape)
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        return self.plane.voxel((self.index, row, column), shape)


def acquired(grid: Grid, turn: Turn = AS_STORED) -> Plane:
    """Return the plane in which a volume on a canonical `grid` was acquired, and is shown first.

    The one across its clearly thickest slices; where none are thick, the one its files hold slice
    by slice, which `turn` (stored to canonical) tells. The axial one where nothing is known.
    """
    if grid.plane is None or grid.spacing_mm is None:
        return AXIAL
    thick = grid.spacing_mm[0] > THICKER * max(grid.spacing_mm[1:])
    if thick or grid.plane != AXIAL.name:
        return next(plane for plane in PLANES.values() if plane.name == grid.plane)
    axis = turn.axes.index(0)
    return next(plane for plane in PLANES.values() if plane.axis == axis)

"""Lengths and areas on the slices of a plane, right for voxels that are no cubes and for shear.

Places on a slice are (row, column) and run along the edges of pixels: pixel (r, c) covers r to
r + 1 and c to c + 1, and its centre is (r + 0.5, c + 0.5). So a picture that draws a pixel as a
square has the same coordinates, and a lesion one pixel wide is one pixel long, not nought.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.domain.grid import Grid, LengthUnit
from core.domain.plane import Plane

PlanePlace: TypeAlias = tuple[float, float]
"""(row, column) on a slice, along the edges of pixels."""


@dataclass(frozen=True)
class PlaneMetric:
    """How long a step on a slice is: the products of the steps of a row and of a column.

    `rows` and `columns` are their squared lengths, `mixed` is their scalar product, nought where
    they are at right angles; all in the square of `unit`.
    """

    rows: float
    mixed: float
    columns: float
    unit: LengthUnit

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The 2×2 matrix G with length² = dᵀ G d of a step d = (rows, columns)."""
        return np.array([[self.rows, self.mixed], [self.mixed, self.columns]])

    @property
    def pixel_area(self) -> float:
        """Area of one pixel in the square of `unit`; right for sheared grids too."""
        return math.sqrt(max(self.rows * self.columns - self.mixed**2, 0.0))

    @property
    def length_per_row(self) -> float:
        """How long a step of one row is, in `unit`."""
        return math.sqrt(self.rows)

    def length(self, one: PlanePlace, other: PlanePlace) -> float:
        """Return how far two places are apart, in `unit`."""
        return float(self.lengths(np.subtract(other, one)))

    def lengths(self, steps: ArrayLike) -> NDArray[np.float64]:
        """Return the lengths of steps (…, 2), in `unit`."""
        return np.asarray(np.sqrt(np.maximum(self.products(steps, steps), 0.0)))

    def products(self, one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
        """Return the scalar products of steps (…, 2): nought where they are at right angles."""
        first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
        return np.asarray(((first @ self.matrix) * second).sum(axis=-1))


def plane_metric(grid: Grid, plane: Plane) -> PlaneMetric:
    """Return how long steps on the slices of `plane` are, in voxels where no spacing is known."""
    _, row, column = plane.turn.axes
    if grid.affine is not None:
        signs = [-1.0 if new in plane.turn.flips else 1.0 for new in (1, 2)]
        down, along = (
            sign * grid.affine[:3, 2 - axis]
            for sign, axis in zip(signs, (row, column), strict=True)
        )
        return PlaneMetric(
            float(down @ down), float(down @ along), float(along @ along), grid.length_unit
        )
    spacing = grid.spacing_mm or (1.0, 1.0, 1.0)
    return PlaneMetric(spacing[row] ** 2, 0.0, spacing[column] ** 2, grid.length_unit)

"""Soft shapes and smooth noise on one slice; lengths in mm, distances positive inside.

The head's own frame: x to the reader's right (the left of the head), y towards the back, z up,
with the origin between the hemispheres at the height of the thalami.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

ImagePlane = NDArray[np.floating]
"""A field on one slice, (Y, X)."""

PIXEL_MM = 0.94
ROWS, COLUMNS = 236, 190
"""The part of the slice that holds the head; everything outside it is air."""

BOTTOM_MM, TOP_MM = -66.0, 88.0
"""Heights of the first slice's lower face and of the last slice's upper face."""

Point3 = tuple[ImagePlane, ImagePlane, float]
"""Where a slice lies: x and y of every pixel, and its height z."""


def smooth_step(distance: ImagePlane, width: float = 0.5) -> ImagePlane:
    """Return how much of each pixel lies inside: 0 at `-width`, 1 at `+width`."""
    t = distance * (0.5 / width)
    t += 0.5
    np.clip(t, 0, 1, out=t)
    inside: ImagePlane = t * t * (3 - 2 * t)
    return inside


def union(first: ImagePlane, *others: ImagePlane) -> ImagePlane:
    """Return the distance to whatever lies in any of the shapes."""
    return reduce(np.maximum, others, first)


def overlaps_with(first: ImagePlane, *others: ImagePlane) -> ImagePlane:
    """Return the distance to what lies in all of the shapes."""
    return reduce(np.minimum, others, first)


def ellipse(
    x: ImagePlane, y: ImagePlane, centre: tuple[float, float], radii: tuple[float, float]
) -> ImagePlane:
    """Return the distance to an ellipse, exact to first order at its rim."""
    u = (x - centre[0]) * (1 / radii[0])
    v = (y - centre[1]) * (1 / radii[1])
    level = np.sqrt(u * u + v * v) + 1e-3
    u *= 1 / radii[0]
    v *= 1 / radii[1]
    slope = np.sqrt(u * u + v * v) + 1e-4
    distance: ImagePlane = (1 - level) * level / slope
    return distance


def ellipsoid(
    point: Point3, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> ImagePlane | None:
    """Return the distance to the cut of an ellipsoid with the slice; None where they miss."""
    height = (point[2] - centre[2]) / radii[2]
    if abs(height) > 0.98:
        return None
    shrink = (1 - height * height) ** 0.5
    return ellipse(point[0], point[1], centre[:2], (radii[0] * shrink, radii[1] * shrink))


@dataclass(frozen=True)
class Joint:
    """One end of a tube."""

    x: float
    y: float
    z: float
    radius: float


def tube(point: Point3, start: Joint, stop: Joint) -> ImagePlane:
    """Return the distance to a straight tube whose radius changes evenly between its ends."""
    dx, dy, dz = stop.x - start.x, stop.y - start.y, stop.z - start.z
    scale = 1 / (dx * dx + dy * dy + dz * dz)
    px, py, pz = point[0] - start.x, point[1] - start.y, point[2] - start.z
    t = np.clip(px * (dx * scale) + py * (dy * scale) + pz * dz * scale, 0, 1)
    ex, ey, ez = px - t * dx, py - t * dy, pz - t * dz
    return start.radius + t * (stop.radius - start.radius) - np.sqrt(ex * ex + ey * ey + ez * ez)


def _weights(position: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the weights of the four cubic B-splines that meet at a position within a cell."""
    t = position[:, None]
    columns = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    return (np.concatenate(columns, axis=1) / 6).astype(np.float32)


class SplineNoise:
    """Smooth noise in space with unit variance: random weights of cubic B-splines on a lattice.

    Cells are whole pixels, so that a plane is a handful of broadcast products: no matrix product,
    whose threads would fight with others for the cores and whose order of sums is not fixed.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        size: tuple[int, int] = (ROWS, COLUMNS),
        cell: tuple[float, int, int],
        band: tuple[int, ...] = (),
    ) -> None:
        """Draw the lattice: `cell` is (mm, pixels, pixels); `band` axes lose their slow part."""
        self._size, self._cell = size, cell
        counts = (
            int((TOP_MM - BOTTOM_MM) / cell[0]) + 6,
            *(s // c + 5 for s, c in zip(size, cell[1:], strict=True)),
        )
        lattice = rng.standard_normal(counts, dtype=np.float32)
        for _ in range(2 if band else 0):
            near = [np.roll(lattice, shift, axis) for axis in band for shift in (1, -1)]
            lattice = lattice - np.mean(near, axis=0)
        self._lattice = lattice / (0.33 * lattice.std())
        self._rows, self._columns = (_weights((np.arange(c) + 0.5) / c) for c in cell[1:])

    def at(self, z: float) -> ImagePlane:
        """Return the noise of the plane at height `z`."""
        position = (z - BOTTOM_MM) / self._cell[0] + 1
        cell = int(position)
        weights = _weights(np.array([position - cell]))[0]
        plane = sum(
            w * layer for w, layer in zip(weights, self._lattice[cell : cell + 4], strict=True)
        )
        wide = _upsample(np.asarray(plane).T, self._columns)[: self._size[1]].T
        return _upsample(np.ascontiguousarray(wide), self._rows)[: self._size[0]]


def _upsample(plane: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `plane` with every cell of its first axis drawn out to `len(weights)` rows."""
    cells = len(plane) - 3
    out = np.zeros((cells, len(weights), plane.shape[1]), np.float32)
    for tap in range(4):
        out += plane[tap : tap + cells, None, :] * weights[:, tap][None, :, None]
    return out.reshape(-1, plane.shape[1])


def ramp(z: float, start: float, stop: float) -> float:
    """Return 0 at height `start`, 1 at `stop` and beyond, straight between them."""
    return float(np.clip((z - start) / (stop - start), 0, 1))


def table(
    heights: tuple[float, ...], *columns: tuple[float, ...]
) -> Callable[[float], tuple[float, ...]]:
    """Return a function of height that reads between the lines of a table."""
    return lambda z: tuple(float(np.interp(z, heights, column)) for column in columns)

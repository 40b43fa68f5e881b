"""What a channel holds within an ellipse or a rectangle on a slice."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.domain.plane_metric import PlaneMetric, PlanePlace
from core.domain.volume import Pixels

RegionShape: TypeAlias = Literal["ellipse", "rectangle"]

_FLAT = 1e-6  # pixels: an ellipse no wider is a line


@dataclass(frozen=True)
class RegionValues:
    """Mean, standard deviation, lowest and highest value of `pixels` pixels, and their area.

    `sd` is that of these pixels (divided by their number). `area` is in the square of the unit of
    the plane. Without a pixel the values are None.
    """

    pixels: int
    area: float
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


def inside(
    shape: RegionShape, corners: tuple[PlanePlace, PlanePlace], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return which pixels (rows, columns) of a slice of `size` have their centre in a shape.

    `corners` are two opposite ones of the rectangle, or of that around the ellipse; what lies on
    the line is inside.
    """
    (r0, c0), (r1, c1) = corners
    rows = (np.arange(size[0]) + 0.5)[:, np.newaxis]
    columns = (np.arange(size[1]) + 0.5)[np.newaxis]
    middle, half = ((r0 + r1) / 2, (c0 + c1) / 2), (abs(r1 - r0) / 2, abs(c1 - c0) / 2)
    down, right = np.abs(rows - middle[0]), np.abs(columns - middle[1])
    if shape == "rectangle":
        return np.asarray((down <= half[0]) & (right <= half[1]))
    if min(half) < _FLAT:
        return np.zeros(size, bool)
    return np.asarray((down / half[0]) ** 2 + (right / half[1]) ** 2 <= 1.0)


def region_values(
    pixels: Pixels, shape: RegionShape, corners: tuple[PlanePlace, PlanePlace], metric: PlaneMetric
) -> RegionValues:
    """Return what a slice (rows, columns) of a channel holds within a shape; see `inside`."""
    values = pixels[inside(shape, corners, (pixels.shape[0], pixels.shape[1]))].astype(np.float64)
    if not values.size:
        return RegionValues(0, 0.0)
    spread = math.sqrt(float(np.mean((values - values.mean()) ** 2)))
    return RegionValues(
        values.size,
        values.size * metric.pixel_area,
        float(values.mean()),
        spread,
        float(values.min()),
        float(values.max()),
    )

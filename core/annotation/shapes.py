"""Tools that change the shape of what is painted: grow, shrink, smooth, interpolate.

With `z` they work on one slice in its plane, without it on the whole mask in all three directions.
Distances are in voxels.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.annotation.patch import Patch, changes, whole_box, widened
from core.domain.components import Box, bounding_box, box_slices
from core.domain.mask import Mask

_REACH = 4  # standard deviations after which the Gaussian filter is cut off


def grow(mask: Mask, *, by: int, z: int | None = None) -> Patch | None:
    """Add all voxels whose centre lies within `by` voxels of the foreground."""
    from scipy import ndimage

    box = _around(mask, z, by)
    if box is None or by < 1:
        return None
    distance = ndimage.distance_transform_edt(mask[box_slices(box)] == 0)
    return changes(mask, box, (distance <= by).view(np.uint8))


def shrink(mask: Mask, *, by: int, z: int | None = None) -> Patch | None:
    """Remove all voxels whose centre lies within `by` voxels of the background.

    What lies beyond the volume does not count as background.
    """
    from scipy import ndimage

    box = _around(mask, z, 1)
    if box is None or by < 1 or mask[box_slices(box)].all():
        return None
    distance = ndimage.distance_transform_edt(mask[box_slices(box)])
    return changes(mask, box, (distance > by).view(np.uint8))


def smooth(mask: Mask, *, radius: float = 1.5, z: int | None = None) -> Patch | None:
    """Round off the outline by a Gaussian of standard deviation `radius`, cut at one half.

    Pieces much smaller than `radius` vanish.
    """
    from scipy import ndimage

    box = _around(mask, z, int(np.ceil(_REACH * radius)))
    if box is None:
        return None
    crop = mask[box_slices(box)].astype(np.float32)
    sigma = radius if z is None else (0.0, radius, radius)
    soft = ndimage.gaussian_filter(crop, sigma, mode="nearest", truncate=_REACH)
    return changes(mask, box, (soft > 0.5).view(np.uint8))


def interpolate(mask: Mask, *, first: int, last: int) -> Patch | None:
    """Replace the slices strictly between `first` and `last` by shapes half-way between theirs.

    Signed distances to both outlines are mixed by the distance to both slices (Raya and Udupa
    1990). Shapes that do not overlap are moved towards each other first, or nothing would lie
    between them. None when one of the two slices is empty or none lies between.
    """
    values = _between(mask, first, last)
    if values is None:
        return None
    return changes(mask, (first + 1, last, *whole_box(mask, first)[2:]), values)


def interpolate_gaps(mask: Mask) -> Patch | None:
    """Interpolate over all runs of empty slices that lie between painted ones."""
    painted = [int(z) for z in np.flatnonzero(mask.any(axis=(1, 2)))]
    gaps = [(one, other) for one, other in pairwise(painted) if other - one > 1]
    if not gaps:
        return None
    first, last = gaps[0][0], gaps[-1][1]
    values = mask[first:last].copy()
    for start, end in gaps:
        between = _between(mask, start, end)
        if between is not None:
            values[start + 1 - first : end - first] = between
    return changes(mask, (first, last, *whole_box(mask, first)[2:]), values)


def _between(mask: Mask, first: int, last: int) -> Mask | None:
    """Return the slices (last - first - 1, Y, X) between two painted ones, or None."""
    if not 0 <= first < last - 1 < len(mask) - 1:
        return None
    ends = mask[[first, last]] > 0
    box = bounding_box(ends[:1] | ends[1:])
    if box is None or not ends.any(axis=(1, 2)).all():
        return None
    _, rows, columns = box_slices(box)
    one, other = (_signed_distance(end[rows, columns]) for end in ends)
    apart = np.zeros(2)
    if not (ends[0] & ends[1]).any():
        apart = _centre(ends[1]) - _centre(ends[0])
    result = np.zeros((last - first - 1, *mask.shape[1:]), np.uint8)
    for index, plane in enumerate(result, start=1):
        share = index / (last - first)
        near, far = _moved(one, apart * share), _moved(other, apart * (share - 1))
        plane[rows, columns] = near * (1 - share) + far * share > 0
    return result


def _signed_distance(foreground: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return distances (Y, X) to the outline, positive inside, as if background lay all around."""
    from scipy import ndimage

    padded = np.pad(foreground, 1)
    signed = ndimage.distance_transform_edt(padded) - ndimage.distance_transform_edt(~padded)
    return np.asarray(signed[1:-1, 1:-1], np.float64)


def _moved(field: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    if not by.any():
        return field
    from scipy import ndimage

    return np.asarray(ndimage.shift(field, by, order=1, mode="nearest"), np.float64)


def _centre(foreground: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(np.argwhere(foreground).mean(axis=0), np.float64)


def _around(mask: Mask, z: int | None, by: int) -> Box | None:
    """Return the box of the foreground on slice `z` or everywhere, `by` voxels wider."""
    frame = whole_box(mask, z)
    inner = bounding_box(mask[box_slices(frame)])
    if inner is None:
        return None
    box = (inner[0] + frame[0], inner[1] + frame[0], *inner[2:])
    return widened(box, (0 if z is not None else by, by, by), mask.shape)

"""A patch: new values for a box of a mask. Every tool makes one; none writes to the mask itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from core.domain.components import Box, bounding_box, box_slices
from core.domain.mask import Mask
from core.domain.plane import Plane

Make: TypeAlias = "Callable[[Mask], Patch | None]"
"""What a tool changes of a mask as it is."""

Point = tuple[float, float]
"""(y, x) on a slice; voxel i covers i to i + 1 and has its centre at i + 0.5."""


@dataclass(frozen=True, eq=False)
class Patch:
    """New values for the voxels of `box`; some voxel of each of its six faces changes."""

    box: Box
    values: Mask


def in_plane(plane: Plane, make: Make) -> Make:
    """Return a tool that works on (slices, rows, columns) of `plane` as one of (Z, Y, X)."""

    def make_turned(mask: Mask) -> Patch | None:
        return unturned(make(plane.apply(mask)), plane, mask.shape)

    return make_turned


def unturned(patch: Patch | None, plane: Plane, shape: tuple[int, ...]) -> Patch | None:
    """Return a patch of (slices, rows, columns) as one of a mask of `shape` (Z, Y, X)."""
    if patch is None:
        return None
    return Patch(plane.box(patch.box, shape), plane.undo(patch.values))


def changes(mask: Mask, box: Box, values: Mask) -> Patch | None:
    """Return the patch that puts `values` into `box` of `mask`, or None when nothing changes."""
    tight = bounding_box(mask[box_slices(box)] != values)
    if tight is None:
        return None
    z, y, x = box[::2]
    shifted = (z + tight[0], z + tight[1], y + tight[2], y + tight[3], x + tight[4], x + tight[5])
    return Patch(shifted, np.array(values[box_slices(tight)], np.uint8))


def replayed(mask: Mask, patch: Patch) -> Mask:
    """Return a copy of `mask` with `patch` put into it."""
    after = mask.copy()
    after[box_slices(patch.box)] = patch.values
    return after


def whole_box(mask: Mask, z: int | None) -> Box:
    """Return the box of slice `z`, or of the whole mask when `z` is None."""
    depth, height, width = mask.shape
    first, end = (0, depth) if z is None else (z, z + 1)
    return first, end, 0, height, 0, width


def joined_box(one: Box | None, other: Box | None) -> Box | None:
    """Return the smallest box around both boxes; None counts as empty."""
    if one is None or other is None:
        return one or other
    starts = [min(pair) for pair in zip(one[::2], other[::2], strict=True)]
    ends = [max(pair) for pair in zip(one[1::2], other[1::2], strict=True)]
    return starts[0], ends[0], starts[1], ends[1], starts[2], ends[2]


def widened(box: Box, by: tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """Return `box` with `by` (z, y, x) voxels more on both sides, cut to `shape`."""
    z0, z1, y0, y1, x0, x1 = box
    return (
        *(max(z0 - by[0], 0), min(z1 + by[0], shape[0])),
        *(max(y0 - by[1], 0), min(y1 + by[1], shape[1])),
        *(max(x0 - by[2], 0), min(x1 + by[2], shape[2])),
    )

"""Put a label map onto another grid voxel for voxel, where both share their voxels.

Segmentations are stored turned, flipped or cut to what they hold; nothing of it needs resampling.
"""

from dataclasses import dataclass

import numpy as np

from core.domain.grid import Grid, Turn
from core.domain.label_set import LabelMap

OFF_VOXELS = 0.05
"""How far a voxel may lie from the one it is taken for, in parts of a voxel."""


@dataclass(frozen=True)
class Placement:
    """How a label map comes onto a grid: turned, then moved by `offset` (z, y, x) voxels."""

    turn: Turn
    offset: tuple[int, int, int]
    shape: tuple[int, int, int]

    @property
    def is_same(self) -> bool:
        """True when nothing is turned and nothing moved."""
        return self.turn == Turn() and self.offset == (0, 0, 0)

    def covers(self, size: tuple[int, int, int]) -> bool:
        """Tell whether a map of `size` (z, y, x) has all voxels of the grid and no others."""
        turned = tuple(size[axis] for axis in self.turn.axes)
        return turned == self.shape and self.offset == (0, 0, 0)

    def apply(self, labels: LabelMap) -> LabelMap | None:
        """Return `labels` on the grid, or None when a label lies outside of it."""
        if self.is_same and labels.shape == self.shape:
            return labels
        turned = self.turn.apply(labels)
        found = np.zeros(self.shape, np.uint8)
        ours, theirs = [], []
        for offset, size, space in zip(self.offset, turned.shape, self.shape, strict=True):
            start, stop = max(offset, 0), min(offset + size, space)
            ours.append(slice(start, max(stop, start)))
            theirs.append(slice(start - offset, max(stop, start) - offset))
        found[tuple(ours)] = turned[tuple(theirs)]
        return found if np.count_nonzero(found) == np.count_nonzero(labels) else None


def placement(source: Grid, target: Grid) -> Placement | None:
    """Return how voxels of `source` become voxels of `target`, or None when they are not the same.

    Grids of unknown orientation share their voxels when they have one shape.
    """
    if source.affine is None or target.affine is None:
        same = source.is_known == target.is_known and source.shape == target.shape
        return Placement(Turn(), (0, 0, 0), target.shape) if same else None
    matrix = np.linalg.inv(target.affine) @ source.affine  # source voxel → target voxel, (x, y, z)
    whole = np.rint(matrix)
    if not np.array_equal(np.abs(whole[:3, :3]) @ np.ones(3), np.ones(3)):
        return None
    if abs(round(float(np.linalg.det(whole[:3, :3])))) != 1:
        return None
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in source.shape[::-1]])).reshape(3, -1)
    off = (matrix - whole)[:3, :3] @ corners + (matrix - whole)[:3, 3:]
    if np.abs(off).max() > OFF_VOXELS:
        return None
    return _placement(whole, source.shape, target.shape)


def _placement(
    whole: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    size: tuple[int, int, int],
    shape: tuple[int, int, int],
) -> Placement:
    linear = whole[:3, :3][::-1, ::-1]  # (z, y, x) of the target by (z, y, x) of the source
    taken = [int(np.abs(row).argmax()) for row in linear]
    backwards = tuple(axis for axis, row in enumerate(linear) if row.sum() < 0)
    first = whole[:3, 3][::-1]
    offset = [
        int(first[axis]) - (size[taken[axis]] - 1 if axis in backwards else 0) for axis in range(3)
    ]
    turn = Turn((taken[0], taken[1], taken[2]), backwards)
    return Placement(turn, (offset[0], offset[1], offset[2]), shape)

"""Carry a label map from one grid to another by nearest neighbour; only when the reader asks."""

import numpy as np
from numpy.typing import NDArray

from core.domain.grid import Grid
from core.domain.label_set import LabelMap


def nearest(labels: LabelMap, source: Grid, target: Grid) -> LabelMap:
    """Return `labels` (Z, Y, X) of `source` on `target`; 0 where `source` does not reach.

    Raises `ValueError` when the orientation of either grid is unknown.
    """
    if source.affine is None or target.affine is None:
        raise ValueError("expected two grids of known orientation, found an unknown one")
    matrix = np.linalg.inv(source.affine) @ target.affine  # target voxel → source voxel, (x, y, z)
    turned = matrix[:3, :3][::-1, ::-1]
    from scipy import ndimage  # loaded at the first use: the first picture need not wait for it

    found = ndimage.affine_transform(
        labels,
        turned,
        offset=matrix[:3, 3][::-1],
        output_shape=target.shape,
        order=0,
        mode="constant",
        cval=0,
    )
    return np.asarray(found, np.uint8)


def outside(labels: LabelMap, source: Grid, target: Grid) -> int:
    """Return how many voxels of `labels` on `source` have their centre outside of `target`.

    Raises `ValueError` when the orientation of either grid is unknown.
    """
    if target.affine is None:
        raise ValueError("expected two grids of known orientation, found an unknown one")
    places: NDArray[np.float64] = source.to_patient(np.argwhere(labels))
    back = np.linalg.inv(target.affine)
    voxels = places @ back[:3, :3].T + back[:3, 3]
    ends = np.array(target.shape[::-1]) - 0.5
    return int(((voxels < -0.5) | (voxels > ends)).any(axis=1).sum())

"""Complete a region from a few scribbles by the random walker (Grady 2006), coarse to fine.

Every voxel gets the probability that a walker, who crosses strong contrast rarely, meets a scribble
inside before one outside; between voxels that differ by d standard deviations the weight is
exp(-CONTRAST · d²). On the whole grid that takes seconds. So it is solved where the image is
small first; then each finer level solves only the voxels near the outline or still undecided, and
holds the others at what the coarser level found.
"""

from itertools import product
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.annotation.patch import Patch, changes, widened
from core.domain.components import LESION_NEIGHBOURS, bounding_box, box_slices
from core.domain.errors import DataError
from core.domain.mask import Mask
from core.domain.progress import Progress, silent
from core.domain.volume import Pixels

INSIDE, OUTSIDE = 1, 2

# Both were chosen by the DSC of fills from scribbles drawn by rule on lesions of the LGG data.
CONTRAST = 100.0
_SMOOTHING = 1.0  # standard deviation in voxels, in the plane
_LEAST_WEIGHT = 1e-6
_MARGIN = 16  # voxels around the scribbles, besides half of their extent
_COARSEST = {2: 5_000, 3: 15_000}  # voxels of the first level, by dimensions
_DIRECT = 40_000  # unknowns above which iterations take less memory than factors
_BAND = 2  # voxels on either side of the coarser level's outline
_UNDECIDED = 0.3  # distance from one half
_MOST_UNDECIDED = 6_000, 30_000  # in a slice, in all

Field = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)


def smart_fill(mask: Mask, pixels: Pixels, scribbles: Mask, *, z: int) -> Patch | None:
    """Complete the region scribbled on slice `z`.

    `pixels` are (C, Z, Y, X); `scribbles` (Y, X) hold 1 inside and 2 outside. Lesions of the
    mask that touch the completed region are replaced by it, others stay. Raises `DataError` when a
    kind of scribble is missing.
    """
    shown = np.zeros((1, *scribbles.shape), np.uint8)
    shown[0] = scribbles
    return _filled((mask[z : z + 1], mask), pixels[:, z : z + 1], shown, z, silent)


def smart_fill_volume(
    mask: Mask, pixels: Pixels, scribbles: Mask, *, progress: Progress = silent
) -> Patch | None:
    """Complete the region scribbled on several slices; as `smart_fill`, `scribbles` (Z, Y, X)."""
    return _filled((mask, mask), pixels, scribbles, 0, progress)


def _filled(
    masks: tuple[Mask, Mask], pixels: Pixels, scribbles: Mask, z: int, progress: Progress
) -> Patch | None:
    part, mask = masks
    box = bounding_box(scribbles)
    if box is None or not (scribbles == INSIDE).any() or not (scribbles == OUTSIDE).any():
        raise DataError(
            "Expected a scribble inside the region and one outside it, found only one kind. "
            "Add the other and fill again."
        )
    sides = [end - start for start, end in zip(box[2::2], box[3::2], strict=True)]
    margin = max(sides) // 2 + _MARGIN
    crop = widened(box, (2, margin, margin), scribbles.shape)
    where = box_slices(crop)
    inside = _inside(pixels[:, *where], scribbles[where], progress)
    values = _completed(part[where], inside)
    return changes(mask, (crop[0] + z, crop[1] + z, *crop[2:]), values)


def _completed(mask: Mask, inside: NDArray[np.bool_]) -> Mask:
    """Return the mask whose pieces that touch `inside` are replaced by it."""
    from scipy import ndimage

    labels, count = ndimage.label(mask, LESION_NEIGHBOURS)
    touched = np.zeros(count + 1, bool)
    touched[labels[inside]] = True
    return np.asarray(inside | ((mask > 0) & ~touched[labels]), np.uint8)


def _inside(pixels: Pixels, scribbles: Mask, progress: Progress) -> NDArray[np.bool_]:
    """Return the voxels (Z, Y, X) a walker more likely takes for inside, joined to a scribble."""
    from scipy import ndimage

    probability = walk(_normalised(pixels), scribbles, progress)
    labels, _ = ndimage.label(probability > 0.5)
    kept = np.unique(labels[scribbles == INSIDE])
    return np.asarray(np.isin(labels, kept[kept > 0]))


def walk(pixels: Field, scribbles: Mask, progress: Progress = silent) -> Field:
    """Return the probability of inside for `pixels` (C, Z, Y, X) of unit standard deviation."""
    levels = [(pixels, scribbles)]
    flat = scribbles.shape[0] == 1
    while levels[-1][1].size > _COARSEST[2 if flat else 3] and min(levels[-1][1].shape[1:]) > 8:
        levels.append((_halved(levels[-1][0]), _halved_scribbles(levels[-1][1])))
    found: Field | None = None
    for done, (image, seeds) in enumerate(reversed(levels)):
        progress(done / len(levels), f"level {done + 1} of {len(levels)}")
        start = np.full(seeds.shape, 0.5, np.float32) if found is None else _doubled(found, seeds)
        free = np.ones(seeds.shape, bool) if found is None else _band(start)
        start[seeds == INSIDE], start[seeds == OUTSIDE] = 1.0, 0.0
        found = _solved(image, start, free & (seeds == 0))
    assert found is not None, "there is one level at least"
    return found


def _solved(pixels: Field, start: Field, free: NDArray[np.bool_]) -> Field:
    """Return `start` with its `free` voxels put at the weighted mean of their neighbours."""
    from scipy import sparse

    unknowns = int(np.count_nonzero(free))
    if unknowns == 0:
        return start
    number = np.full(free.shape, -1, np.int32)
    number[free] = np.arange(unknowns)
    one, other, weight = _edges(pixels, free)
    first, second = number.ravel()[one], number.ravel()[other]
    diagonal = np.zeros(unknowns)
    right = np.zeros(unknowns)
    for here, there, beyond in ((first, second, other), (second, first, one)):
        known = here >= 0
        diagonal += np.bincount(here[known], weight[known], unknowns)
        border = known & (there < 0)
        pull = weight[border] * start.ravel()[beyond[border]]
        right += np.bincount(here[border], pull, unknowns)
    inner = (first >= 0) & (second >= 0)
    rows, columns, values = first[inner], second[inner], -weight[inner]
    upper = sparse.coo_array((values, (rows, columns)), shape=(unknowns, unknowns))
    matrix = (upper + upper.T + sparse.diags_array(diagonal)).tocsc()
    solution = start.copy()
    direct = unknowns <= _DIRECT
    solution[free] = _solution(matrix, right, None if direct else start[free])
    return solution


def _solution(matrix: Any, right: NDArray[np.float64], start: Field | None) -> Field:
    """Solve by factors, or by iterations from `start` when it is given."""
    from scipy.sparse import linalg

    if start is None:
        factors = linalg.splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        return np.asarray(factors.solve(right), np.float32)
    scale = 1.0 / matrix.diagonal()
    shape = matrix.shape
    jacobi = linalg.LinearOperator(shape, matvec=lambda vector: scale * vector.ravel())
    found, _ = linalg.cg(matrix, right, x0=start, rtol=1e-4, maxiter=400, M=jacobi)
    return np.asarray(found, np.float32)


def _edges(
    pixels: Field, free: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return flat indices of neighbours one of which is free, and the weights between them."""
    index = np.arange(free.size).reshape(free.shape)
    ones, others = [], []
    for axis in range(free.ndim):
        low = (slice(None),) * axis + (slice(None, -1),)
        high = (slice(None),) * axis + (slice(1, None),)
        needed = free[low] | free[high]
        ones.append(index[low][needed])
        others.append(index[high][needed])
    one, other = np.concatenate(ones), np.concatenate(others)
    flat = pixels.reshape(len(pixels), -1)
    squared = ((flat[:, one] - flat[:, other]) ** 2).mean(axis=0, dtype=np.float64)
    return one, other, np.exp(-CONTRAST * squared) + _LEAST_WEIGHT


def _band(probability: Field) -> NDArray[np.bool_]:
    """Return the voxels near the outline, and the least decided of the others."""
    from scipy import ndimage

    inside = probability > 0.5
    reach = np.ones((1, 2 * _BAND + 1, 2 * _BAND + 1), bool)
    band = ndimage.binary_dilation(inside, reach) & ~ndimage.binary_erosion(
        inside, reach, border_value=1
    )
    doubt = np.abs(probability - 0.5)
    limit = _UNDECIDED
    most = min(_MOST_UNDECIDED[0] * len(probability), _MOST_UNDECIDED[1])
    if np.count_nonzero(doubt < limit) > most:
        limit = min(limit, float(np.partition(doubt, most, axis=None)[most]))
    return np.asarray(band | (doubt < limit))


def _normalised(pixels: Pixels) -> Field:
    """Return every channel a little smoothed, at unit standard deviation; a flat one stays flat."""
    from scipy import ndimage

    values = ndimage.gaussian_filter(pixels.astype(np.float32), (0, 0, _SMOOTHING, _SMOOTHING))
    spread = values.std(axis=(1, 2, 3), keepdims=True)
    return np.asarray(values / np.where(spread > 0, spread, 1), np.float32)


def _halved(pixels: Field) -> Field:
    """Return the means of blocks of 2 × 2 voxels of each slice, an odd last one repeated."""
    even = _made_even(pixels)
    corners = [even[..., y::2, x::2] for y, x in product((0, 1), repeat=2)]
    return np.asarray(sum(corners[1:], corners[0]) / 4, np.float32)


def _halved_scribbles(scribbles: Mask) -> Mask:
    """Return the scribbles of blocks of 2 × 2 voxels; none where both kinds meet."""
    even = _made_even(scribbles)
    corners = np.stack([even[..., y::2, x::2] for y, x in product((0, 1), repeat=2)])
    inside, outside = ((corners == kind).any(axis=0) for kind in (INSIDE, OUTSIDE))
    return np.asarray((inside * INSIDE + outside * OUTSIDE) * (inside ^ outside), np.uint8)


def _made_even(values: NDArray[Scalar]) -> NDArray[Scalar]:
    odd = [(0, 0)] * (values.ndim - 2) + [(0, side % 2) for side in values.shape[-2:]]
    return np.pad(values, odd, mode="edge")


def _doubled(probability: Field, like: Mask) -> Field:
    twice = probability.repeat(2, axis=1).repeat(2, axis=2)
    return np.ascontiguousarray(twice[:, : like.shape[1], : like.shape[2]])

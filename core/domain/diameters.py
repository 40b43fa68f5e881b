"""The largest diameters of a lesion on the slices of a plane, as RANO and RECIST ask for them.

The longest diameter is the longest straight line between two places of one piece on one slice; the
perpendicular is the longest line at 90° to it on the same slice, between two places of the same
piece. A piece is joined by faces and corners of pixels within its slice: no line bridges a gap
between two of them, but it may leave a piece that is bent. Lines run from edge to edge of pixels,
not from centre to centre, see `core.domain.plane_metric`.

Wen et al., "RANO 2.0", J Clin Oncol 41 (2023) 5187; Eisenhauer et al., "RECIST 1.1", Eur J Cancer
45 (2009) 228.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.components import LESION_NEIGHBOURS, MaskLike
from core.domain.grid import Grid
from core.domain.mask import binarise
from core.domain.plane import Plane, Voxel
from core.domain.plane_metric import PlaneMetric, PlanePlace, plane_metric
from core.domain.progress import Progress, silent

_JOINED = np.ones((3, 3), bool)
_SAME = 1e-9  # of a length: two lines are as long as each other

Line = tuple[PlanePlace, PlanePlace]


@dataclass(frozen=True)
class Diameters:
    """The longest line and the longest one at 90° to it, both on slice `index` of a plane."""

    index: int
    longest: Line
    perpendicular: Line
    metric: PlaneMetric

    @property
    def lengths(self) -> tuple[float, float]:
        """Lengths of the longest line and of its perpendicular, in the unit of the metric."""
        return self.metric.length(*self.longest), self.metric.length(*self.perpendicular)


def largest_diameters(
    mask: MaskLike, grid: Grid, plane: Plane, *, progress: Progress = silent
) -> Diameters | None:
    """Return the largest diameters of a mask (Z, Y, X) over the slices of `plane`.

    None for an empty mask. Of lines of one length the first slice has it.
    """
    metric = plane_metric(grid, plane)
    cut = plane.apply(binarise(mask).astype(bool))
    best: tuple[float, int, Line, NDArray[np.bool_]] | None = None
    for index in np.flatnonzero(cut.any(axis=(1, 2))).tolist():
        progress(index / len(cut), "")
        for piece in _pieces(cut[index]):
            known = 0.0 if best is None else best[0]
            if _furthest_possible(piece, metric) <= known * (1 + _SAME):
                continue
            length, line = longest_line(piece, metric)
            if length > known * (1 + _SAME):
                best = (length, index, line, piece)
    if best is None:
        return None
    _, index, line, piece = best
    return Diameters(index, line, perpendicular_line(piece, line, metric), metric)


def lesion_at(mask: MaskLike, voxel: Voxel | None = None) -> NDArray[np.bool_] | None:
    """Return the lesion (Z, Y, X) of `mask` at a voxel (z, y, x), else the one of most voxels.

    A lesion is joined by 26 neighbours. None where the mask is empty.
    """
    from scipy import ndimage  # slow to load, and only a measurement needs it

    labelled, count = ndimage.label(binarise(mask).astype(bool), LESION_NEIGHBOURS)
    if not count:
        return None
    at = 0 if voxel is None else int(labelled[voxel])
    chosen = at or 1 + int(np.argmax(np.bincount(labelled.ravel())[1:]))
    return np.asarray(labelled == chosen)


def longest_line(piece: NDArray[np.bool_], metric: PlaneMetric) -> tuple[float, Line]:
    """Return length and ends of the longest line between two places of a piece (rows, columns)."""
    corners = _hull(_corners(piece))
    steps = corners[:, np.newaxis] - corners[np.newaxis]
    lengths = metric.lengths(steps)
    one, other = np.unravel_index(int(np.argmax(lengths)), lengths.shape)
    return float(lengths[one, other]), (_place(corners[one]), _place(corners[other]))


def perpendicular_line(piece: NDArray[np.bool_], line: Line, metric: PlaneMetric) -> Line:
    """Return the longest line at 90° to `line` between two places of a piece (rows, columns).

    Along each line at right angles, first and last place of the piece count; the longest of them
    begins or passes at a corner of a pixel.
    """
    along = np.subtract(line[1], line[0])
    # The step across: its product with the step along is nought, whatever the shear.
    (down, right) = metric.matrix @ along
    across = np.array([-right, down])
    across /= metric.lengths(across)
    along = along / metric.lengths(along)
    squares = np.argwhere(_rim(piece)).astype(float)
    around = np.array([(0, 0), (0, 1), (1, 1), (1, 0)], float)
    corners = squares[:, np.newaxis] + around  # (squares, 4, 2)
    at, up = metric.products(corners, along), metric.products(corners, across)
    best = (-1.0, 0.0, 0.0, 0.0)
    for place in np.unique(at.round(9)):
        low, high = _between(at, up, place)
        if high - low > best[0] * (1 + _SAME):
            best = (high - low, place, low, high)
    _, place, low, high = best
    return _place(place * along + low * across), _place(place * along + high * across)


def _between(at: NDArray[np.float64], up: NDArray[np.float64], place: float) -> tuple[float, float]:
    """Return where the line across at `place` enters the first square and leaves the last one.

    `at` and `up` (squares, 4) are the corners of squares along and across.
    """
    lowest, highest = np.inf, -np.inf
    for n in range(4):
        a0, a1, u0, u1 = at[:, n], at[:, (n + 1) % 4], up[:, n], up[:, (n + 1) % 4]
        meets = (np.minimum(a0, a1) <= place + 1e-7) & (place - 1e-7 <= np.maximum(a0, a1))
        if not meets.any():
            continue
        a0, a1, u0, u1 = a0[meets], a1[meets], u0[meets], u1[meets]
        flat = np.abs(a1 - a0) < 1e-9
        share = np.clip((place - a0) / np.where(flat, 1.0, a1 - a0), 0.0, 1.0)
        cross = u0 + share * (u1 - u0)
        found = np.concatenate([cross[~flat], u0[flat], u1[flat]])
        lowest, highest = min(lowest, float(found.min())), max(highest, float(found.max()))
    return lowest, highest


def _pieces(slice_mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the pieces of a slice, each as a mask of the slice."""
    from scipy import ndimage

    labelled, count = ndimage.label(slice_mask, _JOINED)
    return [np.asarray(labelled == number) for number in range(1, count + 1)]


def _rim(piece: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a piece that have a side outside: every way in and out meets one."""
    from scipy import ndimage

    inside = ndimage.binary_erosion(piece)
    return piece & ~inside


def _corners(piece: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the corners (n, 2) of first and last pixel of each row: the hull has no others."""
    rows = np.flatnonzero(piece.any(axis=1))
    first = piece[rows].argmax(axis=1)
    last = piece.shape[1] - piece[rows, ::-1].argmax(axis=1)
    sides = [(rows, first), (rows, last), (rows + 1, first), (rows + 1, last)]
    return np.concatenate([np.stack(each, axis=1) for each in sides]).astype(np.float64)


def _hull(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.spatial import ConvexHull

    return corners[ConvexHull(corners).vertices]


def _furthest_possible(piece: NDArray[np.bool_], metric: PlaneMetric) -> float:
    """Return the longest line that fits into the box of a piece."""
    rows, columns = (np.flatnonzero(piece.any(axis=axis)) for axis in (1, 0))
    height, width = np.ptp(rows) + 1.0, np.ptp(columns) + 1.0
    return float(metric.lengths([(height, width), (height, -width)]).max())


def _place(at: NDArray[np.float64]) -> PlanePlace:
    return float(at[0]), float(at[1])


def at_right_angles(
    line: Line, across: Line, metric: PlaneMetric, *, moved: int | None = None
) -> Line:
    """Return `across` at 90° to `line`, after an end of one of them was moved.

    When the end `moved` (0 or 1) of `across` was, its other end stays; else its middle and its
    length do.
    """
    down, right = metric.matrix @ np.subtract(line[1], line[0])
    direction = np.array([-right, down])
    size = float(metric.lengths(direction))
    if size < _SAME:
        return across
    direction /= size
    one, other = (np.asarray(end, np.float64) for end in across)
    if moved is not None:
        fixed, free = (other, one) if moved == 0 else (one, other)
        end = fixed + direction * float(metric.products(free - fixed, direction))
        return (_place(end), _place(fixed)) if moved == 0 else (_place(fixed), _place(end))
    half = float(metric.lengths(other - one)) / 2
    forward = half if float(metric.products(other - one, direction)) >= 0 else -half
    middle = (one + other) / 2
    return _place(middle - forward * direction), _place(middle + forward * direction)

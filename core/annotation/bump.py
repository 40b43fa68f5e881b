"""The bump: a guide that was never trained, and works with any probability on any data.

It adds to the logits a · exp(−d²/2·width²) · exp(−ΔI²/2·contrast²): d is the distance to the mark
in pixels at 256², ΔI the difference of normalised grey value to the marked voxel, and a such that
the marked voxel reaches ±`target`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.guide import Mark, PlaneValues, Window, logit, sigmoid

_WIDEST = 2.0  # how many times wider or narrower the whole range of strength makes it
_REACH = 3.0  # widths beyond which a bump has ended


@dataclass(frozen=True)
class Bump:
    """`width` in pixels at 256², `contrast` in standard deviations of grey, `target` a logit.

    Grey values are smoothed by `smoothing` pixels at 256² first, so that noise stops no bump.
    """

    width: float = 12.0
    contrast: float = 0.8
    target: float = 2.0
    smoothing: float = 1.0

    def reach(self, strength: float) -> float:
        """Return how far a mark of that strength works, in pixels at 256²."""
        return _REACH * self._width(strength)

    def answer(self, window: Window) -> PlaneValues:
        """Return the probability (Y, X) after the newest mark; float32."""
        mark, logits = window.mark, logit(window.probability)
        if not len(mark.rows):
            return window.probability
        nearest, squared = _nearest(window.probability.shape, mark, window.step)
        rows, columns = mark.rows[nearest], mark.columns[nearest]
        lack = np.maximum(self.target - mark.sign * logits[rows, columns], 0.0)
        if not mark.binds:
            lack = np.full_like(lack, mark.weight * mark.amount)
        grey = self._smoothed(window)
        apart = grey - _around(grey, mark)[nearest]
        shape = np.exp(-squared / (2 * self._width(mark.strength) ** 2))
        shape *= np.exp(-(apart**2) / (2 * self.contrast**2))
        shape[mark.rows, mark.columns] = 1.0
        for earlier in window.marks[:-1]:
            if earlier.adds != mark.adds and earlier.binds:
                shape *= _spared(window, earlier)
        return sigmoid(logits + mark.sign * lack * shape)

    def _smoothed(self, window: Window) -> PlaneValues:
        if not self.smoothing:
            return window.grey
        from scipy import ndimage

        sigma = [self.smoothing / size for size in window.step]
        return np.asarray(ndimage.gaussian_filter(window.grey, sigma), np.float32)

    def _width(self, strength: float) -> float:
        return self.width * float(_WIDEST ** (2 * strength - 1))


def _nearest(
    shape: tuple[int, ...], mark: Mark, step: tuple[float, float]
) -> tuple[NDArray[np.intp], PlaneValues]:
    """Return which voxel of a mark is nearest to each of the plane, and its squared distance."""
    if len(mark.rows) == 1:
        squared = _squared(shape, (int(mark.rows[0]), int(mark.columns[0])), step)
        return np.zeros(shape, np.intp), squared
    from scipy import ndimage

    free = np.ones(shape, bool)
    free[mark.rows, mark.columns] = False
    number = np.zeros(shape, np.intp)
    number[mark.rows, mark.columns] = np.arange(len(mark.rows))
    distance, (rows, columns) = ndimage.distance_transform_edt(
        free, sampling=step, return_indices=True
    )
    return number[rows, columns], np.asarray(distance**2, np.float32)


def _squared(shape: tuple[int, ...], at: tuple[int, int], step: tuple[float, float]) -> PlaneValues:
    rows, columns = (
        ((np.arange(side, dtype=np.float32) - place) * size) ** 2
        for side, place, size in zip(shape, at, step, strict=True)
    )
    return np.asarray(rows[:, np.newaxis] + columns, np.float32)


def _around(grey: PlaneValues, mark: Mark) -> PlaneValues:
    """Return the mean grey value of the 3 × 3 voxels around each voxel of a mark."""
    height, width = grey.shape
    total = np.zeros(len(mark.rows), np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            rows = np.clip(mark.rows + down, 0, height - 1)
            total += grey[rows, np.clip(mark.columns + right, 0, width - 1)]
    return np.asarray(total / 9, np.float32)


def _spared(window: Window, earlier: Mark) -> PlaneValues:
    """Return how much of the bump stays around an earlier mark that wants the contrary.

    Nothing at that mark, all of it beyond the distance between the two: so the earlier one obeys
    still. Voxels that both marks name are the newer one's.
    """
    shape, mark = window.probability.shape, window.mark
    newer = np.zeros(shape, bool)
    newer[mark.rows, mark.columns] = True
    kept = ~newer[earlier.rows, earlier.columns]
    if not kept.any():
        return np.ones(shape, np.float32)
    left = Mark(earlier.rows[kept], earlier.columns[kept], earlier.adds)
    _, squared = _nearest(shape, left, window.step)
    between = float(squared[mark.rows, mark.columns].min())
    share = -np.expm1(-2 * squared / between) / -np.expm1(-2.0)
    return np.asarray(np.minimum(share, 1.0), np.float32)

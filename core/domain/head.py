"""Where the head is in an image, told by its brightness: no model, a few milliseconds."""

import numpy as np
from numpy.typing import NDArray

from core.domain.volume import Pixels

_BACKGROUND = 0.1


def above_background(pixels: Pixels, highest: float) -> NDArray[np.bool_]:
    """Return what is brighter than a tenth of the way from the lowest value to `highest`."""
    low = float(pixels.min())
    found: NDArray[np.bool_] = np.asarray(pixels) > low + _BACKGROUND * (highest - low)
    return found


def silhouette(bright: NDArray[np.bool_], *, rim: float = 0.0) -> NDArray[np.bool_]:
    """Return what lies between the first and the last bright voxel of its row and of its column.

    `bright` is (…, Y, X). `rim` leaves out that share of the head's width on each side.
    """
    down = _between(bright.swapaxes(-1, -2), rim).swapaxes(-1, -2)
    return _between(bright, rim) & down


def _between(bright: NDArray[np.bool_], rim: float) -> NDArray[np.bool_]:
    """Return what lies in each row (last axis) between its ends, `rim` of the widest one inside."""
    width = bright.shape[-1]
    first = bright.argmax(axis=-1)
    last = width - 1 - bright[..., ::-1].argmax(axis=-1)
    there: NDArray[np.bool_] = np.asarray(bright.any(axis=-1))
    span = np.where(there, last - first + 1, 0)
    edge = rim * span.max(axis=-1, keepdims=True)
    at = np.arange(width)
    inside = (at >= (first + edge)[..., None]) & (at <= (last - edge)[..., None])
    found: NDArray[np.bool_] = inside & there[..., None]
    return found

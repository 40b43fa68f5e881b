"""Masks: labels (Z, Y, X) uint8 on the grid of their volume, foreground 1, background 0."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
"""(Z, Y, X), foreground 1. Ground truth, prediction and correction are never the same object."""

BoolMask = NDArray[np.bool_]
"""Places that are marked, of any shape, most often a slice (Y, X)."""


def binarise(values: NDArray[np.number[Any]] | NDArray[np.bool_]) -> Mask:
    """Return 1 where `values` is above zero, 0 elsewhere, in the same shape."""
    return np.asarray(values > 0, dtype=np.uint8)

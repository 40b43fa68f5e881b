"""Volumes as slices of 8 or 16 bit, which is what TIFF slices of the LGG layout hold."""

import numpy as np
from numpy.typing import NDArray

from core.domain.volume import Pixels


def slices_of(pixels: Pixels) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], tuple[str, ...]]:
    """Return `pixels` (C, Z, Y, X) as uint8 or uint16, and a notice where values had to change.

    Whole numbers that fit are kept; anything else is spread over 16 bit, channel by channel.
    """
    values = np.nan_to_num(pixels) if pixels.dtype.kind == "f" else pixels
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    whole = values.dtype.kind in "iu" or bool(np.array_equal(values, np.rint(values)))
    if whole and low >= 0 and high <= 255:
        return values.astype(np.uint8), ()
    if whole and low >= 0 and high <= 65535:
        return values.astype(np.uint16), ()
    spread = np.stack([_spread(channel) for channel in values])
    return spread, (
        f"slices: expected whole numbers of 0 to 65535, found {low:.4g} to {high:.4g}. Each "
        "channel was spread over 16 bit; its values are no longer those of the file.",
    )


def _spread(channel: Pixels) -> NDArray[np.uint16]:
    low, high = float(channel.min()), float(channel.max())
    scale = 65535 / (high - low) if high > low else 0.0
    return np.asarray(np.rint((channel.astype(np.float64) - low) * scale), np.uint16)

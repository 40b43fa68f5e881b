"""Window and level: which pixel values are shown black and which white."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.domain.head import above_background, silhouette
from core.domain.volume import Pixels

_RIM = 0.18
"""Scalp, fat and skull, as a share of the width of the head: some 25 of 140 mm."""

_BRIGHT, _BRIGHTEST, _OVER_SLICES = 99.5, 99.9, 90.0
_FEWEST = 20
_SAMPLE_EDGE, _SAMPLE_SLICES = 160, 40


WindowPreset = Literal["contrast", "lesion", "soft"]


@dataclass(frozen=True)
class WindowLevel:
    """`window` is the width of the range shown, `level` its centre, in pixel values."""

    window: float
    level: float

    @property
    def limits(self) -> tuple[float, float]:
        """The values shown black and white."""
        return self.level - self.window / 2, self.level + self.window / 2

    def part(self, low: float, high: float) -> "WindowLevel":
        """Return the range between two shares of it, 0 at its lower limit and 1 at its upper."""
        centre = self.limits[0] + (low + high) / 2 * self.window
        return WindowLevel(max((high - low) * self.window, 1.0), centre)

    def moved(self, window: float, level: float) -> "WindowLevel":
        """Return it widened by `window` and raised by `level`; never narrower than one value."""
        return WindowLevel(max(self.window + window, 1.0), self.level + level)


def automatic(channel: Pixels) -> WindowLevel:
    """Return the range from the lowest value to what is bright inside the brain.

    `channel` is (Z, Y, X). The rim of the head is left out: fat under the skin is brighter than any
    lesion on many images, and a range that ends there shows the brain dark. The top is the 99.5th
    percentile of a slice, the 90th of that over the slices.
    """
    sample = _sample(channel)
    head = above_background(sample, float(np.percentile(sample, _BRIGHTEST)))
    inside = head & silhouette(head, rim=_RIM)
    counts, areas = inside.sum(axis=(1, 2)), head.sum(axis=(1, 2))
    told = (areas >= areas.max() / 2) & (counts >= _FEWEST)
    tops = [np.percentile(sample[z][inside[z]], _BRIGHT) for z in np.flatnonzero(told)]
    if not tops:
        return full_range(channel)
    low = float(sample.min())
    window = max(float(np.percentile(tops, _OVER_SLICES)) - low, 1.0)
    return WindowLevel(window, low + window / 2)


def preset_range(preset: WindowPreset, around: WindowLevel) -> WindowLevel:
    """Return one of the ranges readers often want, from the automatic one of the channel.

    `contrast` is narrower on both sides, `lesion` shows what is darker than grey matter black, and
    `soft` is wider than all that lies in the brain.
    """
    low, high = {"contrast": (0.2, 0.8), "lesion": (0.4, 1.1), "soft": (0.0, 1.7)}[preset]
    return around.part(low, high)


def full_range(channel: Pixels) -> WindowLevel:
    """Return the range of all values found, at least one wide."""
    low, high = float(channel.min()), float(channel.max())
    return WindowLevel(max(high - low, 1.0), (low + high) / 2)


def sampled_slices(count: int) -> range:
    """Return the indices of the slices, of `count`, by which `automatic` tells the brightness."""
    return range(0, count, -(-count // _SAMPLE_SLICES))


def _sample(channel: Pixels) -> Pixels:
    """Return enough of a channel to know its brightness by."""
    slices, rows, columns = channel.shape
    step = -(-max(rows, columns) // _SAMPLE_EDGE)
    return channel[:: sampled_slices(slices).step, ::step, ::step]

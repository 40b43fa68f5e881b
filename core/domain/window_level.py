"""Window and level: which pixel values are shown black and which white."""

from dataclasses import dataclass

import numpy as np

from core.domain.volume import Pixels


@dataclass(frozen=True)
class WindowLevel:
    """`window` is the width of the range shown, `level` its centre, in pixel values."""

    window: float
    level: float

    @property
    def limits(self) -> tuple[float, float]:
        """The values shown black and white."""
        return self.level - self.window / 2, self.level + self.window / 2

    def moved(self, window: float, level: float) -> "WindowLevel":
        """Return it widened by `window` and raised by `level`; never narrower than one value."""
        return WindowLevel(max(self.window + window, 1.0), self.level + level)


def automatic(channel: Pixels) -> WindowLevel:
    """Return the range from zero to the 99.5th percentile of what is not background.

    `channel` is (Z, Y, X); background is a tenth of its maximum or less.
    """
    counts = np.bincount(channel.ravel())
    highest = len(counts) - 1
    counts[: highest // 10 + 1] = 0
    if not counts.any():
        return full_range(channel)
    shares = np.cumsum(counts) / counts.sum()
    top = float(np.searchsorted(shares, 0.995))
    return WindowLevel(top, top / 2)


def full_range(channel: Pixels) -> WindowLevel:
    """Return the range of all values found, at least one wide."""
    low, high = float(channel.min()), float(channel.max())
    return WindowLevel(max(high - low, 1.0), (low + high) / 2)

"""From pixel values to the intensities a network sees, by statistics over the whole volume.

Values of 8 and 16 bit, signed or not, are counted: mean, deviation and percentiles come exactly
from the counts, and normalising is a look-up, without a float copy of the volume. Other types take
the same formulas over the values themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.domain.volume import FloatArray, Pixels
from core.models.preprocessing import Preprocessing

_FLAT = 1e-6
_ALONE = ("image", "box", "nonzero")
_LOW_PERCENT, _HIGH_PERCENT = 10.0, 99.0  # of the public reference implementation


class Normaliser(Protocol):
    """Turns one channel into normalised intensities."""

    @property
    def fill(self) -> float:
        """The intensity of the lowest value of the channel, for what lies beyond the image."""

    def __call__(self, channel: Pixels) -> FloatArray:
        """Return the intensities of `channel` (Z, Y, X)."""


def normalisers(pixels: Pixels, spec: Preprocessing) -> Sequence[Normaliser]:
    """Return for each channel of `pixels` (C, Z, Y, X) what normalises it."""
    if spec.intensity in _ALONE:
        return _standards(pixels, spec.intensity)
    if is_counted(pixels):
        return _look_ups([_counted(channel) for channel in pixels], spec)
    if spec.intensity == "reference":
        return _reference_scales(pixels)
    return [_foreground_scale(channel, spec) for channel in pixels]


def is_counted(pixels: Pixels) -> bool:
    """Tell whether the values are few enough to be counted: whole numbers of 8 or 16 bit."""
    return pixels.dtype.kind in "iu" and pixels.dtype.itemsize <= 2


@dataclass(frozen=True, eq=False)
class _Counts:
    """How often each value occurs: `counts[n]` is that of the value `lowest` + n."""

    counts: NDArray[np.int64]
    lowest: int

    @property
    def values(self) -> NDArray[np.float64]:
        return np.arange(len(self.counts), dtype=np.float64) + self.lowest


def _counted(channel: Pixels) -> _Counts:
    levels = 1 << (8 * channel.dtype.itemsize)
    flat = np.ascontiguousarray(channel).reshape(-1)
    counts = _bytes_counted(flat) if levels == 256 else _words_counted(flat)
    if channel.dtype.kind == "u":
        return _Counts(counts, 0)
    return _Counts(np.roll(counts, levels // 2), -levels // 2)


def _bytes_counted(flat: Pixels) -> NDArray[np.int64]:
    """Count bytes two at a time: numpy makes a large whole number of each that it counts."""
    even = flat[: len(flat) & ~1]
    pairs = _words_counted(even.view(np.uint16)).reshape(256, 256)
    counts = np.asarray(pairs.sum(axis=0) + pairs.sum(axis=1), np.int64)
    if len(even) < len(flat):
        counts[flat[-1:].view(np.uint8)] += 1
    return counts


def _words_counted(flat: Pixels) -> NDArray[np.int64]:
    return np.bincount(flat.view(np.uint16), minlength=1 << 16)


@dataclass(frozen=True, eq=False)
class _LookUp:
    """A table from pixel value to intensity; negative values count from its end, as in numpy."""

    table: FloatArray
    fill: float

    def __call__(self, channel: Pixels) -> FloatArray:
        return self.table[channel]


def _look_ups(counted: Sequence[_Counts], spec: Preprocessing) -> list[_LookUp]:
    if spec.intensity == "reference":
        tables = _reference_tables(counted)
    else:
        tables = [_foreground_table(counts, spec) for counts in counted]
    return [
        _LookUp(np.roll(table, counts.lowest), float(table[np.flatnonzero(counts.counts)[0]]))
        for counts, table in zip(counted, tables, strict=True)
    ]


def _foreground_table(counted: _Counts, spec: Preprocessing) -> FloatArray:
    values, counts = counted.values, counted.counts
    highest = values[np.flatnonzero(counts)[-1]]
    inside = np.where(values > spec.foreground * highest, counts, 0)
    if not inside.any():
        return np.zeros(len(counts), np.float32)
    mean, deviation = _moments(values, inside)
    top = counted.lowest + _percentile(inside, spec.clip_percentile)
    return ((np.clip(values, 0, top) - mean) / deviation).astype(np.float32)


def _reference_tables(counted: Sequence[_Counts]) -> list[FloatArray]:
    together = np.sum([each.counts for each in counted], axis=0)
    values, lowest = counted[0].values, counted[0].lowest
    low = lowest + _percentile(together, _LOW_PERCENT)
    high = lowest + _percentile(together, _HIGH_PERCENT)
    scaled = np.clip((values - low) / max(high - low, _FLAT), 0.0, 1.0)
    tables = []
    for each in counted:
        mean, deviation = _moments(scaled, each.counts)
        tables.append(((scaled - mean) / deviation).astype(np.float32))
    return tables


def _moments(values: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return mean and deviation; a constant channel gets a deviation of one, not of zero."""
    total = counts.sum()
    mean = float((values * counts).sum() / total)
    deviation = float(np.sqrt((np.square(values - mean) * counts).sum() / total))
    return mean, deviation if deviation > _FLAT else 1.0


def _percentile(counts: NDArray[np.int64], percent: float) -> float:
    """Return the percentile of counted places, linear between ranks as numpy's."""
    cumulative = np.cumsum(counts)
    rank = (int(cumulative[-1]) - 1) * percent / 100.0
    below, above = np.searchsorted(cumulative, [np.floor(rank), np.ceil(rank)], side="right")
    return float(below + (above - below) * (rank - np.floor(rank)))


@dataclass(frozen=True)
class _Scale:
    """Values less `low`, in parts of `width` and cut to 0 … `top`, get mean 0 and deviation 1."""

    low: float
    width: float
    top: float
    mean: float
    deviation: float
    lowest: float

    @property
    def fill(self) -> float:
        """The intensity of the lowest value."""
        return float(self(np.array([self.lowest]))[0])

    def __call__(self, channel: Pixels) -> FloatArray:
        values = self.cut(channel)
        values -= np.float32(self.mean)
        values /= np.float32(self.deviation)
        return values

    def cut(self, channel: Pixels) -> FloatArray:
        """Return the values as they are before mean and deviation are taken out."""
        values: FloatArray = (channel - self.low).astype(np.float32, copy=False)
        values /= np.float32(self.width)
        return np.clip(values, 0.0, self.top, out=values)


@dataclass(frozen=True)
class _Standard:
    """Values get the mean 0 and deviation 1 that some of them have; zero `stays` where it is.

    Beyond the image there is 0, as nnU-Net and MONAI pad.
    """

    mean: float
    deviation: float
    stays: bool

    @property
    def fill(self) -> float:
        """The intensity of what lies beyond the image."""
        return 0.0

    def __call__(self, channel: Pixels) -> FloatArray:
        values: FloatArray = channel.astype(np.float32)
        values -= np.float32(self.mean)
        values /= np.float32(self.deviation)
        if self.stays:
            values[channel == 0] = 0.0
        return values


def _standards(pixels: Pixels, kind: str) -> list[_Standard]:
    """Return what standardises each channel by all voxels, those of a box, or those not zero."""
    inside = _box(pixels) if kind == "box" else np.s_[:, :, :]
    found = []
    for channel in pixels:
        counted = channel[channel != 0] if kind == "nonzero" else channel[inside]
        mean, deviation = _moments_of(counted) if counted.size else (0.0, 1.0)
        found.append(_Standard(mean, deviation, kind == "nonzero"))
    return found


def _box(pixels: Pixels) -> tuple[slice, slice, slice]:
    """Return the smallest box (Z, Y, X) around all that is not zero in any channel."""
    there = np.zeros(pixels.shape[1:], bool)
    for channel in pixels:
        there |= channel != 0
    sides = [np.flatnonzero(there.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    z, y, x = (slice(int(s[0]), int(s[-1]) + 1) if len(s) else slice(None) for s in sides)
    return z, y, x


def _foreground_scale(channel: Pixels, spec: Preprocessing) -> _Scale:
    highest, lowest = float(channel.max()), float(channel.min())
    inside = channel[channel > spec.foreground * highest]
    if not inside.size:
        return _Scale(0.0, 1.0, 0.0, 0.0, 1.0, lowest)
    top = max(float(np.percentile(inside, spec.clip_percentile)), 0.0)
    return _Scale(0.0, 1.0, top, *_moments_of(inside), lowest)


def _reference_scales(pixels: Pixels) -> list[_Scale]:
    low, high = (float(v) for v in np.percentile(pixels, (_LOW_PERCENT, _HIGH_PERCENT)))
    plain = _Scale(low, max(high - low, _FLAT), 1.0, 0.0, 1.0, 0.0)
    scales = []
    for channel in pixels:
        mean, deviation = _moments_of(plain.cut(channel))
        lowest = float(channel.min())
        scales.append(replace(plain, mean=mean, deviation=deviation, lowest=lowest))
    return scales


def _moments_of(values: Pixels) -> tuple[float, float]:
    mean = float(values.mean(dtype=np.float64))
    deviation = float(values.std(dtype=np.float64))
    return mean, deviation if deviation > _FLAT else 1.0

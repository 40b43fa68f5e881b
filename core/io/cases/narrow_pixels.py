"""Real values of a channel as they arrive, held in the smallest type that has held all so far.

A case in memory has one type for all of its channels, the smallest that holds every value
(`smallest_type`). Which one that is shows at the last voxel. Until then each channel keeps what has
come in 8 or 16 bits where it fits, in single precision where it does not, and changes when a value
asks for more: nothing is ever held twice in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.domain.grid import Turn
from core.domain.volume import Pixels

_EXACT = 1 << 24  # whole numbers up to here are the same in single precision
_BYTE, _WORD = np.dtype(np.uint8), np.dtype(np.uint16)
_KINDS: tuple[type[np.integer[Any]], ...] = (np.uint8, np.uint16, np.int16)


@dataclass
class FoundValues:
    """The lowest and the highest value, and whether none has a part; `gaps` were no number.

    Gaps count as 0.
    """

    low: float = float("inf")
    high: float = float("-inf")
    whole: bool = True
    gaps: bool = False

    def fits(self, kind: type[np.integer[Any]]) -> bool:
        """Whether all lie within a type of whole numbers."""
        return np.iinfo(kind).min <= self.low and self.high <= np.iinfo(kind).max

    @property
    def narrow(self) -> bool:
        """Whether all are whole numbers of one of the types of 8 and 16 bit."""
        return self.whole and any(self.fits(kind) for kind in _KINDS)

    @property
    def exact(self) -> bool:
        """Whether single precision holds all that have no part."""
        return max(-self.low, self.high) <= _EXACT


def smallest_type(ranges: Sequence[FoundValues]) -> np.dtype[Any]:
    """Return the smallest type for all values of all channels.

    Whole numbers become 16 bit where they fit, whatever type their file has: nothing is lost, and
    all that counts values is faster.
    """
    whole = all(each.whole for each in ranges)
    found = FoundValues(min(each.low for each in ranges), max(each.high for each in ranges), whole)
    if whole:
        for kind in _KINDS:
            if found.fits(kind):
                return np.dtype(kind)
        if not found.exact:
            return np.dtype(np.float64)
    return np.dtype(np.float32)


def narrow_type(real: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which values of a type are held first."""
    return _BYTE if real in (_BYTE, np.dtype(bool)) else _WORD


class NarrowPixels:
    """The values of one channel (Z, Y, X), in canonical order.

    `shape` and `real` are shape and type of its slices as they are stored, `turn` leads from there.
    16 bits hold numbers with a sign and without by the same bits; `room` may be a place for them,
    (Z, Y, X) in canonical order, which is used where its type fits.
    """

    def __init__(
        self, shape: tuple[int, int, int], real: np.dtype[Any], turn: Turn, room: Pixels | None
    ) -> None:
        self.range = FoundValues()
        self._turn, self._real, self._filled = turn, real, 0
        self._shape = tuple(shape[axis] for axis in turn.axes)
        self._kind = narrow_type(real)
        fits = room is not None and room.dtype == self._kind and room.shape == self._shape
        self._held: Pixels = room if room is not None and fits else self._empty(self._kind)

    def add(self, values: Pixels) -> None:
        """Take the next stored slices (n, Y, X), as real values."""
        before = self.pixels
        values = self._known(values)
        kind = self._needed()
        if kind != self._kind:
            self._widen(before, kind)
        stored = self._turn.undo(self._held)[self._filled : self._filled + len(values)]
        np.copyto(stored, values, casting="unsafe")
        self._filled += len(values)

    @property
    def pixels(self) -> Pixels:
        """The values so far."""
        signed = self._kind == _WORD and self.range.low < 0
        return self._held.view(np.int16) if signed else self._held

    def lies_in(self, room: Pixels) -> bool:
        """Tell whether it is held in that place."""
        return self._held is room

    def _known(self, values: Pixels) -> Pixels:
        """Return values that are all numbers, their range noted."""
        found = self.range
        low, high = values.min(), values.max()
        if values.dtype.kind == "f" and not (np.isfinite(low) and np.isfinite(high)):
            values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
            found.gaps, low, high = True, values.min(), values.max()
        found.low, found.high = min(found.low, float(low)), max(found.high, float(high))
        if values.dtype.kind != "f" or not found.whole:
            return values
        if not found.exact:
            found.whole = bool(np.array_equal(values, np.rint(values)))
            return values
        numbers = values.astype(np.int32)
        found.whole = bool(np.array_equal(values, numbers))
        return numbers if found.whole else values

    def _needed(self) -> np.dtype[Any]:
        """Return the type for all values so far, never one that holds less than the one in use."""
        if self._kind not in (_BYTE, _WORD):
            single = self._kind == np.float32 and (self.range.exact or not self.range.whole)
            return self._kind if single or self._kind != np.float32 else self._real
        if self.range.narrow:
            return self._kind
        if self.range.exact or not self.range.whole:
            return np.dtype(np.float32)
        return self._real

    def _widen(self, before: Pixels, kind: np.dtype[Any]) -> None:
        wider = self._empty(kind)
        self._turn.undo(wider)[: self._filled] = self._turn.undo(before)[: self._filled]
        self._kind, self._held = kind, wider

    def _empty(self, kind: np.dtype[Any]) -> Pixels:
        return np.empty(self._shape, kind)

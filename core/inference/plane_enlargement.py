"""Planes made larger bilinearly, in half the time that Pillow takes for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.domain.volume import FloatArray

_Indices: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class _Taps:
    """For each line of the result the line of the source below it, that above, and its share."""

    below: _Indices
    above: _Indices
    share: FloatArray

    def apply(self, source: FloatArray, result: FloatArray, other: FloatArray) -> None:
        """Fill `result` from the lines of `source`; `other`, of its shape, is overwritten."""
        np.take(source, self.below, axis=0, out=result, mode="clip")
        np.take(source, self.above, axis=0, out=other, mode="clip")
        other -= result
        other *= self.share
        result += other


def _taps(there: int, wanted: int) -> _Taps:
    place = (np.arange(wanted) + 0.5) * (there / wanted) - 0.5
    below = np.floor(place)
    share = (place - below).astype(np.float32)[:, np.newaxis]
    lines = [np.clip(below + step, 0, there - 1).astype(np.intp) for step in (0, 1)]
    return _Taps(lines[0], lines[1], share)


class PlaneEnlargement:
    """From planes (y, x) of one shape to one that is no smaller in height or width.

    Pixels are areas and the outermost are carried on, as Pillow has it: the results are the same
    to the last digits of a float. Columns come first, so a plane is given turned, (x, y): then its
    lines are whole, and a look-up that makes it can turn it on the way.
    """

    def __init__(self, there: tuple[int, int], wanted: tuple[int, int]) -> None:
        self._rows, self._columns = _taps(there[0], wanted[0]), _taps(there[1], wanted[1])
        self._wide = np.empty((2, wanted[1], there[0]), np.float32)
        self._upright = np.empty((there[0], wanted[1]), np.float32)
        self._other = np.empty(wanted, np.float32)

    def apply(self, turned: FloatArray, result: FloatArray) -> None:
        """Fill `result` (h, w) from a plane that is given as (x, y)."""
        self._columns.apply(turned, self._wide[0], self._wide[1])
        self._upright[:] = self._wide[0].T
        self._rows.apply(self._upright, result, self._other)


def enlargement(there: tuple[int, int], wanted: tuple[int, int]) -> PlaneEnlargement | None:
    """Return what makes planes (y, x) larger, None where they shrink or stay as they are."""
    if there == wanted or there[0] > wanted[0] or there[1] > wanted[1]:
        return None
    return PlaneEnlargement(there, wanted)

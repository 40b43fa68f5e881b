"""What a file holds, as it is stored: pixels, grid, labels, and the passport of its geometry."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain.grid import Affine, Grid
from core.domain.label_set import LabelSet

Pixels = NDArray[Any]
"""(C, Z, Y, X) of any integer or float type."""

_EXACT_IN_SINGLE = 2  # bytes of the integers that a float32 holds without rounding


@dataclass(frozen=True, eq=False)
class GeometrySource:
    """What one part of a file says of the geometry: such as `sform` or `qform`.

    `affine` is voxel index (x, y, z) → RAS+ mm, or None when it says none that can be used.
    """

    name: str
    says: str
    affine: Affine | None = None


@dataclass(frozen=True, eq=False)
class Passport:
    """What a file says of its geometry, what was believed and why.

    `format` is for readers; `reader` is the name of the `Reader` that read it, empty for what comes
    from no such file. `notices` are whole sentences, each naming the file, what was expected and
    found, what to do.
    """

    path: Path
    format: str
    sources: tuple[GeometrySource, ...]
    believed: str
    why: str
    notices: tuple[str, ...] = ()
    reader: str = ""

    def with_notices(self, *notices: str) -> "Passport":
        """Return the passport with more notices."""
        return replace(self, notices=self.notices + notices)


@dataclass(frozen=True, eq=False)
class Stored:
    """One volume as its file stores it.

    `pixels` are (C, Z, Y, X) with C = 1 for grey and 3 for colour; real value = pixel × `slope` +
    `intercept`. `grid` is that of the file, `labels` the label set it names when it is a mask.
    `header` is what a writer of the same format needs to keep the rest of the file as it was.
    `points` is how many volumes the file holds (time points, echoes), `point` which one this is.
    """

    pixels: Pixels
    grid: Grid
    passport: Passport
    slope: float = 1.0
    intercept: float = 0.0
    labels: LabelSet | None = None
    header: Any = field(default=None, repr=False)
    points: int = 1
    point: int = 0

    def __post_init__(self) -> None:
        """Hold the pixels against writing and check that they lie on the grid."""
        assert self.pixels.shape[1:] == self.grid.shape, (self.pixels.shape, self.grid.shape)
        self.pixels.setflags(write=False)

    @property
    def is_scaled(self) -> bool:
        """True when real values are not the stored ones."""
        return (self.slope, self.intercept) != (1.0, 0.0)

    def real(self) -> Pixels:
        """Return real values (C, Z, Y, X): the pixels themselves where nothing scales them.

        Scaled 8 and 16 bit become float32, anything longer float64.
        """
        if not self.is_scaled:
            return self.pixels
        small = self.pixels.dtype.kind in "iu" and self.pixels.dtype.itemsize <= _EXACT_IN_SINGLE
        kind = np.float32 if small else np.float64
        return np.asarray(self.pixels * kind(self.slope) + kind(self.intercept), kind)

    def read_by(self, reader: str) -> "Stored":
        """Return the same with the name of what read it."""
        return replace(self, passport=replace(self.passport, reader=reader))

    def with_notices(self, *notices: str) -> "Stored":
        """Return the same with more notices in the passport."""
        return replace(self, passport=self.passport.with_notices(*notices))

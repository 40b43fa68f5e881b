"""What a file holds, as it is stored: pixels, grid, labels, and the passport of its geometry."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.grid import Affine, Grid
from core.domain.label_set import LabelSet
from core.domain.volume import Pixels

_SLAB_BYTES = 1 << 22  # little enough to stay in the processor's cache
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
class StoredHead:
    """What a file says of one volume beside its pixels; see `Stored`."""

    grid: Grid
    passport: Passport
    slope: float = 1.0
    intercept: float = 0.0
    labels: LabelSet | None = None
    header: Any = field(default=None, repr=False)
    points: int = 1
    point: int = 0

    @property
    def is_scaled(self) -> bool:
        """True when real values are not the stored ones."""
        return (self.slope, self.intercept) != (1.0, 0.0)

    def real(self, pixels: Pixels) -> Pixels:
        """Return real values: `pixels` themselves where nothing scales them.

        Scaled 8 and 16 bit become float32, anything longer float64.
        """
        if not self.is_scaled:
            return pixels
        kind = self.real_type(pixels.dtype).type
        return np.asarray(pixels * kind(self.slope) + kind(self.intercept), kind)

    def real_type(self, stored: np.dtype[Any]) -> np.dtype[Any]:
        """Return the type of the real values of pixels of a type."""
        if not self.is_scaled:
            return stored
        small = stored.kind in "iu" and stored.itemsize <= _EXACT_IN_SINGLE
        return np.dtype(np.float32 if small else np.float64)

    def read_by(self, reader: str) -> "StoredHead":
        """Return the same with the name of what read it."""
        return replace(self, passport=replace(self.passport, reader=reader))

    def with_pixels(self, pixels: Pixels) -> "Stored":
        """Return the volume of these pixels (C, Z, Y, X)."""
        return Stored(
            pixels,
            self.grid,
            self.passport,
            self.slope,
            self.intercept,
            self.labels,
            self.header,
            self.points,
            self.point,
        )


@dataclass(frozen=True, eq=False)
class PixelStream:
    """A volume whose header was read and whose pixels are read when they are asked for.

    `channels` and `dtype` are those of its pixels. `slabs()` reads all slices as they are stored,
    from the first to the last, in pieces (C, n, Y, X) of some megabytes; each is overwritten by the
    next. It raises `FileError` for pixels that are cut off or damaged, which may be known after
    the last piece alone: nothing counts before it has ended. `slices` reads (C, n, Y, X) of the
    given indices where that takes no more than these; None where all before them must be unpacked.
    """

    head: StoredHead
    channels: int
    dtype: np.dtype[Any]
    slabs: Callable[[], Iterator[Pixels]]
    slices: Callable[[Sequence[int]], Pixels] | None = None

    def whole(self) -> "Stored":
        """Read all pixels; raises `FileError`."""
        pixels: Pixels = np.empty((self.channels, *self.head.grid.shape), self.dtype)
        start = 0
        for slab in self.slabs():
            pixels[:, start : start + slab.shape[1]] = slab
            start += slab.shape[1]
        return self.head.with_pixels(pixels)


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
    def head(self) -> StoredHead:
        """Everything but the pixels."""
        return StoredHead(
            self.grid,
            self.passport,
            self.slope,
            self.intercept,
            self.labels,
            self.header,
            self.points,
            self.point,
        )

    @property
    def is_scaled(self) -> bool:
        """True when real values are not the stored ones."""
        return self.head.is_scaled

    def real(self) -> Pixels:
        """Return real values (C, Z, Y, X), as `StoredHead.real`."""
        return self.head.real(self.pixels)

    def stream(self) -> PixelStream:
        """Return the same as a stream, of what is in memory already."""
        pixels = self.pixels
        step = slab_slices(pixels.shape, pixels.dtype)

        def slabs() -> Iterator[Pixels]:
            for start in range(0, pixels.shape[1], step):
                yield pixels[:, start : start + step]

        def slices(indices: Sequence[int]) -> Pixels:
            return np.asarray(pixels[:, list(indices)])

        return PixelStream(self.head, len(pixels), pixels.dtype, slabs, slices)

    def read_by(self, reader: str) -> "Stored":
        """Return the same with the name of what read it."""
        return replace(self, passport=replace(self.passport, reader=reader))

    def with_notices(self, *notices: str) -> "Stored":
        """Return the same with more notices in the passport."""
        return replace(self, passport=self.passport.with_notices(*notices))


def slab_slices(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Return how many slices of (C, Z, Y, X) are read at once: some megabytes of them."""
    one = shape[0] * shape[2] * shape[3] * dtype.itemsize
    return max(min(_SLAB_BYTES // max(one, 1), shape[1]), 1)

"""How images were acquired, as far as a model cares: plane, size of a voxel, kind of values."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from core.domain.grid import Spacing
from core.domain.volume import Volume

Intensity: TypeAlias = Literal["8-bit", "real", "signed"]
"""Whole numbers of 0 to 255; a scanner's or a program's own values; values below zero too."""

_BELOW_ZERO = 0.01  # of the greatest magnitude: interpolation alone rings a little below zero


class Acquisition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What images a model learnt from, or what one volume is; stored in `model.json`.

    `planes` are those of the acquisition, `lowest_mm` and `highest_mm` the spacing (z, y, x) of the
    finest and of the coarsest on each axis. What no file told is empty or None, and not checked.
    """

    planes: tuple[str, ...] = ()
    lowest_mm: Spacing | None = None
    highest_mm: Spacing | None = None
    intensities: tuple[Intensity, ...] = ()


def acquisition_of(volume: Volume) -> Acquisition:
    """Return what one volume is."""
    grid = volume.geometry
    return Acquisition(
        planes=(grid.plane,) if grid.plane else (),
        lowest_mm=grid.spacing_mm,
        highest_mm=grid.spacing_mm,
        intensities=(_intensity(volume),),
    )


def joined(several: Iterable[Acquisition]) -> Acquisition:
    """Return what holds of several together: every plane and kind, the widest range of spacing."""
    known = list(several)
    lowest = [each.lowest_mm for each in known if each.lowest_mm]
    highest = [each.highest_mm for each in known if each.highest_mm]
    return Acquisition(
        planes=tuple(sorted({plane for each in known for plane in each.planes})),
        lowest_mm=_axes(np.min(lowest, axis=0)) if lowest else None,
        highest_mm=_axes(np.max(highest, axis=0)) if highest else None,
        intensities=tuple(sorted({kind for each in known for kind in each.intensities})),
    )


def acquisition_words(acquisition: Acquisition) -> str:
    """Say what images a model learnt from, such as `axial, 3 to 6×1×1 mm, 8-bit values`."""
    low, high = acquisition.lowest_mm, acquisition.highest_mm
    spacing = "spacing unknown" if low is None or high is None else f"{spacing_words(low, high)} mm"
    values = " or ".join(acquisition.intensities)
    parts = [" or ".join(acquisition.planes), spacing, f"{values} values" if values else ""]
    return ", ".join(part for part in parts if part)


def spacing_words(lowest: Spacing, highest: Spacing) -> str:
    """Say a range of spacing (z, y, x) an axis at a time, without its unit."""
    return "×".join(
        f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"
        for low, high in zip(lowest, highest, strict=True)
    )


def resampled_words(wanted: Spacing) -> str:
    """Say the spacing (z, y, x) that is resampled to; a z of 0 keeps the slices."""
    z, y, x = wanted
    return f"{y:.3g}×{x:.3g} in a slice" if not z else spacing_words(wanted, wanted)


def _intensity(volume: Volume) -> Intensity:
    pixels = volume.pixels
    if pixels.dtype == np.uint8:
        return "8-bit"
    if pixels.dtype.kind == "u":
        return "real"
    for channel in pixels:
        lowest, highest = float(channel.min()), float(channel.max())
        if lowest < -_BELOW_ZERO * max(abs(lowest), abs(highest)):
            return "signed"
    return "real"


def _axes(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Spacing:
    z, y, x = (round(float(value), 4) for value in values)
    return z, y, x

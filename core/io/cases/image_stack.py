"""How the samples of a case's images become its channels."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.domain.errors import DataError
from core.domain.volume import LGG_CHANNELS, Pixels, Volume
from core.io.cases.case import Case
from core.io.tiff.tiff_samples import Samples

_HIGHEST = 65535
_OFFERED = 4
_EXACT = float(1 << 24)
"""Up to here a floating number of 32 bits holds every whole one."""

_NARROW = (np.uint8, np.uint16, np.int16)
_GAPS = (
    "expected a number in every pixel, found some without (NaN or infinite). They are shown as 0; "
    "fill them in the program that made the image."
)


def fitted(name: str, read: Mapping[int, Samples]) -> tuple[dict[int, Pixels], tuple[str, ...]]:
    """Return slices of the smallest type that loses nothing, and sentences about what was changed.

    Whole numbers are raised by the lowest of the case, if negative, and take 8 or 16 bits where
    they fit; others are floating. What is no number is 0. Slices of wide types among more of 8 or
    16 bits are left as they are.
    """
    wide = [index for index, pixels in read.items() if pixels.dtype not in _NARROW]
    if not wide:
        return _unsign(name, read)
    if 2 * len(wide) < len(read):
        narrow, said = _unsign(name, {n: p for n, p in read.items() if n not in wide})
        return {n: narrow.get(n, _finite(read[n])) for n in read}, said
    known = {index: _finite(pixels) for index, pixels in read.items()}
    gaps = any(not np.isfinite(read[n]).all() for n in wide)
    told = (f"{name}: {_GAPS}",) if gaps else ()
    low = min(float(pixels.min()) for pixels in known.values())
    high = max(float(pixels.max()) for pixels in known.values())
    if high - min(low, 0.0) <= _HIGHEST and all(map(_is_whole, known.values())):
        whole = {n: p.astype(np.int32) for n, p in known.items()}
        narrow, said = _unsign(name, whole)
        return narrow, (*told, *said)
    floating = np.float32 if max(-low, high) <= _EXACT else np.float64
    return {n: np.asarray(p, floating) for n, p in known.items()}, told


def _finite(pixels: Samples) -> Samples:
    if pixels.dtype.kind != "f":
        return pixels
    return np.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0)


def _is_whole(pixels: Samples) -> bool:
    return pixels.dtype.kind in "iu" or bool(np.array_equal(pixels, np.rint(pixels)))


def _unsign(name: str, read: Mapping[int, Samples]) -> tuple[dict[int, Pixels], tuple[str, ...]]:
    """Return slices without signs: raised by the lowest value of the case, if negative."""
    lowest = min((int(p.min(initial=0)) for p in read.values() if p.dtype.kind == "i"), default=0)
    if lowest == 0:
        return {n: _unsigned(pixels) for n, pixels in read.items()}, ()
    lifted: dict[int, Pixels] = {}
    for index, pixels in read.items():
        if pixels.dtype == np.uint8:
            lifted[index] = np.asarray(pixels, np.uint8)
        else:
            lifted[index] = np.clip(pixels.astype(np.int32) - lowest, 0, _HIGHEST).astype(np.uint16)
    return lifted, (
        f"{name}: expected values from zero up, found some down to {lowest}. All were raised by "
        f"{-lowest}, so that the lowest is zero; their order is as it was.",
    )


def _unsigned(pixels: Samples) -> Pixels:
    if pixels.dtype == np.uint8:
        return np.asarray(pixels, np.uint8)
    return np.asarray(pixels, np.uint16)


def choose_channels(case: Case, volume: Volume, notices: tuple[str, ...]) -> Volume:
    """Return the volume of the channels that the case names, and say where there is a choice.

    Three are named as the public set's, as three in a file are. Images that have no more channels
    than are chosen are left as they are. Raises `DataError` when a channel is not there.
    """
    count = len(volume.pixels)
    chooses = count > len(case.channels)
    if chooses and any(not 0 <= n < count for n in case.channels):
        raise DataError(
            f"{case.id}: expected channels 1 to {count}, found the choice "
            f"{', '.join(str(n + 1) for n in case.channels)}. Choose others."
        )
    if case.channels and chooses:
        many = len(case.channels) != len(LGG_CHANNELS)
        named = tuple(volume.channels[n] for n in case.channels)
        names = named if many else LGG_CHANNELS
        chosen = np.ascontiguousarray(volume.pixels[list(case.channels)])
        return replace(volume, pixels=chosen, channels=names, roles=(), notices=notices)
    if count >= _OFFERED:
        notices += (
            f"{case.id}: expected three channels or one, found {count}. All are shown; models of "
            "three channels need a choice of three: choose channels (in the window by the menu "
            "File, else by --channels 1,2,3).",
        )
    return replace(volume, notices=notices)

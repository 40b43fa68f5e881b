"""How the samples of a case's images become its channels."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.domain.errors import DataError
from core.domain.volume import LGG_CHANNELS, Pixels, Volume
from core.io.case import Case
from core.io.tiff_samples import Samples

_HIGHEST = 65535
_OFFERED = 4


def unsign(name: str, read: Mapping[int, Samples]) -> tuple[dict[int, Pixels], tuple[str, ...]]:
    """Return slices without signs: raised by the lowest value of the case, if negative."""
    lowest = min((int(p.min(initial=0)) for p in read.values() if p.dtype == np.int16), default=0)
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
        chosen = _unsigned(np.ascontiguousarray(volume.pixels[list(case.channels)]))
        return replace(volume, pixels=chosen, channels=names, roles=(), notices=notices)
    if count >= _OFFERED:
        notices += (
            f"{case.id}: expected three channels or one, found {count}. All are shown; models of "
            "three channels need a choice of three: choose channels (in the window by the menu "
            "File, else by --channels 1,2,3).",
        )
    return replace(volume, notices=notices)

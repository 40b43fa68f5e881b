"""Read a case whose files hold whole volumes: channels and ground truth in canonical order."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.domain.errors import AppError, DataError
from core.domain.grid import Turn
from core.domain.label_set import LabelMap, LabelSet
from core.domain.mask import Mask, binarise
from core.domain.progress import Progress, silent
from core.domain.role import Role
from core.domain.volume import Pixels, Volume
from core.io.case import Case
from core.io.found_case import PlacedMask, check_one_grid, read_channel, read_mask
from core.io.layouts.found import FoundCase, FoundChannel
from core.io.memory import require_memory
from core.io.stored import Stored

_COLOURS = ("red", "green", "blue")
_READERS = 4  # files at a time; unpacking and numpy leave the interpreter to the others
_EXACT = 1 << 24  # whole numbers up to here are the same in single precision


@dataclass(frozen=True, eq=False)
class VolumeRead:
    """What the files of a case hold.

    `turn` leads from the stored grid to the canonical one that `volume` and `label_map` (Z, Y, X)
    lie on. `damaged` are sentences about masks that are there but cannot be used, `notices` all
    others.
    """

    volume: Volume
    turn: Turn
    label_map: LabelMap | None
    labels: LabelSet | None
    notices: tuple[str, ...]
    damaged: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Channel:
    """One channel in canonical order, and the range of its values: `whole` when none has a part."""

    pixels: Pixels
    low: float
    high: float
    whole: bool


def read_volumes(case: Case, *, progress: Progress = silent) -> VolumeRead:
    """Return the volume and ground truth of a case that is no folder of slices.

    The first of its masks is the ground truth; one that cannot be used is told. Raises `DataError`
    when a channel cannot be read, or the channels do not lie on one grid.
    """
    assert case.volumes is not None
    found = case.volumes
    try:
        stored = _read_channels(found, progress)
        notices = [notice for one in stored for notice in one.passport.notices]
        grid, turn = stored[0].grid.canonical()
        pixels, told = _together(stored, turn)
    except MemoryError as error:
        raise DataError(
            f"{case.id}: expected pixels that fit into memory, found too little of it. Close "
            "other programs, or resample the case."
        ) from error
    progress(0.9, "ground truth")
    mask, damaged = _truth(case, stored[0])
    notices += [f"{case.id}: {said}" for said in told]
    notices += () if mask is None else mask.notices
    names, roles = _named(found, stored)
    volume = Volume(
        pixels,
        names,
        tuple(range(1, grid.shape[0] + 1)),
        grid.with_given(case.given_spacing_mm),
        {},
        tuple(notices),
        roles,
    )
    return VolumeRead(
        volume,
        turn,
        None if mask is None else np.ascontiguousarray(turn.apply(mask.values)),
        None if mask is None else mask.labels,
        case.notices,
        damaged,
    )


def read_shown(case: Case) -> tuple[Pixels, Mask | None]:
    """Return the channel that tells most (FLAIR, else the last) and any lesion, each (Z, Y, X).

    Raises `DataError` when the channel cannot be read; a mask that cannot be used is left out.
    """
    assert case.volumes is not None
    channels = case.volumes.channels
    shown = next((c for c in channels if c.role is Role.FLAIR), channels[-1])
    stored = read_channel(shown)
    _, turn = stored.grid.canonical()
    mask, _ = _truth(case, stored)
    pixels = np.nan_to_num(turn.apply(stored.real())[0])
    return pixels, None if mask is None else binarise(turn.apply(mask.values))


def _read_channels(found: FoundCase, progress: Progress) -> list[Stored]:
    """Return all channels, read beside each other; `progress` may end it between two of them."""
    channels = found.channels
    needed = sum(path.stat().st_size for c in channels for path in c.files if path.exists())
    require_memory(found.id, needed)
    read: list[Stored] = []
    with ThreadPoolExecutor(min(_READERS, len(channels))) as pool:
        try:
            for index, stored in enumerate(pool.map(read_channel, channels)):
                if read:
                    check_one_grid(read[0], stored)
                read.append(stored)
                progress(0.7 * (index + 1) / len(channels), channels[index].name)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return read


def _together(stored: Sequence[Stored], turn: Turn) -> tuple[Pixels, list[str]]:
    """Return real values (C, Z, Y, X) in canonical order, in the smallest type that holds them.

    Whole numbers become 16 bit where they fit, whatever type their file has: nothing is lost, and
    all that counts values is faster. Voxels without a number become 0, which is told.
    """
    planes = [turn.apply(plane) for one in stored for plane in one.real()]
    told: list[str] = []
    with ThreadPoolExecutor(min(_READERS, len(planes))) as pool:
        channels = list(pool.map(_looked_at, planes))
        if any(np.isnan(channel.low) for channel in channels):
            told.append(
                "expected a number in every voxel, found some without (NaN or infinite). They are "
                "shown as 0; fill them in the program that made the image."
            )
            channels = list(pool.map(_looked_at, [_filled(plane) for plane in planes]))
        pixels: Pixels = np.empty((len(channels), *channels[0].pixels.shape), _type_of(channels))
        list(pool.map(lambda pair: _put(*pair), zip(pixels, channels, strict=True)))
    return pixels, told


def _put(target: Pixels, channel: _Channel) -> None:
    target[...] = channel.pixels


def _looked_at(plane: Pixels) -> _Channel:
    """Return a channel with its range; NaN as `low` when a voxel holds no number."""
    if plane.dtype.kind in "biu":
        return _Channel(plane, float(plane.min()), float(plane.max()), True)
    lows, highs, whole = [], [], True
    for each in plane:  # slice by slice, so that it stays in the processor's cache
        lows.append(float(each.min()))
        highs.append(float(each.max()))
        whole = whole and bool(np.array_equal(each, np.rint(each)))
    low, high = float(np.min(lows)), float(np.max(highs))
    finite = np.isfinite(low) and np.isfinite(high)
    return _Channel(plane, low if finite else float("nan"), high, whole)


def _filled(plane: Pixels) -> Pixels:
    if plane.dtype.kind != "f":
        return plane
    return np.nan_to_num(plane, nan=0.0, posinf=0.0, neginf=0.0)


def _type_of(channels: Sequence[_Channel]) -> np.dtype[np.generic]:
    """Return the smallest type for all values of all channels."""
    low, high = min(c.low for c in channels), max(c.high for c in channels)
    if all(channel.whole for channel in channels):
        kinds = (np.uint8, np.uint16, np.int16)
        for kind in kinds:
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return np.dtype(kind)
        if max(-low, high) > _EXACT:
            return np.dtype(np.float64)
    return np.dtype(np.float32)


def _truth(case: Case, like: Stored) -> tuple[PlacedMask | None, tuple[str, ...]]:
    """Return the ground truth on the stored grid, or why the mask that is there cannot be used."""
    assert case.volumes is not None
    masks = case.volumes.masks
    if not masks:
        return None, ()
    try:
        return read_mask(
            masks[0], case.volumes, like, labels=case.labels, resample=case.resample
        ), ()
    except AppError as error:
        return None, (str(error),)


def _named(found: FoundCase, stored: Sequence[Stored]) -> tuple[tuple[str, ...], tuple[Role, ...]]:
    """Return names and roles; a file in colour gives a channel for each of its colours."""
    pairs = [
        pair
        for name, channel, one in zip(found.sequences, found.channels, stored, strict=True)
        for pair in _pairs(name, channel, len(one.pixels))
    ]
    return tuple(name for name, _ in pairs), tuple(role for _, role in pairs)


def _pairs(name: str, channel: FoundChannel, planes: int) -> Iterator[tuple[str, Role]]:
    if planes == 1:
        yield name, channel.role
    for number in range(planes) if planes > 1 else ():
        colour = _COLOURS[number] if number < len(_COLOURS) else str(number + 1)
        yield f"{name} {colour}", Role.OTHER

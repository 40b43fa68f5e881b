"""Read a case whose files hold whole volumes: channels and ground truth in canonical order."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import AppError, OtherGrid, told_of_memory
from core.domain.grid import Turn
from core.domain.label_set import LabelMap, LabelSet
from core.domain.mask import Mask, binarise
from core.domain.mask_judgement import head_of
from core.domain.progress import Progress, silent
from core.domain.role import Role
from core.domain.volume import Pixels, Volume
from core.io.cases.case import Case
from core.io.cases.case_preview import FirstLook
from core.io.cases.channel_reader import ChannelFiles, ReadChannel, Room
from core.io.cases.found_case import (
    MaskFile,
    PlacedMask,
    is_judged,
    judged,
    place_mask,
    read_channel,
    read_mask_file,
)
from core.io.cases.narrow_pixels import smallest_type
from core.io.layouts.found import FoundCase, FoundChannel
from core.io.stored import StoredHead

_COLOURS = ("red", "green", "blue")


@dataclass(frozen=True, eq=False)
class VolumeRead:
    """What the files of a case hold.

    `turn` leads from the stored grid to the canonical one that `volume` and `label_map` (Z, Y, X)
    lie on. `damaged` are sentences about masks that are there but cannot be used, `notices` all
    others; `off_grid` and `unchosen` are as a `LoadedCase` has them.
    """

    volume: Volume
    turn: Turn
    label_map: LabelMap | None
    labels: LabelSet | None
    notices: tuple[str, ...]
    damaged: tuple[str, ...]
    off_grid: bool = False
    unchosen: bool = False


def read_volumes(
    case: Case, *, progress: Progress = silent, look: FirstLook | None = None
) -> VolumeRead:
    """Return the volume and ground truth of a case that is no folder of slices.

    The first of its masks is the ground truth; one that cannot be used is told. `look` is given its
    first slice as soon as that is read. Raises `DataError` when a channel cannot be read, or the
    channels do not lie on one grid.
    """
    assert case.volumes is not None
    found = case.volumes
    with told_of_memory(case.id):
        channels, mask_file, room = ChannelFiles(case, progress, look).read()
        heads = [channel.head for channel in channels]
        notices = [notice for head in heads for notice in head.passport.notices]
        grid, turn = heads[0].grid.canonical()
        counts = [len(channel.planes) for channel in channels]
        plain = _is_plain(channels[0])
        pixels, told = _together(channels, turn, room)
    progress(0.9, "ground truth")

    def head() -> NDArray[np.bool_]:
        if plain:
            return head_of(turn.undo(pixels[: counts[0]]))
        return head_of(read_channel(found.channels[0]).pixels)

    mask, wrong = _truth(case, heads[0], mask_file, head)
    notices += [f"{case.id}: {said}" for said in told]
    notices += () if mask is None else mask.notices
    names, roles = _named(found, counts)
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
        () if wrong is None else (str(wrong),),
        isinstance(wrong, OtherGrid),
        any(
            channel.point is None and len(channel.files) == 1 and head.points > 1
            for channel, head in zip(found.channels, heads, strict=True)
        ),
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
    mask, _ = _truth(case, stored.head, None, lambda: head_of(stored.pixels))
    pixels = np.nan_to_num(turn.apply(stored.real())[0])
    return pixels, None if mask is None else binarise(turn.apply(mask.values))


def _together(channels: Sequence[ReadChannel], turn: Turn, room: Room) -> tuple[Pixels, list[str]]:
    """Return real values (C, Z, Y, X) in canonical order, in the smallest type that holds them.

    Voxels without a number became 0, which is told. Takes the values out of `channels`.
    """
    planes = [plane for channel in channels for plane in channel.planes]
    turns = [channel.turn for channel in channels for _ in channel.planes]
    ranges = [plane.range for plane in planes]
    told: list[str] = []
    if any(each.gaps for each in ranges):
        told.append(
            "expected a number in every voxel, found some without (NaN or infinite). They are "
            "shown as 0; fill them in the program that made the image."
        )
    dtype = smallest_type(ranges)
    alike = all(each == turn for each in turns)
    if alike and room.pixels is not None and room.holds(planes):
        if room.pixels.dtype.itemsize == dtype.itemsize:
            return room.pixels.view(dtype), told
    elif alike and len(planes) == 1 and planes[0].pixels.dtype == dtype:
        return planes[0].pixels[np.newaxis], told
    for channel in channels:
        channel.planes.clear()
    shape = turn.apply(turns[0].undo(planes[0].pixels)).shape
    pixels: Pixels = np.empty((len(planes), *shape), dtype)
    for target, own in zip(pixels, turns, strict=True):
        values = planes.pop(0).pixels  # so that a channel is not held twice for long
        np.copyto(target, turn.apply(own.undo(values)), casting="unsafe")
    return pixels, told


def _is_plain(channel: ReadChannel) -> bool:
    """Tell whether the values in memory are, each of them, those that the file stores."""
    if channel.head.is_scaled or any(plane.range.gaps for plane in channel.planes):
        return False
    counted = all(plane.range.whole and plane.range.exact for plane in channel.planes)
    return counted or channel.dtype == np.float32


def _truth(
    case: Case,
    like: StoredHead,
    read: "Future[MaskFile] | None",
    head: Callable[[], NDArray[np.bool_]],
) -> tuple[PlacedMask | None, AppError | None]:
    """Return the ground truth on the stored grid, or why the mask that is there cannot be used."""
    assert case.volumes is not None
    found, masks = case.volumes, case.volumes.masks
    if not masks:
        return None, None
    try:
        if read is None:
            stored = read_mask_file(masks[0], found, like.grid, labels=case.labels)
        else:
            stored = read.result()
        placed = place_mask(stored, like, resample=case.resample)
        return judged(placed, head()) if is_judged(stored, found) else placed, None
    except AppError as error:
        return None, error.with_traceback(None)


def _named(found: FoundCase, counts: Sequence[int]) -> tuple[tuple[str, ...], tuple[Role, ...]]:
    """Return names and roles; a file in colour gives a channel for each of its colours."""
    pairs = [
        pair
        for name, channel, count in zip(found.sequences, found.channels, counts, strict=True)
        for pair in _pairs(name, channel, count)
    ]
    return tuple(name for name, _ in pairs), tuple(role for _, role in pairs)


def _pairs(name: str, channel: FoundChannel, planes: int) -> Iterator[tuple[str, Role]]:
    if planes == 1:
        yield name, channel.role
    for number in range(planes) if planes > 1 else ():
        colour = _COLOURS[number] if number < len(_COLOURS) else str(number + 1)
        yield f"{name} {colour}", Role.OTHER

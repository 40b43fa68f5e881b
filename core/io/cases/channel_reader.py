"""Read the channels of a case beside each other: what is looked at first comes first."""

import math
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.domain.errors import AppError
from core.domain.grid import Grid, Turn
from core.domain.label_set import LabelMap, Region
from core.domain.plane import AXIAL, acquired
from core.domain.progress import Cancelled, Progress
from core.domain.volume import Pixels
from core.domain.window_level import sampled_slices
from core.io.cases.case import Case
from core.io.cases.case_preview import CasePreview, FirstLook
from core.io.cases.found_case import (
    MaskFile,
    are_slices,
    check_one_grid,
    open_channel,
    place_mask,
    read_mask_file,
)
from core.io.cases.narrow_pixels import NarrowPixels, narrow_type
from core.io.layouts.found import FoundMask
from core.io.memory import require_memory
from core.io.stored import PixelStream, StoredHead

_READERS = 4  # files at a time; unpacking and numpy leave the interpreter to the others
_NO_GRID = Grid((1, 1, 1))


@dataclass(frozen=True, eq=False)
class ReadChannel:
    """What was read of one channel: the values of its file, several where it is in colour."""

    head: StoredHead
    turn: Turn
    planes: list[NarrowPixels]
    dtype: np.dtype[Any]


class Room:
    """One place for the pixels of all channels, made when the first is known, for those it fits."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._places: list[Pixels] = []
        self.pixels: Pixels | None = None

    def place(self, index: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Pixels:
        """Return the place (Z, Y, X) of a channel; it may be of another shape and type."""
        with self._lock:
            if self.pixels is None:
                self.pixels = np.empty((self._count, *shape), dtype)
                self._places = list(self.pixels)
            return self._places[index]

    def holds(self, planes: Sequence[NarrowPixels]) -> bool:
        """Tell whether all channels lie in their places."""
        return len(planes) == len(self._places) and all(
            plane.lies_in(place) for plane, place in zip(planes, self._places, strict=True)
        )


class ChannelFiles:
    """The files of a case, read beside each other: what is looked at first comes first."""

    def __init__(self, case: Case, progress: Progress, look: FirstLook | None) -> None:
        assert case.volumes is not None
        self._case, self._found, self._progress = case, case.volumes, progress
        self._look = None if look is None or look.channel == "RGB" else look
        self._room = Room(len(self._found.channels))
        self._lock, self._ended, self._done = threading.Lock(), False, 0
        self._mask: Future[MaskFile] | None = None

    def read(self) -> tuple[list[ReadChannel], "Future[MaskFile] | None", Room]:
        """Return all channels, and the mask where it is one file; `progress` may end it."""
        channels = self._found.channels
        needed = sum(path.stat().st_size for c in channels for path in c.files if path.exists())
        require_memory(self._found.id, needed)
        order = list(range(len(channels)))
        first = -1 if self._look is None else self._look.position(self._found.sequences)
        order.sort(key=lambda index: index != first)
        workers = max(min(_READERS, len(channels) + 1, os.cpu_count() or 1), 1)
        read: list[ReadChannel] = []
        with ThreadPoolExecutor(workers) as pool:
            try:
                masks = self._found.masks
                if masks and not are_slices(masks[0].files):
                    self._mask = pool.submit(self._read_mask, masks[0])
                waiting = {n: pool.submit(self._read_one, n, n == first) for n in order}
                for index in sorted(waiting):
                    channel = waiting.pop(index).result()
                    if read:
                        check_one_grid(read[0].head, channel.head)
                    read.append(channel)
            except BaseException:
                self._ended = True
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return read, self._mask, self._room

    def _read_mask(self, mask: FoundMask) -> MaskFile:
        return read_mask_file(mask, self._found, _NO_GRID, labels=self._case.labels)

    def _read_one(self, index: int, is_first: bool) -> ReadChannel:
        stream = open_channel(self._found.channels[index])
        head, (_, turn) = stream.head, stream.head.grid.canonical()
        real = head.real_type(stream.dtype)
        shown = is_first and stream.channels == 1 and self._is_large(stream)
        by_slice = turn.axes[0] == 0 and acquired(self._grid(head), turn) is AXIAL
        if shown and stream.slices is not None and by_slice:
            self._show_some(stream, turn, index)
            shown = False
        rooms: list[Pixels | None] = [None] * stream.channels
        if stream.channels == 1:
            shape = tuple(head.grid.shape[axis] for axis in turn.axes)
            rooms = [self._room.place(index, shape, narrow_type(real))]
        planes = [NarrowPixels(head.grid.shape, real, turn, room) for room in rooms]
        for slab in stream.slabs():
            for plane, values in zip(planes, head.real(slab), strict=True):
                plane.add(values)
            self._go_on(index)
        if shown:
            self._show(planes[0].pixels, head, index)
        with self._lock:
            self._done += 1
        self._go_on(index)
        return ReadChannel(head, turn, planes, stream.dtype)

    def _go_on(self, index: int) -> None:
        """Tell how far it is; raises `Cancelled` when nobody wants the rest any more."""
        with self._lock:
            if self._ended:
                raise Cancelled
            channels = self._found.channels
            self._progress(0.7 * self._done / len(channels), channels[index].name)

    def _is_large(self, stream: PixelStream) -> bool:
        one = math.prod(stream.head.grid.shape) * stream.dtype.itemsize
        least = 0 if self._look is None else self._look.least_bytes
        return one * len(self._found.channels) >= least

    def _show(self, channel: Pixels, head: StoredHead, index: int) -> None:
        """Show a slice of a channel (Z, Y, X) that is whole."""
        at, lesion = self._first_slice(head)
        sample = channel[:: sampled_slices(len(channel)).step]
        self._give(head, index, (at, channel[at], sample), lesion=lesion, values=channel)

    def _show_some(self, stream: PixelStream, turn: Turn, index: int) -> None:
        """Show an axial slice of a channel of which any slice can be read by itself."""
        assert stream.slices is not None
        head, (at, lesion) = stream.head, self._first_slice(stream.head)
        count = head.grid.shape[0]
        wanted = [at, *sampled_slices(count)]
        stored = [count - 1 - z if 0 in turn.flips else z for z in wanted]
        real = head.real(stream.slices(stored))[0]
        planes = Turn(turn.axes, tuple(f for f in turn.flips if f != 0)).apply(real)
        planes = np.nan_to_num(planes, nan=0.0, posinf=0.0, neginf=0.0)
        self._give(head, index, (at, planes[0], planes[1:]), lesion=lesion)

    def _give(
        self,
        head: StoredHead,
        index: int,
        there: tuple[int, Pixels, Pixels],
        *,
        lesion: tuple[int, int] | None,
        values: Pixels | None = None,
    ) -> None:
        assert self._look is not None
        (at, image, sample), (grid, turn) = there, (self._grid(head), _turn_of(head))
        self._go_on(index)
        name = self._found.sequences[index]
        self._look.show(
            CasePreview(self._case, name, image, at, at + 1, grid, sample, values, turn, lesion)
        )

    def _grid(self, head: StoredHead) -> Grid:
        """Return the canonical grid, of the spacing that was given by hand if one was."""
        return head.grid.canonical()[0].with_given(self._case.given_spacing_mm)

    def _first_slice(self, head: StoredHead) -> tuple[int, tuple[int, int] | None]:
        """Return the slice to be shown, the one wanted, most lesion or the middle; and a lesion."""
        assert self._look is not None
        wanted, depth = self._look.slice_index, head.grid.canonical()[0].shape[0]
        mask = None
        with suppress(AppError, KeyError):  # told when the case is whole
            mask = self._lesions(head)
        areas = [] if mask is None else [np.count_nonzero(plane) for plane in mask]
        middle = int(np.argmax(areas)) if any(areas) else depth // 2
        at = min(wanted, depth - 1) if wanted >= 0 else middle
        if mask is None or not areas[at]:
            return at, None
        rows, columns = np.nonzero(mask[at])
        return at, (int(rows[len(rows) // 2]), int(columns[len(rows) // 2]))

    def _lesions(self, head: StoredHead) -> LabelMap | None:
        """Return the ground truth in canonical order; None where it is not read beside the rest."""
        if self._mask is None:
            return None
        placed = place_mask(self._mask.result(), head, resample=self._case.resample)
        labels, name = placed.labels, self._case.region
        region = labels.region(name) if name else Region("", labels.values)
        return labels.mask(_turn_of(head).apply(placed.values), region)


def _turn_of(head: StoredHead) -> Turn:
    """Return what leads from the grid of a file to the canonical one."""
    return head.grid.canonical()[1]

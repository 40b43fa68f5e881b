"""The volume of a case of slices, a file a slice, and the masks beside them."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from core.domain.errors import DataError, FileError, told_of_memory
from core.domain.grid import Grid
from core.domain.progress import Progress
from core.domain.volume import LGG_CHANNELS, Pixels, Volume, channel_names
from core.domain.window_level import sampled_slices
from core.io.cases.case import Case, SliceFiles
from core.io.cases.case_preview import CasePreview, FirstLook
from core.io.cases.image_stack import choose_channels, fitted
from core.io.cases.mask_stack import MaskStack, read_masks
from core.io.memory import require_memory
from core.io.tiff.tiff import decoded_bytes, read_slice
from core.io.tiff.tiff_samples import Samples

_AS_THEY_ARE = (np.dtype(np.uint8), np.dtype(np.uint16))


class SliceVolume:
    """Reads the slices of a case; `masks` is what `look` made it read of them, if anything."""

    def __init__(self, case: Case, progress: Progress, look: FirstLook | None = None) -> None:
        self._case, self._progress = case, progress
        self._look = None if look is None or look.channel == "RGB" else look
        self._pixels: Pixels | None = None
        self._loose: dict[int, Samples] = {}
        self._read: set[int] = set()
        self._problems: dict[int, str] = {}
        self._transparent = False
        self._masks: Future[MaskStack] | None = None

    def read(self) -> Volume:
        """Return the volume.

        An unreadable slice becomes zeros and a sentence. Raises `DataError` when no slice can be
        read, or memory does not hold them.
        """
        case = self._case
        require_memory(case.id, sum(decoded_bytes(files.image) for files in case.slices))
        with told_of_memory(case.id):
            if self._look is not None:
                self._read_first(self._look)
            self._take(range(len(case.slices)))
            return self._volume()

    def masks(self, shape: tuple[int, int, int]) -> MaskStack:
        """Return the masks on a grid (Z, Y, X)."""
        if self._masks is not None:
            found, self._masks = self._masks.result(), None
            if found.mask.shape == shape:
                return found
        return read_masks(self._case, shape)

    def _take(self, indices: Iterable[int]) -> None:
        """Read slices, those alone that were not read before."""
        for index in indices:
            if index in self._read:
                continue
            files = self._case.slices[index]
            self._progress(len(self._read) / len(self._case.slices), f"slice {files.number}")
            self._read.add(index)
            try:
                values, had_alpha = read_slice(files.image)
            except FileError as error:
                self._problems[index] = str(error)
                continue
            self._transparent |= had_alpha
            self._keep(index, values)

    def _keep(self, index: int, values: Samples) -> None:
        """Put a slice where it belongs, or aside, when it is not as the first that was read."""
        if self._pixels is None and not self._loose and values.dtype in _AS_THEY_ARE:
            channels, height, width = values.shape
            size = (channels, len(self._case.slices), height, width)
            self._pixels = np.zeros(size, values.dtype)
        there = self._pixels
        alike = there is not None and there.dtype == values.dtype
        if there is not None and alike and there[:, index].shape == values.shape:
            there[:, index] = values
        else:
            self._loose[index] = values

    def _read_first(self, look: FirstLook) -> None:
        """Show the slice that is looked at first, where all slices so far are alike."""
        case = self._case
        count = len(case.slices)
        sample = list(sampled_slices(count))
        self._take(sample[:1])
        if self._pixels is None or self._pixels.nbytes < look.least_bytes:
            return
        shape = (count, *self._pixels.shape[2:])
        by_lesion = look.slice_index < 0 and case.has_ground_truth
        with ThreadPoolExecutor(1) as pool:
            if by_lesion:
                self._masks = pool.submit(read_masks, case, shape)
            self._take(sample)
            index = min(look.slice_index, count - 1) if look.slice_index >= 0 else count // 2
            if self._masks is not None:
                areas = [np.count_nonzero(plane) for plane in self._masks.result().mask]
                index = int(np.argmax(areas)) if any(areas) else index
        self._take([index])
        if not self._loose and index not in self._problems:
            look.show(self._preview(look, index, sample))

    def _preview(self, look: FirstLook, index: int, sample: list[int]) -> CasePreview:
        assert self._pixels is not None
        case, (channels, count, height, width) = self._case, self._pixels.shape
        names, order = channel_names(channels), tuple(range(channels))
        if case.channels and channels > len(case.channels):
            order = case.channels
            three = len(order) == len(LGG_CHANNELS)
            names = LGG_CHANNELS if three else tuple(names[n] for n in order)
        position = look.position(names)
        channel = self._pixels[order[position]]
        return CasePreview(
            case,
            names[position],
            channel[index],
            index,
            case.slices[index].number,
            Grid((count, height, width)).with_given(case.given_spacing_mm),
            channel[sample],
        )

    def _volume(self) -> Volume:
        case, read = self._case, dict(sorted(self._loose.items()))
        problems = dict(sorted(self._problems.items()))
        if len(problems) == len(case.slices):
            raise DataError(
                f"{case.id}: none of its {len(case.slices)} slices can be read. {problems[0]}"
            )
        notices: tuple[str, ...] = ()
        if read or self._pixels is None:
            if self._pixels is not None:
                there, held = self._pixels, self._read - read.keys() - problems.keys()
                read = dict(sorted({**read, **{n: there[:, n] for n in held}}.items()))
            slices, notices = fitted(case.id, read)
            self._loose.clear()
            read.clear()
            volume = _stack(case, slices, problems)
        else:
            volume = _on_no_grid(case, self._pixels, problems)
        if self._transparent:
            notices += (
                f"{case.id}: expected images without transparency, found an alpha channel. It was "
                "left out; save the images without it to be sure.",
            )
        return choose_channels(case, volume, notices)


def _stack(case: Case, read: dict[int, Pixels], problems: dict[int, str]) -> Volume:
    """Move the slices of the commonest shape into one array; another shape is unreadable."""
    kinds = Counter((pixels.shape, pixels.dtype.str) for pixels in read.values())
    shape, dtype = kinds.most_common(1)[0][0]
    channels, height, width = shape
    pixels = np.zeros((channels, len(case.slices), height, width), np.dtype(dtype))
    for index in list(read):
        values = read.pop(index)  # so that a slice is not held twice for long
        if (values.shape, values.dtype.str) == (shape, dtype):
            pixels[:, index] = values
        else:
            problems[index] = str(_odd_one(case.slices[index], values, pixels))
    return _on_no_grid(case, pixels, dict(sorted(problems.items())))


def _on_no_grid(case: Case, pixels: Pixels, problems: dict[int, str]) -> Volume:
    channels, count, height, width = pixels.shape
    return Volume(
        pixels,
        channel_names(channels),
        tuple(files.number for files in case.slices),
        Grid((count, height, width)).with_given(case.given_spacing_mm),
        problems,
    )


def _odd_one(files: SliceFiles, values: Pixels, stack: Pixels) -> FileError:
    return FileError(
        files.image,
        expected=f"{_kind(stack.shape[2:], len(stack), stack.dtype)} as the case's other slices",
        found=_kind(values.shape[1:], len(values), values.dtype),
        action="Export this slice again with the others; they can be used without it.",
    )


def _kind(size: tuple[int, ...], channels: int, dtype: np.dtype[np.generic]) -> str:
    plural = "channel" if channels == 1 else "channels"
    return f"{size[0]}×{size[1]} pixels, {channels} {plural}, {dtype.itemsize * 8} bit"

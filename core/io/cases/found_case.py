"""Read a found case: its channels on one grid, its masks brought onto that grid voxel for voxel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import FileError, OtherGrid
from core.domain.grid import Grid
from core.domain.label_set import LabelMap, LabelSet
from core.domain.mask_judgement import head_of, judge_mask
from core.domain.placement import placement
from core.domain.resample import nearest, outside
from core.io import readers
from core.io.cases.slice_stack import is_slice, read_mask_slices, read_slices
from core.io.dicom.dicom_seg import SegmentationHeader
from core.io.dicom.dicom_series import DicomHeader
from core.io.labels.label_table import with_table
from core.io.labels.label_values import Labels, label_map
from core.io.layouts.found import FoundCase, FoundChannel, FoundMask
from core.io.stored import PixelStream, Stored, StoredHead
from core.io.tiff import tiff_stack

_FEW_LABELS = 16


@dataclass(frozen=True, eq=False)
class PlacedMask:
    """A label map (Z, Y, X) on the stored grid of its images, the set it means, and notices.

    `before` are the notices up to what is said of how it looks, `moved` those about its place.
    `resampled` is True where its voxels are not those of its file.
    """

    name: str
    values: LabelMap
    labels: LabelSet
    before: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    file_name: str = ""
    resampled: bool = False

    @property
    def notices(self) -> tuple[str, ...]:
        """All that is told of it."""
        return self.before + self.moved


@dataclass(frozen=True, eq=False)
class ReadCase:
    """A case in memory as it is stored: channels and masks on one stored grid.

    `canonical()` of `grid` gives the turn that takes all arrays to what is shown.
    """

    case: FoundCase
    channels: tuple[Stored, ...]
    masks: tuple[PlacedMask, ...]
    notices: tuple[str, ...]

    @property
    def grid(self) -> Grid:
        """The stored grid of all channels and masks."""
        return self.channels[0].grid


@dataclass(frozen=True, eq=False)
class MaskFile:
    """A mask as its files store it, before it lies on the grid of its images."""

    mask: FoundMask
    stored: Stored
    labels: Labels


def read_channel(channel: FoundChannel) -> Stored:
    """Return the volume of one channel; raises `FileError`."""
    if _are_tiff_slices(channel):
        return _read_slices(channel)
    return readers.read(*channel.files, point=channel.point)


def open_channel(channel: FoundChannel) -> PixelStream:
    """Read the header of one channel, its pixels too where its format cannot be read in parts.

    Raises `FileError` as `read_channel`, or when the pixels are read.
    """
    if _are_tiff_slices(channel):
        return _read_slices(channel).stream()
    return readers.opened(*channel.files, point=channel.point)


def _read_slices(channel: FoundChannel) -> Stored:
    stack = read_slices(channel.files)
    number = channel.point if channel.point is not None and len(stack.pixels) > 1 else 0
    if number >= len(stack.pixels):
        raise FileError(
            channel.files[0],
            expected=f"a channel {channel.name} as number {number + 1}",
            found=f"{len(stack.pixels)} channels",
            action="Export the slices with all their channels.",
        )
    return replace(stack, pixels=stack.pixels[number : number + 1])


def _are_tiff_slices(channel: FoundChannel) -> bool:
    return bool(channel.files) and are_slices(channel.files)


def are_slices(files: Sequence[Path]) -> bool:
    """Tell whether files are numbered TIFF slices of one volume."""
    return files[0].suffix.casefold() in (".tif", ".tiff") and is_slice(files)


def read_mask(
    mask: FoundMask,
    case: FoundCase,
    like: Stored,
    *,
    labels: LabelSet | None = None,
    resample: bool = False,
) -> PlacedMask:
    """Return a mask on the stored grid of `like`; turned and cut masks come to their place.

    Raises `FileError` for what is no label map, and for a mask on another grid unless `resample`
    takes the nearest neighbour.
    """
    read = read_mask_file(mask, case, like.grid, labels=labels)
    placed = place_mask(read, like.head, resample=resample)
    if not is_judged(read, case):
        return placed
    return judged(placed, head_of(like.pixels))


def read_mask_file(
    mask: FoundMask, case: FoundCase, grid: Grid, *, labels: LabelSet | None = None
) -> MaskFile:
    """Return what the files of a mask hold; `grid` is that of its images, for masks of slices.

    Raises `FileError` for what is no label map.
    """
    if are_slices(mask.files):
        stored = read_mask_slices(mask, case.channels[0].files, grid)
    elif len(mask.files) == 1 and readers.reader_of(mask.files[0]) is tiff_stack.READER:
        stored = tiff_stack.read_mask(mask.files[0], point=mask.point)
    else:
        stored = readers.read(*mask.files, point=mask.point)
    stored = with_table(stored, tell=labels is None)
    return MaskFile(mask, stored, label_map(stored, labels))


def place_mask(read: MaskFile, like: StoredHead, *, resample: bool = False) -> PlacedMask:
    """Return a mask on the stored grid of `like`, before anything is said of what it looks like.

    Raises `FileError` for a mask on another grid unless `resample` takes the nearest neighbour.
    """
    stored, found = read.stored, read.labels
    _check_frame(stored, like)
    notices = (*stored.passport.notices, *found.notices)
    placed = placement(stored.grid, like.grid)
    if placed is not None and not (placed.covers(stored.grid.shape) or may_be_cut(stored)):
        placed = None
    values = None if placed is None else placed.apply(found.values)
    resampled = values is None and resample and stored.grid.is_known and like.grid.is_known
    if resampled:
        values = nearest(found.values, stored.grid, like.grid)
        notices += resampled_told(stored, found.values, like.grid)
    if values is None:
        raise other_grid(stored, like.grid, image=like.passport.path.name)
    moved: tuple[str, ...] = ()
    if placed is not None and not placed.is_same and not resampled:
        moved = (
            f"{stored.passport.path.name}: expected voxels in the order of its image, found them "
            "turned or cut. Each was brought to its place; nothing was resampled.",
        )
    name, values = stored.passport.path.name, np.ascontiguousarray(values)
    return PlacedMask(read.mask.name, values, found.labels, notices, moved, name, resampled)


def is_judged(read: MaskFile, case: FoundCase) -> bool:
    """Tell whether a mask is to be looked at before it is believed."""
    alone = any(read.mask.files == channel.files for channel in case.channels)
    few = len(read.labels.labels.labels) <= _FEW_LABELS  # more are a map of the brain
    return few and not alone


def judged(placed: PlacedMask, head: NDArray[np.bool_]) -> PlacedMask:
    """Return a mask with what is said of it at a glance; `head` (Z, Y, X) as of `head_of`."""
    lesion = (placed.values > 0).view(np.uint8)
    return replace(placed, before=placed.before + judge_mask(placed.file_name, lesion, head))


def read_case(
    case: FoundCase, *, labels: LabelSet | None = None, resample: bool = False
) -> ReadCase:
    """Return a case with all its channels and masks.

    Raises `FileError`, for channels that do not lie on one grid too.
    """
    channels = tuple(read_channel(channel) for channel in case.channels)
    for channel in channels[1:]:
        check_one_grid(channels[0], channel)
    masks = tuple(
        read_mask(mask, case, channels[0], labels=labels, resample=resample) for mask in case.masks
    )
    told = [*case.notices]
    for channel in channels:
        told.extend(channel.passport.notices)
    for mask in masks:
        told.extend(mask.notices)
    return ReadCase(case, channels, masks, tuple(dict.fromkeys(told)))


def check_one_grid(first: Stored | StoredHead, other: Stored | StoredHead) -> None:
    """Raise `FileError` when two channels of a case do not lie on one grid."""
    difference = first.grid.difference(other.grid)
    if difference is not None:
        raise FileError(
            other.passport.path,
            expected=f"the grid of {first.passport.path.name}, which is of the same case",
            found=difference,
            action="Bring the channels onto one grid with the program that registered them.",
        )


def resampled_told(stored: Stored, values: LabelMap, target: Grid) -> tuple[str, ...]:
    """Return what is told of a mask whose `values` were resampled onto `target`, as was asked."""
    name = stored.passport.path.name
    told = (
        f"{name}: expected the grid of its image, found {_apart(target, stored.grid)}. "
        "Resampled by nearest neighbour, as asked.",
    )
    lost, whole = outside(values, stored.grid, target), int(np.count_nonzero(values))
    if not lost:
        return told
    return (
        *told,
        f"{name}: expected all of its {whole:,} voxels within the image, found {lost:,} outside. "
        "They are left out; check that it belongs to this image.",
    )


def other_grid(mask: Stored, like: Grid, *, image: str) -> FileError:
    """Return what is said of a mask on another grid than `image`; what can be done is offered."""
    can_be = mask.grid.is_known and like.is_known
    return (OtherGrid if can_be else FileError)(
        mask.passport.path,
        expected=f"the grid of {image}",
        found=_apart(like, mask.grid) or "a label outside of it",
        action="Export it on that grid, or let it be resampled by nearest neighbour (--resample)."
        if can_be
        else "Export it on that grid.",
    )


def _apart(image: Grid, mask: Grid) -> str | None:
    """Return how a mask's grid differs from its image's: turned axes alone do not part them."""
    if image.orientation == mask.orientation:
        return image.difference(mask)
    return image.canonical()[0].difference(mask.canonical()[0])


def may_be_cut(stored: Stored) -> bool:
    """Tell whether a format stores no more of its grid than its segments need."""
    named = stored.labels is not None
    return stored.passport.reader == "dicom-seg" or (named and stored.passport.reader == "nrrd")


def _check_frame(mask: Stored, like: StoredHead) -> None:
    """Raise `FileError` when a segmentation is in another frame of reference than its series."""
    ours, theirs = like.header, mask.header
    if not isinstance(ours, DicomHeader) or not isinstance(theirs, SegmentationHeader):
        return
    frames = {ours.planes[0].frame_of_reference, theirs.frame_of_reference}
    if "" in frames or len(frames) == 1:
        return
    raise FileError(
        mask.passport.path,
        expected=f"the frame of reference of {like.passport.path.parent.name}",
        found="a foreign one: its millimetres are counted from another place",
        action="Choose the series it was drawn on, or register the two first.",
    )

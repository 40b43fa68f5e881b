"""Masks of a case in slices, a TIFF each: all labels in one, or in a folder a label."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.errors import DataError, WorkspaceError
from core.domain.label_set import LabelMap, LabelSet, Region, values_in
from core.domain.mask import binarise
from core.domain.overlaps import SegmentPile, renumbered
from core.io.cases.case import Case
from core.io.labels.label_table import label_table, write_names
from core.io.labels.label_values import together
from core.io.layouts.label_folders import folder_of
from core.io.tiff.tiff import read_mask_slice, read_picture, write_label_slice, write_mask_slice

SLICES, FOLDERS = "tiff", "tiff-folders"
IN_SLICES = (SLICES, FOLDERS)
"""The names of both formats."""


def in_slices(case: Case, format_name: str | None) -> bool:
    """Tell whether a mask of `case` is written as slices."""
    return format_name in IN_SLICES or (format_name is None and case.volumes is None)


@dataclass(frozen=True)
class SliceTarget:
    """Where the slices of a mask of `case` go, what their names end in, and in which format."""

    case: Case
    folder: Path
    ending: str = "mask"
    format_name: str | None = None

    def holds_values(self, labels: LabelSet) -> bool:
        """Tell whether a file holds values of labels; else it is a mask of 0 and 255."""
        return not labels.is_binary and self.format_name != FOLDERS


@dataclass(frozen=True)
class SlicePart:
    """The files of the slices of one part of a mask: the `region` of its labels, None for all."""

    paths: tuple[Path, ...]
    region: Region | None = None

    def of(self, label_map: LabelMap, labels: LabelSet) -> LabelMap:
        """Return what the files hold of a label map, (Z, Y, X)."""
        return label_map if self.region is None else labels.mask(label_map, self.region)


@dataclass(frozen=True, eq=False)
class SlicedMask:
    """A label map (Z, Y, X) as files of slices: one part of all labels, or a part a label."""

    target: SliceTarget
    label_map: LabelMap
    labels: LabelSet
    parts: tuple[SlicePart, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of all parts."""
        return tuple(path for part in self.parts for path in part.paths)

    def write(self, *, keep_table: bool = False) -> list[Path]:
        """Write them, and a table of several labels among them; return the files.

        A table that is there stays where `keep_table` says so. Raises as `write_planes`.
        """
        several = self.target.holds_values(self.labels)
        for part in self.parts:
            write_planes(part.paths, part.of(self.label_map, self.labels), several=several)
        table = label_table(self.target.folder, self.target.case.id)
        return [*self.files, *write_names(table, self.labels, keep=keep_table)]


def in_parts(target: SliceTarget, label_map: LabelMap, labels: LabelSet) -> SlicedMask:
    """Return a mask as the files of its slices, of which none is written yet.

    Raises `DataError` for a mask of another number of slices than the case.
    """
    case, folder, ending, count = target.case, target.folder, target.ending, len(label_map)
    paths = slice_paths(case, folder, count, ending)
    if len(paths) != count:
        raise DataError(
            f"{case.id}: expected a mask of {len(case.slices)} slices, found {count}. Open the "
            "case again."
        )
    if target.format_name != FOLDERS:
        return SlicedMask(target, label_map, labels, (SlicePart(tuple(paths)),))
    every = labels.with_found(values_in(label_map))
    parts = (
        SlicePart(
            tuple(slice_paths(case, folder / folder_of(label), count, ending)), every.spread(label)
        )
        for label in every.segments
    )
    return SlicedMask(target, label_map, labels, tuple(parts))


def read_slice_parts(
    case: Case, folder: Path, labels: LabelSet, shape: tuple[int, int, int]
) -> LabelMap:
    """Return the label map (Z, Y, X) of masks that were written in a folder a label.

    What overlaps has the values that it has among `labels`. Raises `FileError` for a mask that is
    missing or damaged.
    """
    pile = SegmentPile(labels.segments, shape)
    for label in labels.segments:
        for z, path in enumerate(slice_paths(case, folder / folder_of(label), shape[0], "mask")):
            pile.lay(label.value, read_mask_slice(path)[0] > 0, z=z)
    values, found, _ = together(folder, pile)
    return renumbered(values, found, labels)


def slice_paths(case: Case, folder: Path, count: int, ending: str) -> list[Path]:
    """Return the files of a mask in slices: by their numbers, or `count` of them from 1 up."""
    numbers = [files.number for files in case.slices] or range(1, count + 1)
    return [folder / f"{case.id}_{number}_{ending}.tif" for number in numbers]


def write_planes(paths: Sequence[Path], label_map: LabelMap, *, several: bool) -> None:
    """Write a file a slice: the values of `several` labels, 0 and 255 for a mask of one.

    Each is read back: raises `WorkspaceError` where it is not what was written.
    """
    several = several or bool(np.any(label_map > 1))
    for path, plane in zip(paths, label_map, strict=True):
        (write_label_slice if several else write_mask_slice)(path, plane)
        written = read_values(path, several=several)
        if not np.array_equal(written, plane if several else binarise(plane)):
            raise WorkspaceError(
                f"{path}: expected the mask that was written, read another. The disk may be "
                "failing; export to another one."
            )


def read_values(path: Path, *, several: bool) -> LabelMap:
    """Return a slice (Y, X) as `write_planes` wrote it: label values, or a mask of 0 and 1."""
    if several:
        return np.asarray(read_picture(path).planes[0], np.uint8)
    return read_mask_slice(path)[0]

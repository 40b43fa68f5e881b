"""Masks of a case in slices, a TIFF each: all labels in one, or in a folder a label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.errors import DataError, WorkspaceError
from core.domain.label_set import LabelMap, LabelSet
from core.domain.mask import binarise
from core.domain.overlaps import SegmentPile, renumbered
from core.io.case import Case
from core.io.label_folders import folder_of
from core.io.label_values import together
from core.io.tiff import read_mask_slice, read_picture, write_label_slice, write_mask_slice

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


def slice_parts(
    target: SliceTarget, label_map: LabelMap, labels: LabelSet
) -> Iterator[tuple[list[Path], LabelMap]]:
    """Yield the files of a mask in slices, and what each holds (Z, Y, X): one part, or one a label.

    Raises `DataError` for a mask of another number of slices than the case.
    """
    case, folder, ending, count = target.case, target.folder, target.ending, len(label_map)
    if len(slice_paths(case, folder, count, ending)) != count:
        raise DataError(
            f"{case.id}: expected a mask of {len(case.slices)} slices, found {count}. Open the "
            "case again."
        )
    if target.format_name != FOLDERS:
        yield slice_paths(case, folder, count, ending), label_map
        return
    labels = labels.with_found(np.unique(label_map).tolist())
    for label in labels.segments:
        paths = slice_paths(case, folder / folder_of(label), count, ending)
        yield paths, labels.mask(label_map, labels.spread(label))


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
    """Write a file a slice: the values of `several` labels, 0 and 255 for a mask of one."""
    several = several or bool(np.any(label_map > 1))
    for path, plane in zip(paths, label_map, strict=True):
        (write_label_slice if several else write_mask_slice)(path, plane)


def require_same(paths: Sequence[Path], label_map: LabelMap, *, several: bool) -> None:
    """Raise `WorkspaceError` where what was written by `write_planes` is read otherwise."""
    several = several or bool(np.any(label_map > 1))
    for path, plane in zip(paths, label_map, strict=True):
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

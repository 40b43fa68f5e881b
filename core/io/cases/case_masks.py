"""Write a label map of a case: in the format it came in or another, on the grid of its files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.errors import DataError
from core.domain.grid import Grid
from core.domain.label_set import BINARY, LabelMap, LabelSet
from core.domain.mask import binarise
from core.domain.overlaps import renumbered
from core.io.cases.case import Case
from core.io.cases.found_case import read_channel, read_mask
from core.io.cases.slice_masks import IN_SLICES, SliceTarget, in_parts, in_slices
from core.io.labels.label_table import with_table
from core.io.labels.label_values import label_map
from core.io.layouts.found import FoundMask
from core.io.readers import read, stem_of, suffix_of
from core.io.stored import Stored
from core.io.writers import NOBODY, Maker, labelled, plain_volume, suffix_like, write

SUFFIXES = {"nifti": ".nii.gz", "nrrd": ".seg.nrrd", "mha": ".mha", "dicom-seg": ".dcm"}
"""The endings of masks by the name of their format, for those that are one file."""
FORMATS = (*SUFFIXES, *IN_SLICES)


@dataclass(frozen=True, eq=False)
class DrawnMask:
    """A label map (Z, Y, X) in canonical order, on the grid of the volume it belongs to.

    `labels` are what its values mean, `provenance` who or what made it.
    """

    label_map: LabelMap
    labels: LabelSet = BINARY
    provenance: Maker = NOBODY


def check_format(name: str | None) -> None:
    """Raise `DataError` for the name of no format that masks can be written in."""
    if name is not None and name not in FORMATS:
        raise DataError(
            f"--format: expected one of {', '.join(FORMATS)}, found {name}. Choose one of them."
        )


def mask_path(case: Case, folder: Path, like: Stored, format_name: str | None = None) -> Path:
    """Return the path below `folder` of a mask in one file, where its layout looks for it."""
    if case.mask_place is None:
        return folder / case.id / f"{case.id}_mask{SUFFIXES[format_name or 'nifti']}"
    place = folder / case.mask_place
    known = suffix_of(place.name)
    if format_name is None:
        return place if known else place.with_name(f"{place.name}{suffix_like(like)}")
    stem = stem_of(place.name) if known else place.name
    return place.with_name(f"{stem}{SUFFIXES[format_name]}")


def write_mask(
    case: Case, drawn: DrawnMask, folder: Path, *, ending: str, format_name: str | None = None
) -> list[Path]:
    """Write a mask of `case` into `folder`, on the stored grid, and return its files.

    A case of slices gives `<CASE>/<CASE>_<n>_<ending>.tif`, in a folder a label where that is the
    format, any other `<CASE>.<format>`, in the format of its images unless another is named; names
    and colours of several labels go into `<CASE>_dseg.tsv` where the format has no place for them.
    An earlier file of that name is replaced. Raises `DataError` when the mask is of another grid,
    or its folder holds originals of the case.
    """
    check_format(format_name)
    if in_slices(case, format_name):
        target = SliceTarget(case, folder / case.id, ending, format_name)
        return in_parts(target, drawn.label_map, drawn.labels).write()
    like = stored_like(case, drawn.label_map)
    path = folder / f"{case.id}{SUFFIXES[format_name] if format_name else suffix_like(like)}"
    return [*write_on(like, drawn, path, case=case, format_name=format_name)]


def write_on(
    like: Stored,
    drawn: DrawnMask,
    path: Path,
    *,
    case: Case,
    format_name: str | None = None,
    keep_table: bool = False,
) -> tuple[Path, ...]:
    """Write a mask to `path`, on the stored grid of the volume `like` of `case`; its files.

    What is written is read back first: nothing is left where a voxel would have moved. Raises
    `DataError` as `write_mask`.
    """
    if path.resolve().parent in {folder.resolve() for folder in case.folders}:
        raise DataError(
            f"{path}: expected a folder without originals of {case.id}, found one that holds some. "
            "They are never written to: choose another folder."
        )
    grid, turn = like.grid.canonical()
    if drawn.label_map.shape != grid.shape:
        raise DataError(
            f"{case.id}: expected a mask of {grid.shape} voxels (z, y, x), found "
            f"{drawn.label_map.shape}. Nothing was written; open the case again."
        )
    stored = labelled(like, turn.undo(drawn.label_map), drawn.labels)
    return write(
        path,
        stored,
        format_name=format_name,
        provenance=drawn.provenance,
        overwrite=True,
        keep_table=keep_table,
    )


def read_drawn_labels(
    case: Case, path: Path, written: LabelSet = BINARY
) -> tuple[LabelMap, LabelSet]:
    """Return the values of a mask in one file on the volume of `case`, and what they mean.

    They are (Z, Y, X) in canonical order; what overlaps has the values that it has among the
    labels `written`. Raises `FileError` for a mask on another grid.
    """
    if case.volumes is None:
        found = label_map(with_table(read(path)))
        if written.is_binary:
            return binarise(found.values), BINARY
        return renumbered(found.values, found.labels, written), found.labels
    like = read_channel(case.volumes.channels[0])
    placed = read_mask(FoundMask("mask", (path,)), case.volumes, like, labels=case.labels)
    _, turn = like.grid.canonical()
    values = renumbered(placed.values, placed.labels, written)
    return np.ascontiguousarray(turn.apply(values)), placed.labels


def stored_like(case: Case, mask: LabelMap) -> Stored:
    """Return the volume whose stored grid a mask of `case` lies on; slices have a plain one."""
    if case.volumes is not None:
        return read_channel(case.volumes.channels[0])
    return plain_volume(Grid((mask.shape[0], mask.shape[1], mask.shape[2])), mask)

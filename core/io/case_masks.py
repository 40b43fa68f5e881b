"""Write a label map of a case: in the format it came in or another, on the grid of its files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.errors import DataError
from core.domain.grid import Grid
from core.domain.label_set import BINARY, LabelMap, LabelSet
from core.io.case import Case
from core.io.found_case import read_channel
from core.io.stored import Stored
from core.io.tiff import write_label_slice, write_mask_slice
from core.io.writers import NOBODY, Maker, labelled, plain_volume, suffix_like, write

SLICES = "tiff"
SUFFIXES = {"nifti": ".nii.gz", "nrrd": ".seg.nrrd", "mha": ".mha", "dicom-seg": ".dcm"}
"""The endings of masks by the name of their format, for those that are one file."""
FORMATS = (*SUFFIXES, SLICES)


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


def write_mask(
    case: Case, drawn: DrawnMask, folder: Path, *, ending: str, format_name: str | None = None
) -> list[Path]:
    """Write a mask of `case` into `folder`, on the stored grid, and return its files.

    A case of slices gives `<CASE>/<CASE>_<n>_<ending>.tif`, any other `<CASE>.<format>`, in the
    format of its images unless another is named. An earlier file of that name is replaced. Raises
    `DataError` when the mask is of another grid, or its folder holds originals of the case.
    """
    check_format(format_name)
    if format_name == SLICES or (format_name is None and case.volumes is None):
        return _write_slices(case, drawn, folder / case.id, ending)
    like = _like(case, drawn.label_map)
    path = folder / f"{case.id}{SUFFIXES[format_name] if format_name else suffix_like(like)}"
    write_on(like, drawn, path, case=case, format_name=format_name)
    return [path]


def write_on(
    like: Stored, drawn: DrawnMask, path: Path, *, case: Case, format_name: str | None = None
) -> None:
    """Write a mask to `path`, on the stored grid of the volume `like` of `case`.

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
    write(path, stored, format_name=format_name, provenance=drawn.provenance, overwrite=True)


def like_of(case: Case) -> Stored | None:
    """Return the volume whose stored grid masks of `case` lie on; None for a case of slices."""
    return None if case.volumes is None else read_channel(case.volumes.channels[0])


def _like(case: Case, label_map: LabelMap) -> Stored:
    found = like_of(case)
    if found is not None:
        return found
    size = (label_map.shape[0], label_map.shape[1], label_map.shape[2])
    return plain_volume(Grid(size), label_map)


def _write_slices(case: Case, drawn: DrawnMask, folder: Path, ending: str) -> list[Path]:
    """Write a file a slice: 0 and 255 for a binary mask, else the values of the labels."""
    numbers = [files.number for files in case.slices] or range(1, len(drawn.label_map) + 1)
    if len(drawn.label_map) != len(numbers):
        raise DataError(
            f"{case.id}: expected a mask of {len(numbers)} slices, found {len(drawn.label_map)}. "
            "Open the case again."
        )
    paths = [folder / f"{case.id}_{number}_{ending}.tif" for number in numbers]
    several = bool(np.any(drawn.label_map > 1))
    for path, plane in zip(paths, drawn.label_map, strict=True):
        (write_label_slice if several else write_mask_slice)(path, plane)
    return paths

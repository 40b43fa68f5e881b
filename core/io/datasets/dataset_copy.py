"""Images of a dataset written anew as they lie, or in another format: never over another file."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from filecmp import cmp
from pathlib import Path, PurePosixPath

from core.domain.errors import DataError
from core.domain.volume import Volume
from core.io.atomic import atomic_path
from core.io.cases.case import Case
from core.io.cases.case_masks import SUFFIXES
from core.io.cases.slice_folder import slices_of
from core.io.cases.slice_masks import IN_SLICES
from core.io.datasets.dataset import Dataset
from core.io.json_file import write_json
from core.io.layouts.dataset_json import NAME
from core.io.readers import with_data
from core.io.tiff.tiff import write_image
from core.io.writers import plain_volume, write

_DESCRIPTIONS = ("dataset.json", "dataset_description.json", "participants.tsv", "*_dseg.tsv")
_PLACES = ("", "derivatives/", "derivatives/*/")
_DICOM = "dicom-seg"


def copy_images(
    case: Case, volume: Volume, folder: Path, format_name: str | None = None
) -> tuple[str, ...]:
    """Write the images of `case` below `folder`, where its layout looks for them.

    They are copied as they are, unless `format_name` asks of volumes to become slices or of slices
    to become volumes, which are named as nnU-Net does. Returns what is to be told. Raises
    `DataError` when another file of that name is there.
    """
    if case.volumes is None and format_name in (None, *IN_SLICES):
        for files in case.slices:
            _copy(files.image, folder / case.id / files.image.name)
        return ()
    if case.volumes is None:
        return _write_channels(case, volume, folder, format_name or "nifti")
    if format_name in IN_SLICES:
        return _write_slices(case, volume, folder)
    if case.root is not None:
        for path in with_data(path for channel in case.volumes.channels for path in channel.files):
            if path.is_relative_to(case.root):  # what a header names elsewhere stays there
                _copy(path, folder / path.relative_to(case.root))
    return ()


def copy_descriptions(dataset: Dataset, folder: Path) -> None:
    """Copy what describes a dataset beside its images: names of labels, of channels, of cases."""
    roots = {case.root for case in dataset.cases if case.root is not None}
    for root in roots:
        for path in _descriptions(root):
            target = folder / path.relative_to(root)
            if not target.exists():
                _copy(path, target)


def _descriptions(root: Path) -> Iterable[Path]:
    for place in _PLACES:
        for name in _DESCRIPTIONS:
            yield from (path for path in root.glob(f"{place}{name}") if path.is_file())


def _copy(path: Path, target: Path) -> None:
    """Copy a file, unless the very same is there already."""
    if target.exists():
        if cmp(path, target, shallow=False):
            return
        raise _taken(target)
    with atomic_path(target) as temporary:
        shutil.copyfile(path, temporary)


def as_volumes(case: Case) -> Case:
    """Return a case of slices as one whose mask belongs where nnU-Net looks for it."""
    return replace(case, mask_place=PurePosixPath("labelsTr") / case.id)


def describe_volumes(channels: Sequence[str], cases: int, folder: Path) -> None:
    """Write `dataset.json` of nnU-Net beside slices that became volumes."""
    told = {
        "channel_names": dict(enumerate(channels)),
        "labels": {"background": 0, "Lesion": 1},
        "numTraining": cases,
    }
    write_json(folder / NAME, told)


def _write_channels(case: Case, volume: Volume, folder: Path, name: str) -> tuple[str, ...]:
    """Write a file a channel, of unknown place in the patient, as slices are."""
    if name == _DICOM:
        raise DataError(
            f"{case.id}: expected a DICOM series to write a DICOM segmentation on, found slices. "
            "Choose another format."
        )
    suffix = SUFFIXES[name].replace(".seg", "")
    for number, pixels in enumerate(volume.pixels):
        target = folder / "imagesTr" / f"{case.id}_{number:04}{suffix}"
        if not target.exists():
            write(target, plain_volume(volume.geometry, pixels), format_name=name)
    return ()


def _write_slices(case: Case, volume: Volume, folder: Path) -> tuple[str, ...]:
    """Write the slices in canonical order, all channels in one file each."""
    planes, told = slices_of(volume.pixels)
    for index, number in enumerate(volume.slice_numbers):
        target = folder / case.id / f"{case.id}_{number}.tif"
        if not target.exists():
            write_image(target, planes[:, index])
    return tuple(f"{case.id}, {said}" for said in told)


def _taken(path: Path) -> DataError:
    return DataError(
        f"{path}: expected no file of this name, or the same image, found another. It was left as "
        "it is; choose another folder."
    )

"""Masks of a case: from predictions, from files and into files."""

from pathlib import Path

import numpy as np

from core.domain.errors import FileError
from core.domain.mask import Mask
from core.domain.metrics import VolumeMetrics, volume_metrics
from core.domain.prediction import Prediction, to_mask
from core.io.cases.case import Case
from core.io.cases.case_masks import DrawnMask, write_mask
from core.io.cases.case_reader import LoadedCase
from core.io.tiff.tiff import read_mask_slice
from core.io.write_guard import refuse_inside
from core.models.registry import Model

_ENDINGS = ("pred", "mask")


def mask_of(prediction: Prediction, model: Model) -> Mask:
    """Return the mask (Z, Y, X) of a prediction, as its model cuts and cleans it."""
    return to_mask(prediction.probability, model.spec.postprocessing)


def score(case: LoadedCase, mask: Mask) -> VolumeMetrics:
    """Return the figures of a mask (Z, Y, X) against the ground truth of its case.

    Distances are in mm where the spacing is known, else in voxels. Raises `DataError` without a
    whole ground truth, `ValueError` for another shape.
    """
    truth = case.require_ground_truth()
    return volume_metrics(truth, mask, spacing_mm=case.volume.geometry.spacing_mm)


def write_masks(
    case: Case, mask: Mask, folder: Path | str, *, format_name: str | None = None
) -> list[Path]:
    """Write a mask (Z, Y, X) on the grid of its files and return them.

    A case of slices gives `<CASE>/<CASE>_<n>_pred.tif`, any other `<CASE>.nii.gz` or what its own
    format is; `format_name` is nifti, nrrd, mha, tiff or dicom-seg. Raises `DataError` for a folder
    in which the case itself lies, as originals are never written to, and for another grid.
    """
    refuse_inside(case.folder, Path(folder) / case.id)
    drawn = DrawnMask(mask)
    return write_mask(case, drawn, Path(folder), ending="pred", format_name=format_name)


def read_masks(case: Case, folder: Path | str) -> Mask:
    """Return the mask (Z, Y, X) that lies in `folder` for a case: `…_pred.tif` or `…_mask.tif`.

    The files lie in a folder named after the case. Raises `FileError` when one is missing, cannot
    be read or has another shape.
    """
    place = Path(folder) / case.id
    planes: list[Mask] = []
    for files in case.slices:
        names = [place / f"{case.id}_{files.number}_{ending}.tif" for ending in _ENDINGS]
        path = next((name for name in names if name.exists()), names[0])
        plane, _ = read_mask_slice(path)
        if planes and plane.shape != planes[0].shape:
            raise FileError(
                path,
                expected=f"a mask of {planes[0].shape[1]}×{planes[0].shape[0]} pixels",
                found=f"{plane.shape[1]}×{plane.shape[0]}",
                action="Write the masks of a case on its own grid.",
            )
        planes.append(plane)
    return np.stack(planes)

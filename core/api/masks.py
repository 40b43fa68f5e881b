"""Masks of a case: from predictions, from files and into files."""

from pathlib import Path

import numpy as np

from core.domain.errors import FileError
from core.domain.mask import Mask
from core.domain.metrics import VolumeMetrics, volume_metrics
from core.domain.prediction import Prediction, to_mask
from core.io.case import Case
from core.io.case_reader import LoadedCase
from core.io.tiff import read_mask_slice, write_mask_slice
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


def write_masks(case: Case, mask: Mask, folder: Path | str) -> list[Path]:
    """Write a mask (Z, Y, X) as `<CASE>/<CASE>_<n>_pred.tif`, 0 and 255; returns the files.

    Raises `DataError` for a folder in which the case itself lies: originals are never written to;
    `ValueError` where the mask has not as many slices as the case.
    """
    place = Path(folder) / case.id
    refuse_inside(case.folder, place)
    paths = [place / f"{case.id}_{files.number}_pred.tif" for files in case.slices]
    for path, plane in zip(paths, mask, strict=True):
        write_mask_slice(path, plane)
    return paths


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

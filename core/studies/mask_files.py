"""Predicted masks as files, a slice each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import AppError
from core.domain.mask import Mask
from core.domain.prediction import to_mask
from core.domain.progress import Progress, silent
from core.inference.prediction_service import Predictor
from core.io.case import Case, each_case
from core.io.case_reader import read_case
from core.io.tiff import write_mask_slice
from core.models.registry import Model


@dataclass(frozen=True)
class Written:
    """A sentence for each case whose masks could not be written, and notices about the others."""

    failed: dict[str, str]
    notices: tuple[str, ...]


def predict_masks(
    cases: Sequence[Case],
    model: Model,
    predictor: Predictor,
    *,
    out: Path,
    progress: Progress = silent,
) -> Written:
    """Write `<CASE>/<CASE>_<n>_pred.tif` for each case."""
    notices: list[str] = []
    failed: dict[str, str] = {}
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            loaded.require_whole()
            prediction = predictor(loaded, inner)
            write_mask_files(case, to_mask(prediction.probability, model.spec.postprocessing), out)
            notices += loaded.notices
        except AppError as error:
            failed[case.id] = str(error)
    return Written(failed, tuple(notices))


def write_mask_files(case: Case, mask: Mask, out: Path) -> None:
    """Write a mask (Z, Y, X) slice by slice as `<CASE>/<CASE>_<n>_pred.tif`, 0/255."""
    for files, plane in zip(case.slices, mask, strict=True):
        write_mask_slice(out / case.id / f"{case.id}_{files.number}_pred.tif", plane)

"""Predicted masks as files, in the format of their images or another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import AppError
from core.domain.label_set import LabelSet, binary
from core.domain.prediction import Prediction, to_mask
from core.domain.progress import Progress, silent
from core.inference.prediction_service import Predictor
from core.io.cases.case import Case, each_case
from core.io.cases.case_masks import DrawnMask, check_format, write_mask
from core.io.cases.case_reader import LoadedCase, of_the_region, read_case
from core.io.writers import Maker
from core.models.registry import Model
from core.workspace.mask_maker import mask_maker


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
    format_name: str | None = None,
    progress: Progress = silent,
) -> Written:
    """Write `<CASE>/<CASE>_<n>_pred.tif` for cases of slices, `<CASE>.<format>` for others.

    The format is that of the images unless `format_name` names another; raises `DataError` when
    there is none of that name.
    """
    check_format(format_name)
    notices: list[str] = []
    failed: dict[str, str] = {}
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            loaded.require_whole()
            prediction = predictor(loaded, inner)
            write_prediction(loaded, prediction, model, out=out, format_name=format_name)
            notices += loaded.notices
        except AppError as error:
            failed[case.id] = str(error)
    return Written(failed, tuple(notices))


def write_prediction(
    loaded: LoadedCase,
    prediction: Prediction,
    model: Model,
    *,
    out: Path,
    format_name: str | None = None,
) -> None:
    """Write the mask of one case as `predict_masks` does."""
    drawn = drawn_prediction(loaded, prediction, model)
    write_mask(loaded.case, drawn, out, ending="pred", format_name=format_name)


def drawn_prediction(loaded: LoadedCase, prediction: Prediction, model: Model) -> DrawnMask:
    """Return what a model draws on a case: its labels, or the region that was asked for alone."""
    prediction, post = of_the_region(loaded, prediction), model.spec.postprocessing
    if prediction.several is not None and not loaded.case.region:
        labels = prediction.several.output.labels
        return DrawnMask(prediction.label_map(post), labels, author_of(model))
    mask = to_mask(prediction.probability, post)
    return DrawnMask(mask, labels_of(loaded), author_of(model))


def author_of(model: Model) -> Maker:
    """Return who made the masks of a model, for formats that have a place for it."""
    return mask_maker(algorithm=model.spec.title, version=model.spec.id)


def labels_of(loaded: LoadedCase) -> LabelSet:
    """Return what the one value of a predicted mask means: the region that is lesion."""
    return binary(loaded.case.region or "Lesion")

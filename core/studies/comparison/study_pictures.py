"""Pictures of the cases of a study that tell most, for its report."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.figure_text import figure
from core.domain.prediction import to_mask
from core.domain.progress import silent
from core.inference.prediction_service import PredictorOf
from core.io.cases.case import Case
from core.io.cases.case_reader import of_the_region, read_case
from core.studies.comparison.study import Study
from core.studies.comparison.study_summary import worst_and_best
from core.studies.export.pictures import PictureStyle, overlay, png, telling_slice

CASES_SHOWN = 3
"""As many of the worst cases and of the best."""

_SCALE = 2


@dataclass(frozen=True)
class CasePicture:
    """A slice of a case with the outlines of one model, as the bytes of a PNG."""

    case_id: str
    model: str
    caption: str
    png: bytes


def study_pictures(
    study: Study, cases: Sequence[Case], predictor_of: PredictorOf
) -> list[CasePicture]:
    """Return pictures of the worst and the best cases of a study, each model on the same slice."""
    worst, best = worst_and_best(study, CASES_SHOWN)
    by_id = {case.id: case for case in cases}
    dsc = {(row.case, row.model): row.dsc for row in study.rows}
    pictures = []
    predictors = {model.spec.id: predictor_of(model) for model in study.models}
    for case_id in (*worst, *best):
        loaded = read_case(by_id[case_id])
        index = telling_slice(loaded.ground_truth, None)
        for model in study.models:
            if (case_id, model.spec.id) not in dsc:
                continue
            said = of_the_region(loaded, predictors[model.spec.id](loaded, silent))
            mask = to_mask(said.probability, model.spec.postprocessing)
            frame = overlay(
                loaded.volume, index, loaded.ground_truth, mask, PictureStyle(scale=_SCALE)
            )
            number = loaded.volume.slice_numbers[index]
            caption = f"slice {number}, DSC of the case {figure(dsc[case_id, model.spec.id])}"
            pictures.append(CasePicture(case_id, model.spec.id, caption, png(frame)))
    return pictures

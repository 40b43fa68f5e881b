"""A study whose figures were computed again by another program."""

from collections.abc import Sequence
from dataclasses import replace

from core.domain.agreement import ENSEMBLE
from core.domain.prediction import to_mask
from core.domain.progress import Progress, silent
from core.inference.prediction_service import PredictorOf
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import of_the_region, read_case
from core.studies.comparison.study import Study, ensemble_mask
from core.studies.scores.second_opinion import FIGURES, SecondOpinion


def verified_study(
    study: Study,
    cases: Sequence[Case],
    predictor_of: PredictorOf,
    *,
    progress: Progress = silent,
) -> Study:
    """Return `study` with what medpy finds of each figure of each case with ground truth.

    What the models say is asked of `predictor_of` once more, which has it in the workspace.
    """
    opinion = SecondOpinion()
    rows = {(row.case, row.model): row for row in study.rows}
    predictors = {model.spec.id: predictor_of(model) for model in study.models}
    for case, inner in each_case(cases, progress):
        models = [model for model in study.models if (case.id, model.spec.id) in rows]
        if not models or not case.has_ground_truth:
            continue
        loaded = read_case(case)
        found = [
            of_the_region(loaded, predictors[model.spec.id](loaded, inner)) for model in models
        ]
        masks = {
            model.spec.id: to_mask(one.probability, model.spec.postprocessing)
            for model, one in zip(models, found, strict=True)
        }
        if (case.id, ENSEMBLE) in rows:
            masks[ENSEMBLE] = ensemble_mask(models, found)
        for name, mask in masks.items():
            opinion.take(
                (loaded.require_ground_truth(), mask),
                {figure: getattr(rows[case.id, name], figure) for figure in FIGURES},
                spacing_mm=loaded.volume.geometry.spacing_mm,
                of=(case.id, name),
            )
    return replace(study, verified=opinion.found)

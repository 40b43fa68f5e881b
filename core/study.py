"""Many models over many cases: every figure of each, and each model against each."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from core import prediction_cache
from core.agreement import (
    ENSEMBLE,
    ensemble_postprocessing,
    mean_prediction,
    mean_uncertainty,
    models_disagreement,
)
from core.case import Case
from core.case_figures import METRICS, CaseFigures, case_figures, mask_figures
from core.errors import AppError, DataError
from core.lesions import MATCHING_RULE
from core.lineage import code_version
from core.mask import Mask
from core.metrics import DEFAULT_TOLERANCE, EMPTY_RULE
from core.models import Model
from core.prediction import Prediction, to_mask
from core.progress import Progress, part, silent
from core.reading import LoadedCase, read_case
from core.statistics import (
    RESAMPLES,
    Description,
    PairedComparison,
    compare_pairs,
    describe,
)
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.evaluation import Predictor

PredictorOf: TypeAlias = "Callable[[Model], Predictor]"
"""Gives what predicts a case with a model: with torch, from a cache, or both."""

PAIR_METRICS = {
    "dsc": False,
    "hd95": True,
    "average_surface_distance": True,
    "lesion_f1": False,
    "volume_error": True,
}
"""Figures over which models are compared, and whether lower is better."""


@dataclass(frozen=True)
class Study:
    """What was found: rows by case and model in the order both were given.

    `failed` maps a case, or a case and a model, to the sentence that says why it has no row.
    `disagreements` is 1 less the mean DSC over all pairs of models, by case.
    """

    models: tuple[Model, ...]
    rows: tuple[CaseFigures, ...]
    failed: Mapping[str, str]
    notices: tuple[str, ...] = ()
    disagreements: Mapping[str, float] | None = None
    seconds: float = 0.0

    @property
    def titles(self) -> dict[str, str]:
        """Titles by the ids of the models, an ensemble the last; the id where two are alike."""
        titles = Counter(model.spec.title for model in self.models)
        found = {
            spec.id: spec.title if titles[spec.title] == 1 else f"{spec.title} ({spec.id})"
            for spec in (model.spec for model in self.models)
        }
        if any(row.model == ENSEMBLE for row in self.rows):
            found[ENSEMBLE] = f"Mean of {len(self.models)} models"
        return found

    @property
    def cases(self) -> list[str]:
        """Ids of the cases that have a row, in order."""
        return list(dict.fromkeys(row.case for row in self.rows))


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One model over all cases: each figure described; `volume_error` is without its sign."""

    id: str
    title: str
    cases: int
    figures: dict[str, Description]


class StudySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `summary.json` of a comparison says; `pairs` are by figure, each in the same order."""

    version: str
    cases: int
    models: list[ModelSummary]
    pairs: dict[str, list[PairedComparison]]
    mean_disagreement: float | None
    failed: dict[str, str]
    distance_unit: str
    tolerance: float
    empty_rule: str
    matching_rule: str
    interval: str
    seconds: float


def run_study(
    cases: Sequence[Case],
    models: Sequence[Model],
    predictor_of: PredictorOf,
    *,
    ensemble: bool = False,
    progress: Progress = silent,
) -> Study:
    """Run every model on every case; what fails is told in the study, the rest goes on.

    `ensemble` adds the mean of all models as one more. Cases without ground truth have rows whose
    figures against it are None. `progress` may raise `Cancelled`.
    """
    predictors = {model.spec.id: predictor_of(model) for model in models}
    rows: list[CaseFigures] = []
    failed: dict[str, str] = {}
    notices: list[str] = []
    divided: dict[str, float] = {}
    seconds = 0.0
    for index, case in enumerate(cases):
        inner = part(progress, index / len(cases), (index + 1) / len(cases))
        try:
            loaded = _read(case)
        except AppError as error:
            failed[case.id] = str(error)
            continue
        notices += loaded.notices
        found = dict(_predictions(loaded, models, predictors, failed, inner))
        rows += [
            case_figures(loaded, found[m.spec.id].probability, m)
            for m in models
            if m.spec.id in found
        ]
        seconds += sum(prediction.seconds for prediction in found.values())
        if ensemble and len(found) == len(models):
            rows.append(_ensemble_row(loaded, models, list(found.values())))
        apart = models_disagreement(_masks(models, found))
        if apart is not None:
            divided[case.id] = apart
    progress(1.0, "done")
    return Study(tuple(models), tuple(rows), failed, tuple(notices), divided, seconds)


def cached(workspace: Workspace, model: Model, predictor: "Predictor | None") -> "Predictor":
    """Return a predictor that looks into the workspace first and keeps there what it had to run.

    Without `predictor` a case that is not in the workspace is a `DataError`: nothing is run.
    """

    def predict(loaded: LoadedCase, progress: Progress) -> Prediction:
        found = prediction_cache.find(loaded, model, workspace)
        if found is not None:
            return found.prediction
        if predictor is None:
            raise DataError(
                f"{loaded.case.id}: expected a prediction of {model.spec.title} in the workspace, "
                "found none. Run the model on it first."
            )
        prediction = predictor(loaded, progress)
        return prediction_cache.keep(loaded, model, workspace, prediction).prediction

    return predict


def scores(study: Study, metric: str) -> dict[str, dict[str, float | None]]:
    """Return a figure by model and case; `volume_error` is `volume_difference` without its sign."""
    found: dict[str, dict[str, float | None]] = {model: {} for model in study.titles}
    for row in study.rows:
        found[row.model][row.case] = figure(row, metric)
    return found


def figure(row: CaseFigures, metric: str) -> float | None:
    """Return one figure of a row, by its name in `CaseFigures`, or `volume_error`."""
    if metric == "volume_error":
        return None if row.volume_difference is None else abs(row.volume_difference)
    value: float | None = getattr(row, metric)
    return value


def summarise_study(study: Study, *, seed: int = 0, resamples: int = RESAMPLES) -> StudySummary:
    """Describe every model and compare every two; the same numbers for the same rows and seed."""
    units = {row.unit for row in study.rows}
    divided = list((study.disagreements or {}).values())
    return StudySummary(
        version=code_version(),
        cases=len(study.cases),
        models=[_model_summary(study, model) for model in study.titles],
        pairs={
            metric: compare_pairs(
                scores(study, metric), lower_is_better=lower, seed=seed, resamples=resamples
            )
            for metric, lower in PAIR_METRICS.items()
        },
        mean_disagreement=describe(divided).mean,
        failed=dict(study.failed),
        distance_unit=units.pop() if len(units) == 1 else "mm where known, else voxels",
        tolerance=DEFAULT_TOLERANCE,
        empty_rule=EMPTY_RULE,
        matching_rule=MATCHING_RULE,
        interval=f"95 %, percentile bootstrap over cases, {resamples} resamples, seed {seed}",
        seconds=round(study.seconds, 3),
    )


def worst_and_best(study: Study, count: int) -> tuple[list[str], list[str]]:
    """Return the ids of the cases with the lowest and the highest mean DSC over the models.

    No case is in both; the worst come first in theirs, the best in theirs.
    """
    by_case: dict[str, list[float | None]] = {}
    for row in study.rows:
        by_case.setdefault(row.case, []).append(row.dsc)
    means = {case: describe(values).mean for case, values in by_case.items()}
    known = {case: mean for case, mean in means.items() if mean is not None}
    order = sorted(known, key=lambda case: known[case])
    worst = order[: min(count, (len(order) + 1) // 2)]
    return worst, order[len(worst) :][::-1][:count]


def model_pairs(study: Study) -> list[tuple[str, str]]:
    """Return every two models of a study, in order."""
    return list(combinations(study.titles, 2))


def _read(case: Case) -> LoadedCase:
    loaded = read_case(case)
    loaded.require_whole()
    if case.has_ground_truth:
        loaded.require_ground_truth()
    return loaded


def _predictions(
    loaded: LoadedCase,
    models: Sequence[Model],
    predictors: "Mapping[str, Predictor]",
    failed: dict[str, str],
    progress: Progress,
) -> Iterator[tuple[str, Prediction]]:
    for index, model in enumerate(models):
        start, stop = index / len(models), (index + 1) / len(models)
        progress(start, f"{loaded.case.id}, {model.spec.title}")
        try:
            predict = predictors[model.spec.id]
            yield model.spec.id, predict(loaded, part(progress, start, stop))
        except AppError as error:
            failed[f"{loaded.case.id}, {model.spec.id}"] = str(error)


def _masks(models: Sequence[Model], found: Mapping[str, Prediction]) -> list[Mask]:
    return [
        to_mask(found[model.spec.id].probability, model.spec.postprocessing)
        for model in models
        if model.spec.id in found
    ]


def _ensemble_row(
    loaded: LoadedCase, models: Sequence[Model], predictions: Sequence[Prediction]
) -> CaseFigures:
    mean = mean_prediction(predictions).probability
    post = ensemble_postprocessing([model.spec.postprocessing for model in models])
    sure = mean_uncertainty(mean)
    return mask_figures(loaded, to_mask(mean, post), model_id=ENSEMBLE, uncertainty=sure)


def _model_summary(study: Study, model: str) -> ModelSummary:
    rows = [row for row in study.rows if row.model == model]
    names = (*METRICS, "volume_error", "uncertainty")
    return ModelSummary(
        id=model,
        title=study.titles[model],
        cases=len(rows),
        figures={name: describe([figure(row, name) for row in rows]) for name in names},
    )

"""Many models over many cases: every figure of each model on each case."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from core.domain.agreement import (
    ENSEMBLE,
    ensemble_postprocessing,
    mean_prediction,
    mean_uncertainty,
    models_disagreement,
)
from core.domain.errors import AppError
from core.domain.lesions import LESION_IOU
from core.domain.mask import Mask
from core.domain.prediction import Prediction, to_mask
from core.domain.progress import Progress, part, silent
from core.inference.prediction_service import Predictor, PredictorOf
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import LoadedCase, of_the_region, read_case
from core.models.provenance import CaseInput, files_hash, input_of
from core.models.registry import Model
from core.studies.scores.case_figures import (
    CaseFigures,
    case_figures,
    label_figures,
    mask_figures,
    put_disagreement,
    put_figures,
)
from core.studies.scores.second_opinion import Verified
from core.workspace.score_keys import score_key
from core.workspace.store import Store


@dataclass(frozen=True)
class Study:
    """What was found: rows by case and model in the order both were given.

    `failed` maps a case, or a case and a model, to the sentence that says why it has no row.
    `disagreements` is 1 less the mean DSC over all pairs of models, by case. `keys` name the
    predictions the rows belong to, by case and model. `inputs` say what each case was read from.
    `label_rows` are those of each region and label, of the cases that have several; `regions` are
    what cases name, where they name one.
    """

    models: tuple[Model, ...]
    rows: tuple[CaseFigures, ...]
    failed: Mapping[str, str]
    notices: tuple[str, ...] = ()
    disagreements: Mapping[str, float] | None = None
    seconds: float = 0.0
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    lesion_iou: float = LESION_IOU
    inputs: Mapping[str, CaseInput] = field(default_factory=dict)
    verified: Verified | None = None
    label_rows: tuple[CaseFigures, ...] = ()
    regions: Mapping[str, str] = field(default_factory=dict)

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


@dataclass
class _Run:
    """What a study has found so far."""

    models: tuple[Model, ...]
    ensemble: bool
    lesion_iou: float = LESION_IOU
    rows: list[CaseFigures] = field(default_factory=list)
    label_rows: list[CaseFigures] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    disagreements: dict[str, float] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    inputs: dict[str, CaseInput] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, loaded: LoadedCase, found: Mapping[str, Prediction]) -> None:
        """Take in the predictions of a case by model id; a model that failed has none."""
        case_id = loaded.case.id
        there = [model for model in self.models if model.spec.id in found]
        for m in there:
            self.label_rows += label_figures(
                loaded, found[m.spec.id], m, lesion_iou=self.lesion_iou
            )
        found = {name: of_the_region(loaded, each) for name, each in found.items()}
        self.rows += [
            case_figures(loaded, found[m.spec.id].probability, m, lesion_iou=self.lesion_iou)
            for m in there
        ]
        if self.ensemble and len(there) == len(self.models):
            self.rows.append(_ensemble_row(loaded, there, list(found.values()), self.lesion_iou))
        apart = models_disagreement(_masks(there, found))
        if apart is not None:
            self.disagreements[case_id] = apart
        self.keys |= {(case_id, m.spec.id): score_key(m, found[m.spec.id].key) for m in there}
        self.seconds += sum(prediction.seconds for prediction in found.values())
        self.notices += loaded.notices
        self.notices += [told for model in there for told in found[model.spec.id].notices]
        self.inputs[case_id] = input_of(loaded)


def run_study(
    cases: Sequence[Case],
    models: Sequence[Model],
    predictor_of: PredictorOf,
    *,
    ensemble: bool = False,
    lesion_iou: float = LESION_IOU,
    progress: Progress = silent,
) -> Study:
    """Run every model on every case; what fails is told in the study, the rest goes on.

    `ensemble` adds the mean of all models as one more. Cases without ground truth have rows whose
    figures against it are None. `progress` may raise `Cancelled`.
    """
    predictors = {model.spec.id: predictor_of(model) for model in models}
    run = _Run(tuple(models), ensemble, lesion_iou)
    for case, inner in each_case(cases, progress):
        try:
            loaded = _read(case)
        except AppError as error:
            run.failed[case.id] = str(error)
            continue
        run.add(loaded, dict(_predictions(loaded, models, predictors, run.failed, inner)))
    return Study(
        run.models,
        tuple(run.rows),
        run.failed,
        tuple(run.notices),
        run.disagreements,
        run.seconds,
        run.keys,
        lesion_iou,
        run.inputs,
        label_rows=tuple(run.label_rows),
        regions={case.id: case.region for case in cases if case.region},
    )


def kept_study(
    model: Model,
    rows: Sequence[CaseFigures],
    cases: Sequence[Case],
    label_rows: Sequence[CaseFigures] = (),
) -> Study:
    """Return figures of one model that were kept as a study; `cases` are those of the dataset.

    Their files are read again, for what the figures were made from.
    """
    known = {row.case for row in rows}
    inputs = {
        case.id: CaseInput(files=files_hash(case), notices=case.notices)
        for case in cases
        if case.id in known
    }
    own = tuple(msgspec.structs.replace(row, label="") for row in rows)
    return Study((model,), own, {}, inputs=inputs, label_rows=tuple(label_rows))


def keep_study(store: Store, study: Study) -> None:
    """Keep the figures of a study in the workspace, so that the worklist can be sorted by them.

    Those of lesions paired by another IoU than the window's are not.
    """
    if study.lesion_iou != LESION_IOU:
        return
    known = [(row, study.keys.get((row.case, row.model))) for row in study.rows]
    regions = study.regions
    for region in dict.fromkeys(regions.get(row.case, "") for row in study.rows):
        of = [(row, key) for row, key in known if key and regions.get(row.case, "") == region]
        put_figures(store, of, region=region)
    labelled = [(row, study.keys.get((row.case, row.model))) for row in study.label_rows]
    put_figures(store, [(row, key) for row, key in labelled if key is not None])
    for case_id, value in (study.disagreements or {}).items():
        put_disagreement(store, case_id, [model.spec.id for model in study.models], value)


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
        to_mask(found[model.spec.id].probability, model.spec.postprocessing) for model in models
    ]


def _ensemble_row(
    loaded: LoadedCase, models: Sequence[Model], predictions: Sequence[Prediction], iou: float
) -> CaseFigures:
    mask = ensemble_mask(models, predictions)
    sure = mean_uncertainty(mean_prediction(predictions).probability)
    return mask_figures(loaded, mask, model_id=ENSEMBLE, uncertainty=sure, lesion_iou=iou)


def ensemble_mask(models: Sequence[Model], predictions: Sequence[Prediction]) -> Mask:
    """Return the mask (Z, Y, X) of the mean of what models predicted for a case."""
    post = ensemble_postprocessing([model.spec.postprocessing for model in models])
    return to_mask(mean_prediction(predictions).probability, post)

"""The mean of the models of one fold, judged by the cases that none of them saw."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.domain.agreement import ensemble_postprocessing
from core.inference.prediction_service import local_predictor
from core.io.write_guard import refuse_inside
from core.models.ensembles import combine
from core.models.fold_file import FoldFile
from core.models.registry import Model, Registry
from core.studies.scores.evaluation import evaluate_cases
from core.workspace.chosen_labels import chosen_dataset
from core.workspace.settings import home
from core.workspace.workspace_folder import registry
from training.folds.fold_summary import write_folds
from training.folds.fold_unit import FoldFound
from training.learning.errors import TrainingError


def score_together(
    out: Path, file: FoldFile, members: Mapping[str, Sequence[Model]], data: Path
) -> None:
    """Write the figures of ensembles into `out`, as `train --folds` writes those of models.

    `members` are by the name of a fold. An ensemble drops small components where all its members
    do; it stays among the reader's models. Raises `AppError` for a case that cannot be scored, and
    for models that make no ensemble.
    """
    refuse_inside(data, out)
    dataset, models = chosen_dataset(data), registry(home())
    found = []
    for number, (fold, judged) in enumerate(file.folds.items(), start=1):
        model = _ensemble(models, f"{out.name.replace('+', '-')}-{fold}", members[fold])
        cases = [dataset.case(name) for name in judged]
        outcome = evaluate_cases(cases, model, local_predictor(model))
        if outcome.failed:
            case, said = next(iter(outcome.failed.items()))
            raise TrainingError(
                f"{case}: expected figures of the fold that holds it, found: {said}"
            )
        learnt = len(set(model.spec.trained_on))
        found.append(
            FoldFound(repeat=1, fold=number, model=model.spec.id, learnt=learnt, rows=outcome.rows)
        )
    write_folds(out, found, seed=0, title=f"{out.name}: DSC out of fold")


def _ensemble(models: Registry, model_id: str, members: Sequence[Model]) -> Model:
    """Return the ensemble of these members, made where there is none yet: of that id if it may."""
    wanted = tuple(member.spec.id for member in members)
    for known in models.models()[0]:
        if known.spec.id.startswith(model_id) and known.spec.members == wanted:
            return known
    model_id = models.free_name(model_id, lambda name: [name])
    post = ensemble_postprocessing([member.spec.postprocessing for member in members])
    return combine(models, model_id, wanted, postprocessing=post)

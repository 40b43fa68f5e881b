"""What the model of a fold says of the cases it never saw: their figures and their masks."""

from collections.abc import Sequence
from pathlib import Path

from core.domain.prediction import Prediction
from core.domain.progress import Progress
from core.inference.prediction_service import Predictor, local_predictor
from core.io.cases.case_reader import LoadedCase
from core.models.registry import Model
from core.models.train_spec import TrainSpec
from core.studies.export.mask_files import write_prediction
from core.studies.scores.case_score import EvaluationRow
from core.studies.scores.evaluation import evaluate_cases
from core.workspace.chosen_labels import dataset_of_job
from training.learning.errors import TrainingError


def unseen_rows(
    model: Model, spec: TrainSpec, cases: Sequence[str], masks: Path
) -> tuple[EvaluationRow, ...]:
    """Return the figures of cases by id, native, and write their masks into the folder `masks`.

    Raises `TrainingError` when one of them cannot be scored.
    """
    dataset = dataset_of_job(Path(spec.data), spec.chosen)
    predict = _drawing(local_predictor(model, spec.device), model, masks)
    outcome = evaluate_cases([dataset.case(name) for name in cases], model, predict)
    if outcome.failed:
        case, said = next(iter(outcome.failed.items()))
        raise TrainingError(f"{case}: expected figures of the fold that holds it, found: {said}")
    return outcome.rows


def _drawing(predict: Predictor, model: Model, masks: Path) -> Predictor:
    """Return a predictor that writes the mask of each case too."""

    def both(loaded: LoadedCase, progress: Progress) -> Prediction:
        prediction = predict(loaded, progress)
        write_prediction(loaded, prediction, model, out=masks)
        return prediction

    return both

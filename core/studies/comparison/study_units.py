"""What a study needs, predicted ahead as units and kept in the workspace like any prediction."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from core.domain.errors import AppError
from core.domain.prediction import Prediction
from core.domain.progress import Progress, silent
from core.inference.prediction_service import PredictionService
from core.io.cases.case import Case
from core.io.cases.case_reader import read_case
from core.io.datasets.prediction_file import read_prediction, save_prediction
from core.jobs.units import Unit, cards_of, run_units, unit_key
from core.models.registry import Model, prediction_key
from core.studies.scores.case_task import CaseTask
from core.studies.scores.case_units import Spread
from core.studies.scores.model_task import model_task, opened
from core.workspace.prediction_cache import keep_prediction
from core.workspace.workspace_folder import Workspace

_FILE = "prediction.npz"


def prediction_unit(task: CaseTask) -> bytes:
    """Return the file of the prediction of one case."""
    _, predictor = opened(task.model)
    loaded = read_case(task.case)
    loaded.require_whole()
    prediction = predictor(loaded, silent)
    with tempfile.TemporaryDirectory() as folder:
        save_prediction(Path(folder) / _FILE, prediction)
        return (Path(folder) / _FILE).read_bytes()


def predict_ahead(
    cases: Sequence[Case],
    models: Sequence[Model],
    workspace: Workspace,
    spread: Spread,
    *,
    device: str = "auto",
    progress: Progress = silent,
) -> None:
    """Predict what the workspace does not keep yet, where `spread` says, and keep it there.

    What fails is left for the study, which says why.
    """
    units = _units(cases, models, workspace, device)
    asked = {unit.key: (model, unit) for model, unit in units}
    outcomes = run_units(
        [unit for _, unit in units], spread.runner, spread.store, progress=progress
    )
    for key, outcome in outcomes.items():
        if outcome.failed:
            continue
        model, unit = asked[key]
        assert isinstance(unit.task, CaseTask)
        if (prediction := _prediction_in(outcome.content)) is not None:
            with suppress(AppError):
                keep_prediction(read_case(unit.task.case), model, workspace, prediction)
        (spread.store / key).unlink(missing_ok=True)


def _prediction_in(content: bytes) -> Prediction | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _FILE
        path.write_bytes(content)
        return read_prediction(path)


def _units(
    cases: Sequence[Case], models: Sequence[Model], workspace: Workspace, device: str
) -> list[tuple[Model, Unit]]:
    service, found = PredictionService(workspace), []
    tasks = [(m, model_task(m, device=device, threads=1)) for m in models if m.runs]
    for case in cases:
        with suppress(AppError):
            loaded = read_case(case)
            for model, task in tasks:
                if service.known(loaded, model) is None:
                    key = unit_key("prediction", prediction_key(model, loaded.volume), case.id)
                    work = CaseTask(case, task)
                    name = f"{case.id}, {model.spec.title}"
                    unit = Unit(key, name, prediction_unit, work, gpus=cards_of(device))
                    found.append((model, unit))
    return found

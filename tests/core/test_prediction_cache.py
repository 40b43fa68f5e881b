"""What a workspace keeps of a prediction, and when that is no longer of this image or this cut."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.errors import DataError
from core.domain.prediction import Postprocessing, Prediction
from core.domain.progress import Progress
from core.inference.prediction_service import PredictionService
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.io.datasets.prediction_file import save_prediction
from core.models.registry import Model, Registry, prediction_key
from core.workspace.prediction_cache import find_prediction, keep_prediction
from core.workspace.score_keys import figures_now, score_key
from core.workspace.workspace_folder import Workspace, open_workspace
from tests.synthetic import publish_unet, write_case


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with closing(open_workspace(tmp_path / "workspace")) as opened:
        yield opened


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedCase:
    write_case(tmp_path / "data", "A_1")
    return read_case(scan(tmp_path / "data").case("A_1"))


@pytest.fixture
def model(tmp_path: Path) -> Model:
    publish_unet(tmp_path / "models", "m")
    return Registry((tmp_path / "models",)).find("m")


def predicted(loaded: LoadedCase, model: Model) -> Prediction:
    """Return a prediction of 100 of 255 wherever there is lesion, 200 in half of it."""
    assert loaded.ground_truth is not None
    levels = loaded.ground_truth * np.uint8(100)
    levels[:, : levels.shape[1] // 2] *= 2
    return Prediction(levels, model.spec.id, prediction_key(model, loaded.volume), "cpu", 0.1)


def test_what_was_kept_is_found_with_its_score(
    workspace: Workspace, loaded: LoadedCase, model: Model
) -> None:
    kept = keep_prediction(loaded, model, workspace, predicted(loaded, model))
    found = find_prediction(loaded, model, workspace)
    assert found is not None
    np.testing.assert_array_equal(found.prediction.probability, kept.prediction.probability)
    assert found.score == kept.score


def test_a_file_of_another_shape_under_the_right_key_is_as_if_it_were_not_there(
    workspace: Workspace, loaded: LoadedCase, model: Model
) -> None:
    made = predicted(loaded, model)
    keep_prediction(loaded, model, workspace, made)
    smaller = Prediction(made.probability[:, 1:], made.model_id, made.key, "cpu", 0.1)
    save_prediction(workspace.prediction_path(model.spec.id, "A_1"), smaller)
    assert find_prediction(loaded, model, workspace) is None


def test_a_score_is_of_one_cut_and_made_anew_for_another(
    workspace: Workspace, loaded: LoadedCase, model: Model
) -> None:
    made = predicted(loaded, model)
    before = keep_prediction(loaded, model, workspace, made).score
    lower = model.cut_by(Postprocessing(threshold=0.2))
    assert score_key(lower, made.key) != score_key(model, made.key)
    assert figures_now(model)(before.key)
    assert not figures_now(lower)(before.key)
    found = find_prediction(loaded, lower, workspace)
    assert found is not None
    assert found.score.dsc == 1.0
    assert before.dsc is not None
    assert before.dsc < 1.0


def test_nothing_is_run_over_a_folder_of_predictions(
    workspace: Workspace, loaded: LoadedCase, model: Model, tmp_path: Path
) -> None:
    ran: list[str] = []

    def run(loaded: LoadedCase, model: Model, progress: Progress) -> Prediction:
        ran.append(loaded.case.id)
        return predicted(loaded, model)

    over = replace(workspace, predictions=tmp_path / "made elsewhere")
    with pytest.raises(DataError, match="Nothing is run over a folder of predictions"):
        PredictionService(over, run).predict(loaded, model)
    assert ran == []
    assert PredictionService(workspace, run).predict(loaded, model).score.dsc is not None
    assert ran == ["A_1"]

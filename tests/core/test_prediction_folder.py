"""A folder of cached predictions, read without weights."""

from pathlib import Path

import numpy as np
import pytest

from core.domain.errors import DataError, FileError
from core.domain.prediction import Prediction
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.io.datasets.prediction_file import save_prediction
from core.models.registry import prediction_key
from core.workspace.prediction_folder import open_predictions
from core.workspace.workspace_folder import open_workspace
from tests.core.studies import models
from tests.synthetic import write_case


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedCase:
    write_case(tmp_path / "data", "C 1")
    return read_case(scan(tmp_path / "data").cases[0])


@pytest.fixture
def root(tmp_path: Path, loaded: LoadedCase) -> Path:
    """Return a workspace that keeps predictions of two models for the case."""
    workspace = open_workspace(tmp_path / "workspace")
    for value, model in enumerate(models(tmp_path / "models")[:2]):
        key = prediction_key(model, loaded.volume)
        probability = np.full(loaded.volume.geometry.shape, value, np.uint8)
        path = workspace.prediction_path(model.spec.id, loaded.case.id)
        save_prediction(path, Prediction(probability, model.spec.id, key, "cpu", 1.0))
    workspace.close()
    return tmp_path / "workspace"


@pytest.mark.parametrize("below", ["", "predictions"])
def test_predictions_are_found_by_model_and_case(
    root: Path, loaded: LoadedCase, below: str
) -> None:
    folder = open_predictions(root / below)
    assert folder.models == ("near", "still")
    found = folder.find(loaded, "near")
    assert found is not None
    assert (found.model_id, int(found.probability.max())) == ("near", 1)
    assert folder.find(loaded, "far") is None


def test_a_prediction_of_another_image_is_refused(root: Path, tmp_path: Path) -> None:
    write_case(tmp_path / "other", "C 1", seed=5)
    other = read_case(scan(tmp_path / "other").cases[0])
    with pytest.raises(FileError, match="another image"):
        open_predictions(root).find(other, "near")
    write_case(tmp_path / "longer", "C 1", slices=6)
    longer = read_case(scan(tmp_path / "longer").cases[0])
    with pytest.raises(FileError, match=r"4, 40, 32\) voxels"):
        open_predictions(root).find(longer, "near")


def test_a_damaged_file_is_named(root: Path, loaded: LoadedCase) -> None:
    (path,) = root.glob("predictions/near/*.npz")
    path.write_bytes(b"no archive")
    with pytest.raises(FileError, match=r"C_1.*\.npz: expected a cached prediction"):
        open_predictions(root).find(loaded, "near")


def test_a_folder_without_predictions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected predictions as"):
        open_predictions(tmp_path)

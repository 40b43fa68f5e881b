"""The bundled model on patients of the public data set; skipped where there are none."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.domain.prediction import Prediction
from core.domain.progress import Progress
from core.domain.protocol import Protocol
from core.inference.volume_inference import Runner, RunOptions
from core.io.cases.case_reader import LoadedCase
from core.io.datasets.dataset import scan
from core.io.resource_paths import resource
from core.models.registry import read_model
from core.studies.scores.evaluation import evaluate_cases
from tests.conftest import REAL_DATA_VARIABLE, SHARED
from tests.synthetic import digest

PATIENTS = 2
pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the first of the reference validation patients."""
    chosen = os.environ.get(REAL_DATA_VARIABLE)
    if chosen:
        return Path(chosen)
    unpack = SHARED / "unpack.py"
    if not unpack.is_file():
        pytest.skip(f"no real data: set {REAL_DATA_VARIABLE} to a folder of cases")
    folder = tmp_path_factory.mktemp("patients")
    command = [sys.executable, str(unpack), str(folder), "--only", "val", "--limit", str(PATIENTS)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_bundled_model_predicts_real_patients(patients: Path) -> None:
    torch.set_num_threads(1)
    cases = scan(patients).cases[:PATIENTS]
    folders = [case.folder for case in cases]
    before = [digest(folder) for folder in folders]
    runner = Runner(read_model(resource("models", "lite0")))
    made: dict[str, Prediction] = {}

    def predictor(loaded: LoadedCase, progress: Progress) -> Prediction:
        if loaded.case.id not in made:
            made[loaded.case.id] = runner.predict(loaded.volume, RunOptions("cpu"))
        return made[loaded.case.id]

    protocols: tuple[Protocol, ...] = ("native", "reference")
    for protocol in protocols:
        outcome = evaluate_cases(cases, runner.model, predictor, protocol=protocol)
        assert outcome.failed == {}
        assert len(outcome.rows) == PATIENTS
        assert 0.6 < statistics.fmean(row.dsc for row in outcome.rows) < 0.99
        assert all(row.predicted_voxels for row in outcome.rows)
    assert [digest(folder) for folder in folders] == before

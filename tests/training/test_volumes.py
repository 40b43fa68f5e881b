"""Training on cases whose files are whole volumes, on an export of them, and with corrections."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.annotation.draft import Origin
from core.annotation.export import Provenance, export_correction
from core.domain.role import Role
from core.inference.volume_inference import Runner
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.studies.export.case_export import ExportOrder, export_cases
from core.studies.export.exported_mask import ExportSource
from core.workspace.workspace_folder import open_workspace
from tests.core.trees import labels, pixels, save_nifti
from tests.training.making import TRAIN, VAL, make_job
from training.cases.corrections import Corrections
from training.run.plan import make_plan
from training.train import run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "brats"
    for index, name in enumerate((*TRAIN, *VAL)):
        for kind, channel in zip(("t1n", "t1c", "t2w", "t2f"), pixels(index), strict=True):
            save_nifti(root / name / f"{name}-{kind}.nii.gz", channel)
        save_nifti(root / name / f"{name}-seg.nii.gz", labels())
    return root


def test_an_exported_dataset_is_learnt_from_and_its_model_runs(data: Path, tmp_path: Path) -> None:
    dataset, out = scan(data), tmp_path / "out"
    with closing(open_workspace(tmp_path / "workspace")) as workspace:
        order = ExportOrder(out, "truth", images=True)
        export_cases(dataset.cases, order, ExportSource(workspace), dataset=dataset)
    spec, job = make_job(tmp_path, data=str(out), channels=("FLAIR", "T1c"))
    model = run(spec, job)
    assert model is not None
    assert model.spec.channels == ("FLAIR", "T1c")
    loaded = read_case(scan(out).case(VAL[0]))
    assert loaded.volume.roles == (Role.T1, Role.T1C, Role.T2, Role.FLAIR)
    assert Runner(model).predict(loaded.volume).probability.shape == (4, 40, 32)
    assert model.spec.metrics["dsc_native_val"] >= 0


def test_exported_corrections_of_volumes_stand_in_for_the_truth(data: Path, tmp_path: Path) -> None:
    case, folder = scan(data).case(TRAIN[0]), tmp_path / "corrections"
    mask = np.zeros((4, 40, 32), np.uint8)
    mask[2, 10:20, 5:9] = 1
    made = Provenance(author="Ann", made_at="2026-01-02", origin=Origin("empty"))
    export_correction(case, mask, folder, dataset_root=data, provenance=made)
    found = Corrections(folder, frozenset(TRAIN))
    assert found.ids() == {TRAIN[0]}
    read = found.read(case, None, mask.shape)
    assert read is not None
    assert np.array_equal(read.mask(""), mask)
    spec, _ = make_job(tmp_path, data=str(data), corrections=str(folder))
    assert make_plan(spec).lessons.corrections is not None

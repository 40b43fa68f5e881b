"""What was corrected and exported with its images opens as a dataset and teaches."""

from contextlib import closing
from pathlib import Path

import numpy as np

from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.live_figures import References
from core.annotation.versions import save_version
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.studies.export.case_export import ExportOrder, export_cases
from core.studies.export.exported_mask import ExportSource
from core.workspace.workspace_folder import open_workspace, workspace_folder
from tests.synthetic import digest
from tests.training.making import TRAIN, make_dataset, make_job
from training.train import run


def test_a_corrected_dataset_exported_with_its_images_is_opened_and_learnt_from(
    home: Path, tmp_path: Path
) -> None:
    dataset = scan(make_dataset(tmp_path / "in"))
    before = digest(dataset.root)
    corrected = np.roll(read_case(dataset.case(TRAIN[0])).require_ground_truth(), 2, axis=1)
    with closing(open_workspace(workspace_folder(home, dataset.root))) as workspace:
        draft = new_draft(TRAIN[0], corrected, Origin("empty"), author="Ann")
        save_version(workspace, Correction(draft, References()).snapshot(), author="Ann")
        order = ExportOrder(tmp_path / "out", "truth", images=True)
        written = export_cases(dataset.cases, order, ExportSource(workspace), dataset=dataset)
    assert not written.failed

    again = scan(tmp_path / "out")
    assert [case.id for case in again.cases] == [case.id for case in dataset.cases]
    np.testing.assert_array_equal(read_case(again.case(TRAIN[0])).require_ground_truth(), corrected)
    model = run(*make_job(tmp_path, data=str(again.root)))
    assert model is not None
    assert model.spec.trained_on == TRAIN
    assert digest(dataset.root) == before

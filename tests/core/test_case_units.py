"""Cases as units: what processes write is what one writes, and nothing is done twice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.label_set import Label, LabelSet
from core.inference.prediction_service import PredictionService, local_predictor
from core.io.cases.case import Case
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.io.datasets.organisation import Organisation
from core.io.labels.label_table import table_of, write_label_table
from core.jobs.local_runner import LocalRunner
from core.jobs.unit_inputs import do_staged, inputs_of, pack
from core.jobs.units import Unit, UnitOutcome, do_unit
from core.models.certificates import EngineChoice
from core.models.registry import Model
from core.studies.comparison.study_units import predict_ahead
from core.studies.export.mask_files import predict_masks
from core.studies.scores.case_task import CaseTask
from core.studies.scores.case_units import Spread, evaluate_spread, predict_spread
from core.studies.scores.evaluation import evaluate_cases
from core.studies.scores.evaluation_report import write_evaluation
from core.studies.scores.model_task import model_task
from core.workspace.workspace_folder import open_workspace
from tests.core.conftest import Graphed
from tests.core.trees import make_tree
from tests.synthetic import publish_unet, write_case

CASES = ("A_1", "B_2", "C_3")


class Nobody:
    """A runner that must not be asked."""

    one_at_a_time = True

    def outcomes(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        raise AssertionError(f"{[unit.name for unit in units]} were done before")


@pytest.fixture
def model(tmp_path: Path) -> Model:
    for seed, name in enumerate(CASES):
        write_case(tmp_path / "data", name, seed=seed)
    return publish_unet(tmp_path / "models", "net")


def _tasks(tmp_path: Path, model: Model) -> list[CaseTask]:
    task = model_task(model, device="cpu", threads=1)
    return [CaseTask(case, task) for case in scan(tmp_path / "data").cases]


def _files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".units" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_two_processes_write_what_one_writes_to_the_byte(
    home: Path, tmp_path: Path, model: Model, graphed: Graphed
) -> None:
    # By its graph: what computes it is the same in both, and need not load torch in each.
    model = graphed("one").with_engine(EngineChoice("openvino", "float32"))
    tasks = _tasks(tmp_path, model)
    cases, predict = [task.case for task in tasks], local_predictor(model, "cpu", threads=1)
    plain = evaluate_cases(cases, model, predict)
    predict_masks(cases, model, predict, out=tmp_path / "plain")
    both = Spread(LocalRunner(workers=2), tmp_path / "both")
    found = evaluate_spread(tasks, both)
    assert (found.rows, found.failed, found.inputs) == (plain.rows, {}, plain.inputs)
    write_evaluation(tmp_path / "a", plain, model, "native")
    write_evaluation(tmp_path / "b", found, model, "native")
    assert _files(tmp_path / "a")["metrics.csv"] == _files(tmp_path / "b")["metrics.csv"]
    written = predict_spread(tasks, Spread(LocalRunner(), tmp_path / "both"), out=tmp_path / "m")
    assert written.failed == {}
    assert _files(tmp_path / "m") == _files(tmp_path / "plain")

    # Masks that went missing are written again, and nothing is computed again.
    next((tmp_path / "m").rglob("*.tif")).unlink()
    nobody = Spread(Nobody(), tmp_path / "both")
    assert evaluate_spread(tasks, nobody).rows == plain.rows
    predict_spread(tasks, nobody, out=tmp_path / "m")
    assert _files(tmp_path / "m") == _files(tmp_path / "plain")


def test_a_case_that_is_sent_along_has_the_names_of_its_labels(
    tmp_path: Path, model: Model
) -> None:
    case = _with_table(tmp_path / "volumes")
    unit = Unit("key", "A", _names, CaseTask(case, model_task(model, device="cpu", threads=1)))
    own, shared = inputs_of(unit).files, inputs_of(unit).folders
    assert do_unit(unit).content == b"Kern Rim"
    assert do_staged(unit, pack(own).content, pack(shared)) == do_unit(unit)


def test_a_mask_that_is_called_otherwise_is_computed_anew(tmp_path: Path, model: Model) -> None:
    case = _with_table(tmp_path / "volumes")
    task = CaseTask(case, model_task(model, device="cpu", threads=1))
    nobody = Spread(Nobody(), tmp_path / "out")
    found = evaluate_spread([task], Spread(LocalRunner(), tmp_path / "out"))
    assert found.failed == {}
    assert evaluate_spread([task], nobody).rows == found.rows
    write_label_table(case.tables[0], LabelSet((Label(1, "Core", (1, 2, 3)),)))
    with pytest.raises(AssertionError, match="were done before"):
        evaluate_spread([task], nobody)


def _with_table(root: Path) -> Case:
    """Return a case of volumes whose labels a table beside its mask names."""
    make_tree("loose", root)
    for path in root.glob("*_t1.nii.gz"):
        path.with_name(path.name.replace("_t1", "_t1ce")).write_bytes(path.read_bytes())
    files = (("T1", "*_t1.nii.gz"), ("T1C", "*_t1ce.nii.gz"), ("FLAIR", "*_flair.nii.gz"))
    case = scan(root, Organisation(images=files, mask="*_mask.nii.gz")).cases[0]
    assert case.volumes is not None
    names = LabelSet((Label(1, "Kern", (1, 2, 3)), Label(2, "Rim", (4, 5, 6))))
    write_label_table(table_of(case.volumes.masks[0].files[0]), names)
    return case


def _names(task: CaseTask) -> bytes:
    labels = read_case(task.case).label_set
    return b"" if labels is None else " ".join(each.name for each in labels.labels).encode()


def test_a_changed_mask_or_another_protocol_is_computed_anew(tmp_path: Path, model: Model) -> None:
    tasks = _tasks(tmp_path, model)
    spread = Spread(LocalRunner(), tmp_path / "out")
    before = evaluate_spread(tasks[:1], spread)
    assert evaluate_spread([replace(tasks[0], protocol="reference")], spread).rows != before.rows
    mask = next((tmp_path / "data" / CASES[0]).glob("*_2_mask.tif"))
    mask.write_bytes(next((tmp_path / "data" / CASES[0]).glob("*_1_mask.tif")).read_bytes())
    after = evaluate_spread(tasks[:1], spread)
    assert after.rows[0].truth_voxels < before.rows[0].truth_voxels


def test_a_case_without_truth_fails_alone_and_is_tried_again(tmp_path: Path, model: Model) -> None:
    write_case(tmp_path / "data", "BARE", masks=False)
    tasks = _tasks(tmp_path, model)
    spread = Spread(LocalRunner(), tmp_path / "out")
    found = evaluate_spread(tasks, spread)
    assert [row.case for row in found.rows] == list(CASES)
    assert "expected ground truth" in found.failed["BARE"]
    with pytest.raises(AssertionError, match=r"\['BARE'\] were done before"):
        evaluate_spread(tasks, Spread(Nobody(), tmp_path / "out"))


def test_what_a_study_needs_is_predicted_ahead_and_kept(tmp_path: Path, model: Model) -> None:
    cases = scan(tmp_path / "data").cases
    workspace = open_workspace(tmp_path / "workspace")
    try:
        spread = Spread(LocalRunner(), tmp_path / "out")
        predict_ahead(cases, [model], workspace, spread, device="cpu")
        service = PredictionService(workspace)
        assert all(service.known(read_case(case), model) is not None for case in cases)
        assert not list(spread.store.iterdir())
        predict_ahead(cases, [model], workspace, Spread(Nobody(), tmp_path / "out"))
    finally:
        workspace.close()

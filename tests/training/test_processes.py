"""The programs behind a job folder, started as the window starts them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.domain.errors import WorkspaceError
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.jobs.job_events import Done
from core.jobs.job_folder import JOB_FILE, JobFolder, create_job, list_jobs
from core.jobs.job_start import JobProgram, start_job
from core.jobs.train_preview import preview_planes, read_preview, seconds_needed
from core.models.gate import GateSpec, read_gate
from core.models.registry import read_model
from core.workspace import prediction_cache
from core.workspace.workspace_folder import open_workspace
from tests.processes import wait_for_job
from tests.synthetic import publish_unet
from tests.training.making import VAL, make_dataset, make_job
from training.gate import read_gate_spec, run_gate
from training.preview import preview


def _finish(job: JobFolder, program: JobProgram, *, resume: bool = False) -> None:
    """Start the job and wait until it has said its last word."""
    wait_for_job(start_job(job, program, resume=resume))


def test_a_training_runs_by_itself_and_writes_its_log(tmp_path: Path) -> None:
    _, job = make_job(tmp_path / "jobs", max_steps=2)
    _finish(job, "train")
    assert job.state() == "done", job.log_path.read_text()
    assert "done, small:" in job.log_path.read_text()
    assert read_model(job.path / "models" / "small").spec.id == "small"
    assert [found.path.name for found in list_jobs(tmp_path / "jobs")] == ["job"]


def test_a_job_whose_folder_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="could not be started"):
        start_job(JobFolder(tmp_path / "gone"), "train")


def _gate_spec(folder: Path, workspace: str = "") -> GateSpec:
    models = [publish_unet(folder / "models", name, seed=n) for n, name in enumerate("ab")]
    return GateSpec(
        champion=str(models[0].folder),
        candidate=str(models[1].folder),
        data=str(make_dataset(folder)),
        cases=VAL,
        device="cpu",
        threads=1,
        workspace=workspace,
    )


def test_the_gate_scores_both_models_on_the_cases(tmp_path: Path) -> None:
    spec = _gate_spec(tmp_path)
    job = create_job(tmp_path / "gate", spec)
    report = run_gate(spec, job)
    assert report is not None
    assert torch.get_num_threads() == spec.threads == 1, "it was judged by more than it may use"
    assert read_gate(job.path) == report
    assert {case.case for case in report.cases} == set(VAL)
    assert (report.champion, report.candidate) == ("a", "b")
    assert isinstance(job.events()[0][-1], Done)
    again = run_gate(
        GateSpec(**{**_fields(spec), "candidate": spec.champion}), create_job(tmp_path / "g", spec)
    )
    assert again is not None
    # Two cases carry no verdict, whatever they say.
    assert (again.mean_difference, again.verdict) == (0.0, "few")


def test_the_gate_keeps_what_it_predicted_and_takes_what_is_there(tmp_path: Path) -> None:
    place = tmp_path / "workspace"
    spec = _gate_spec(tmp_path, str(place))
    models = [read_model(Path(folder)) for folder in (spec.champion, spec.candidate)]
    first = run_gate(spec, create_job(tmp_path / "one", spec))
    assert first is not None
    workspace = open_workspace(place)
    for case_id in VAL:
        loaded = read_case(scan(Path(spec.data)).case(case_id))
        for model in models:
            assert prediction_cache.find_prediction(loaded, model, workspace) is not None
        # Were the candidate run again, it would not find every voxel.
        found = prediction_cache.find_prediction(loaded, models[1], workspace)
        assert found is not None
        whole = np.where(loaded.require_ground_truth() > 0, 255, 0).astype(np.uint8)
        perfect = replace(found.prediction, probability=whole)
        prediction_cache.keep_prediction(loaded, models[1], workspace, perfect)
    workspace.close()
    again = run_gate(spec, create_job(tmp_path / "two", spec))
    assert again is not None
    assert again.candidate_mean == 1.0
    assert again.champion_mean == first.champion_mean


def test_a_gate_that_an_older_window_asked_for_can_still_be_run(tmp_path: Path) -> None:
    old = {"champion": "m/old", "candidate": "m/new", "data": "d", "cases": ["A"]}
    (tmp_path / JOB_FILE).write_text(json.dumps(old))
    assert read_gate_spec(tmp_path).workspace == ""


def _fields(spec: GateSpec) -> dict[str, object]:
    return {name: getattr(spec, name) for name in spec.__struct_fields__}


def test_a_preview_tells_the_time_and_shows_variations(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path, max_steps=1000)
    assert read_preview(job.path) is None
    found = preview(spec, job)
    assert found is not None
    assert read_preview(job.path) == found
    assert found.images_a_second == pytest.approx(4 / found.seconds_a_step)
    assert found.seconds_a_selection > 0
    longer = seconds_needed(spec, found) - 1000 * found.seconds_a_step
    assert longer == pytest.approx(spec.selections * found.seconds_a_selection)
    assert (found.cases, found.slices) == (4, 16)
    planes = preview_planes(job.path)
    assert planes.shape[1:] == (2, 32, 32)
    assert planes.dtype == np.uint8
    assert set(np.unique(planes[:, 1])) == {0, 1}
    assert planes[0, 0].max() > 200
    assert not np.array_equal(planes[0, 0], planes[1, 0])
    assert not job.checkpoint.exists()

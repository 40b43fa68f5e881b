"""A taught guide is judged before it answers, and can be taken back."""

from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from core.domain.errors import AppError, DataError, ModelError
from core.io.datasets.dataset import scan
from core.jobs.job_events import Done
from core.jobs.job_folder import create_job
from core.models.gate import GateReport, harmful, judge_guides, newest_gate
from core.models.guide_choice import (
    BUMP,
    answering_guide,
    answering_id,
    earlier_guides,
    take_guide_back,
    use_guide,
)
from core.models.guides import GuideModel, Guides, GuideSpec
from core.models.model_changes import delete_any
from core.models.networks.builder import build_network
from core.studies.clicks.guide_gate_job import read_guide_gate, run_guide_gate
from core.studies.gate_specs import guide_gate_spec
from core.workspace.workspace_folder import (
    Workspace,
    open_workspace,
    registry,
    workspace_folder,
)
from main import app
from tests.gui.tiny import keep_predictions
from tests.synthetic import publish_unet, write_case

CASES = tuple(f"C_{n}" for n in range(8))
SPEC = GuideSpec(
    id="taught", title="Taught", architecture="unet", arguments={"init_features": 4}, window=32
)


def _paths(*ends: float, dip: float = 0.0) -> dict[str, list[list[float]]]:
    """A slice a case, from 0.5 evenly to its end in five clicks; the first may lose first."""
    found = {}
    for name, end in zip(CASES, ends, strict=False):
        path = np.linspace(0.5, end, 6).tolist()
        path[1] -= dip
        found[name] = [path]
    return found


def _judge(old: dict[str, list[list[float]]], new: dict[str, list[list[float]]]) -> GateReport:
    return judge_guides(("old", old), ("new", new), told=(0, 1, 3, 5))


def test_a_guide_that_gains_in_every_case_is_to_be_promoted() -> None:
    report = _judge(_paths(*[0.8] * 8), _paths(*(0.83 + 0.001 * n for n in range(8))))
    assert (report.verdict, report.doubt) == ("promote", "")
    assert report.clicks is not None
    assert report.clicks.slices == 8
    assert report.clicks.dsc[5] == pytest.approx((0.8, 0.8335))
    assert report.clicks.dsc[0] == pytest.approx((0.5, 0.5))
    assert report.reason.startswith("After 5 clicks on 8 slices: Mean DSC +0.03")
    assert msgspec.json.decode(msgspec.json.encode(report), type=GateReport) == report


def test_a_guide_that_harms_more_often_is_kept_however_much_it_gains() -> None:
    report = _judge(_paths(*[0.8] * 8), _paths(*[0.86] * 8, dip=0.2))
    assert report.clicks is not None
    assert report.clicks.harmful == pytest.approx((0.0, 0.2))
    assert report.verdict == "keep"
    assert "more of its clicks harm: 20.0% against 0.0%" in report.reason
    assert report.doubt == "More of its clicks harm: 20.0% against 0.0%."


def test_a_guide_that_loses_is_rejected_and_few_cases_tell_nothing() -> None:
    assert _judge(_paths(*[0.8] * 8), _paths(*[0.7] * 8)).verdict == "reject"
    assert _judge(_paths(0.8, 0.8), _paths(0.9, 0.9)).verdict == "few"


def test_cases_without_a_slice_to_correct_judge_nothing() -> None:
    old = {**_paths(*[0.8] * 7), CASES[7]: []}
    new = {**_paths(*[0.9] * 7), CASES[7]: []}
    assert len(_judge(old, new).cases) == 7
    with pytest.raises(DataError, match="nothing below"):
        _judge({"C_0": []}, {"C_0": []})


def test_harm_counts_the_clicks_that_lose_more_than_two_hundredths() -> None:
    assert harmful([[0.5, 0.47, 0.6], [0.5, 0.485, 0.6]]) == 0.25
    assert harmful([]) == 0.0


def _publish(root: Path, guide_id: str, *, seed: int = 0) -> GuideModel:
    torch.manual_seed(seed)
    weights = root / f"{guide_id}.safetensors"
    root.mkdir(parents=True, exist_ok=True)
    save_file(build_network(SPEC.network).state_dict(), weights)
    spec = msgspec.structs.replace(SPEC, id=guide_id, title=guide_id)
    made = Guides((root,)).publish(spec, weights)
    weights.unlink()
    return made


def test_a_taught_guide_answers_once_it_is_chosen_and_can_be_taken_back(tmp_path: Path) -> None:
    own, box = tmp_path / "own", tmp_path / "box"
    roots = (own, box)
    assert answering_id(roots) == BUMP
    with pytest.raises(ModelError, match="answered before"):
        take_guide_back(roots)
    boxed, taught = _publish(box, "boxed"), _publish(own, "taught")
    assert answering_guide(roots) == boxed
    use_guide(roots, "taught")
    assert answering_guide(roots) == taught
    assert earlier_guides(roots) == ["boxed"]
    assert take_guide_back(roots) == "boxed"
    assert answering_guide(roots) == boxed
    assert take_guide_back(roots) == "taught"
    use_guide(roots, BUMP)
    assert answering_guide(roots) is None
    assert take_guide_back(roots) == "taught"
    with pytest.raises(ModelError, match="nothing"):
        use_guide(roots, "nothing")


def test_where_the_chosen_guide_was_deleted_the_one_in_the_box_answers(home: Path) -> None:
    models = registry(home)
    boxed = answering_id(models.roots)
    _publish(models.roots[0], "taught")
    use_guide(models.roots, "taught")
    delete_any(models, "taught")
    assert answering_id(models.roots) == boxed
    assert earlier_guides(models.roots) == []


def test_a_damaged_choice_counts_as_none(tmp_path: Path) -> None:
    made = _publish(tmp_path, "taught")
    (tmp_path / "guides.json").write_bytes(b"{")
    assert answering_guide([tmp_path]) == made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tiny cases"
    for seed, case_id in enumerate(("A_1", "B_2")):
        write_case(made, case_id, 6, (48, 48), seed=seed)
    return made


@pytest.fixture
def workspace(home: Path, folder: Path):
    publish_unet(home / "models", "small", title="Small")
    registry(home).promote("small")
    keep_predictions(home, folder, "A_1", "B_2")
    with closing(open_workspace(workspace_folder(home, folder))) as opened:
        yield opened


def test_a_gate_clicks_with_both_on_cases_that_are_new_to_them(
    home: Path, folder: Path, workspace: Workspace, tmp_path: Path
) -> None:
    models = registry(home, workspace.folder)
    old = _publish(workspace.models, "old")
    _publish(workspace.models, "new", seed=1)
    use_guide(models.roots, "old")
    with pytest.raises(AppError, match="frozen split"):
        guide_gate_spec(workspace, scan(folder), models, "new")
    with pytest.raises(AppError, match="the one that answers"):
        guide_gate_spec(workspace, scan(folder), models, "old", cases=("A_1",))
    spec = guide_gate_spec(
        workspace, scan(folder), models, "new", cases=("A_1", "B_2"), device="cpu"
    )
    assert spec.champion == str(old.folder.absolute())
    job = create_job(workspace.jobs / "0001-gate", spec)
    assert read_guide_gate(job.path) == spec
    report = run_guide_gate(spec, job)
    assert report is not None
    assert report.clicks is not None
    assert report.clicks.slices > 0
    assert (report.champion, report.candidate, report.verdict) == ("old", "new", "few")
    assert {case.case for case in report.cases} == {"A_1", "B_2"}
    assert isinstance(job.events()[0][-1], Done)
    assert newest_gate(job.path.parent, champion="old", candidate="new") == report


def test_a_guide_is_not_judged_by_what_it_learnt_from(
    home: Path, folder: Path, workspace: Workspace, tmp_path: Path
) -> None:
    models = registry(home, workspace.folder)
    made = _publish(workspace.models, "new")
    learnt = msgspec.structs.replace(made.spec, trained_on=("A_1", "B_2"))
    (made.folder / "guide.json").write_bytes(msgspec.json.encode(learnt))
    spec = guide_gate_spec(
        workspace, scan(folder), models, "new", cases=("A_1", "B_2"), device="cpu"
    )
    with pytest.raises(DataError, match="neither guide learnt"):
        run_guide_gate(spec, create_job(tmp_path / "gate", spec))


def test_the_command_line_judges_promotes_and_takes_back(
    home: Path, folder: Path, workspace: Workspace
) -> None:
    for name in ("old", "new"):
        _publish(workspace.models, name)
    roots, before = registry(home, workspace.folder).roots, "old"
    use_guide(roots, before)
    run, data = CliRunner(), ["--data", str(folder)]
    assert len(scan(folder).cases) == 2
    asked = run.invoke(app, ["models", "promote", "new", *data])
    assert isinstance(asked.exception, AppError)
    assert "never held against" in str(asked.exception)
    cases = ["--case", "A_1", "--case", "B_2", "--device", "cpu"]
    judged = run.invoke(app, ["models", "gate", "new", *data, *cases])
    assert judged.exception is None, judged.exception
    assert "DSC after 5 clicks:" in judged.stdout
    assert f"new against {before}: few." in judged.stdout
    assert (workspace.jobs / "0001-gate" / "gate.json").is_file()
    run.invoke(app, ["models", "promote", "new", *data, "--yes"])
    assert answering_id(roots) == "new"
    back = run.invoke(app, ["models", "rollback", "--task", "guide", *data])
    assert f"{before} answers guided clicks again." in back.stdout
    assert answering_id(roots) == before

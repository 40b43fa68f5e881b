"""The Python interface: what a notebook does, and the notebook that comes with Overread."""

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import overread
import training.train
import training.unit_job
from core.demo import demo_cases
from core.demo.gallery import GALLERY
from core.inference.engine import Engine
from core.jobs.job_folder import JobFolder
from core.jobs.job_start import JobProgram, start_job
from tests.gui.lent_engine import LentEngine
from tests.synthetic import digest, lesion, publish_unet, write_case

ROOT = Path(__file__).resolve().parents[2]
HELP = ROOT / "resources" / "help"
NOTEBOOK = HELP / "notebook.ipynb"


@pytest.fixture
def lent(lender: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workbenches run models in the process that all tests share."""
    monkeypatch.setattr("core.api.workbench.Engine", lambda: LentEngine(lender, {}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, case_id in enumerate(("A", "B", "C")):
        write_case(tmp_path / "data", case_id, slices=3, seed=seed)
    return tmp_path / "data"


def test_import_is_light_and_everything_listed_is_there() -> None:
    code = (
        "import sys, overread\n"
        "heavy = {'torch', 'PySide6', 'matplotlib', 'scipy.stats', 'jinja2', 'typer'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert all(getattr(overread, name) for name in overread.__all__)\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert overread.__version__\n"
    )
    path = os.pathsep.join((str(ROOT), str(ROOT / ".ci" / "package")))
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        overread.nothing  # type: ignore[attr-defined]
    assert issubclass(overread.Network, torch.nn.Module)


def test_a_prediction_is_kept_and_its_mask_scored(folder: Path, home: Path) -> None:
    publish_unet(home / "models")
    before = digest(folder)
    with overread.open_workspace(folder) as workspace:
        case = overread.read_case(workspace.dataset.case("B"))
        model = workspace.models.find("tiny")
        first = workspace.predict(case, model, device="cpu")
        again = workspace.predict(case, model, device="cpu")
        assert workspace.folder.is_relative_to(home)
    assert first.probability.shape == case.volume.geometry.shape
    assert np.array_equal(again.probability, first.probability)
    assert (again.key, again.seconds) == (first.key, pytest.approx(first.seconds, abs=0.01))
    mask = overread.mask_of(first, model)
    assert overread.score(case, mask).predicted_voxels == int(mask.sum())
    assert overread.score(case, lesion(3)).dsc == 1.0
    assert digest(folder) == before


def test_masks_are_written_and_read_but_never_into_the_dataset(
    folder: Path, tmp_path: Path
) -> None:
    case = overread.open_dataset(folder).case("A")
    mask = lesion(3)
    files = overread.write_masks(case, mask, tmp_path / "out")
    assert [file.name for file in files] == ["A_1_pred.tif", "A_2_pred.tif", "A_3_pred.tif"]
    assert np.array_equal(overread.read_masks(case, tmp_path / "out"), mask)
    assert np.array_equal(overread.read_masks(case, folder), mask)
    with pytest.raises(overread.DataError, match="never written to"):
        overread.write_masks(case, mask, folder)
    with pytest.raises(overread.DataError, match="expected a mask of 3 slices"):
        overread.write_masks(case, mask[:2], tmp_path / "two")
    files[1].unlink()
    with pytest.raises(overread.FileError, match=r"A_2_pred\.tif"):
        overread.read_masks(case, tmp_path / "out")


@pytest.mark.usefixtures("lent")
def test_models_are_compared(folder: Path, home: Path) -> None:
    for seed in (0, 1):
        publish_unet(home / "models", f"tiny{seed}", seed=seed)
    with overread.open_workspace(folder) as workspace:
        models = [workspace.models.find(f"tiny{seed}") for seed in (0, 1)]
        cases = workspace.dataset.cases[:2]
        study = workspace.compare(models, cases, ensemble=True, device="cpu")
    assert study.failed == {}
    assert {row.case for row in study.rows} == {"A", "B"}
    assert len(study.rows) == 6
    assert [model.cases for model in overread.summarise(study).models] == [2, 2, 2]


def test_a_training_that_fails_says_why(folder: Path, home: Path) -> None:
    split = overread.Split(train=("A", "none"), val=("C",))
    with overread.open_workspace(folder) as workspace:
        training = workspace.train("wrong", split, architecture="unet", settings={"max_steps": 1})
        with pytest.raises(overread.ModelError, match="none"):
            training.wait()
        assert training.state() == "failed"
        # The folder is whole: its own split lies beside the spec that names it.
        assert (training.folder / "split.json").is_file()
        with pytest.raises(overread.AppError, match="train --help"):
            workspace.train("odd", split, architecture="unet", settings={"batch_size": "many"})
        other = overread.Split(train=("A", "C"), val=("B",))
        with pytest.raises(overread.DataError, match="frozen val"):
            workspace.train("other", other, architecture="unet")


OWN_PROCESS = "cv-dice"
"""The job of the notebook that runs in a process of its own; torch is loaded for that one alone."""


def _start(job: JobFolder, program: JobProgram) -> int:
    """Start a job as its program does, but for one in this process."""
    if job.path.name == OWN_PROCESS:
        return start_job(job, program)
    main = {"train": training.train.main, "units": training.unit_job.main}[program]
    assert main([str(job.path)]) == 0
    return os.getpid()


@pytest.mark.usefixtures("lent")
def test_the_notebook_runs(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("core.api.workbench.start_job", _start)
    few = {name: replace(spec, slices=4) for name, spec in GALLERY.items()}
    monkeypatch.setattr(demo_cases, "GALLERY", few)
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    said = capsys.readouterr().out
    assert OWN_PROCESS in {folder.name for folder in home.glob("workspaces/*/jobs/*")}
    assert "done short" in said
    assert "DSC" in said
    folds = names["folds"]
    assert isinstance(folds, dict)
    pair = overread.pair_folds(folds)[0]
    assert f"dice soft-iou {pair.n} {pair.mean_difference}" in said
    known = [set(each.dsc()) for each in folds.values()]
    assert known[0] == known[1]
    assert len(known[0]) == pair.n > 2
    frozen = names["split"]
    assert isinstance(frozen, overread.Split)
    assert not known[0] & set(frozen.val)  # the judges of the training before stay out


def test_the_page_shows_what_there_is() -> None:
    text = (HELP / "python.md").read_text("utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        if not block.startswith("["):
            ast.parse(block)
    named = set(re.findall(r"overread\.([A-Za-z]\w*)", text)) - {"core", "gui", "training"}
    assert {
        name
        for name in named - {"networks", "layouts", "readers", "engines"}
        if not hasattr(overread, name)
    } == set()
    methods = set(re.findall(r"workspace\.(\w+)", text))
    assert methods <= set(dir(overread.Workbench))

"""Processes of ours import nothing from the folder they are started in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.domain.errors import ModelError
from core.inference.child_environment import child_command, child_environment
from core.inference.engine import Engine
from core.jobs.job_events import Failed
from core.jobs.job_folder import create_job
from core.jobs.job_start import JobProgram, start_job
from core.jobs.local_runner import LocalRunner
from core.jobs.ray_runner import RayRunner
from core.jobs.units import Unit, UnitOutcome, unit_key
from core.models.train_spec import TrainSpec
from tests.core.unit_works import double
from tests.decoys import NAMES, write_decoys
from tests.processes import wait_for_job

ROOT = Path(__file__).resolve().parents[2]
PATHS = ["", ".", os.pathsep, "here", os.pathsep.join((".", "", "/nowhere"))]


@pytest.fixture
def decoys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with modules of the same names as ours."""
    folder = write_decoys(tmp_path / "away")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("path", PATHS)
def test_no_working_folder_is_on_the_path(
    decoys: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", path)
    for command in (child_command("core.domain.errors"), [sys.executable, "-c", "import core"]):
        done = subprocess.run(
            command, env=child_environment(), capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr


def test_absolute_folders_of_the_path_are_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(("here", str(tmp_path), "")))
    assert child_environment()["PYTHONPATH"].split(os.pathsep) == [str(ROOT), str(tmp_path)]


def test_the_decoys_are_imported_where_nothing_is_done_about_it(decoys: Path) -> None:
    for name in NAMES:
        done = subprocess.run(
            [sys.executable, "-c", f"import {name}"],
            capture_output=True, encoding="utf-8", check=False,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        )  # fmt: skip
        assert f"{name} of the working folder was imported" in done.stderr


def test_the_engine_is_ours(decoys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ".")
    engine = Engine()
    try:
        assert "cpu" in engine.devices()
    finally:
        engine.close()


@pytest.mark.parametrize("program", ["train", "preview", "study", "gate", "guide_gate"])
def test_the_process_of_a_job_is_ours(decoys: Path, program: JobProgram) -> None:
    """Each is given the spec of a training of nothing, and says so in the job or its log."""
    job = create_job(decoys / "job", TrainSpec(architecture="unet", data="none", split="none"))
    wait_for_job(start_job(job, program))
    said = job.log_path.read_text() + str([e for e in job.events()[0] if isinstance(e, Failed)])
    assert "working folder" not in said
    assert "No module named" not in said
    assert "xpected" in said


def test_processes_that_do_units_import_nothing_from_the_working_folder(decoys: Path) -> None:
    """Not even of Python's own: a child would look for these in the working folder first."""
    for name in ("runpy", "pickle", "socket"):
        (decoys / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    before = dict(os.environ)
    units = [Unit(unit_key("decoys", n), f"unit {n}", double, n) for n in range(3)]
    found = {unit.name: outcome for unit, outcome in LocalRunner(2).outcomes(units)}
    assert found == {f"unit {n}": UnitOutcome(str(2 * n).encode()) for n in range(3)}
    assert dict(os.environ) == before


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_processes_of_a_cluster_import_nothing_from_the_working_folder(decoys: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'overread[cluster]'")
    units = [Unit(unit_key("decoys", n), f"unit {n}", double, n) for n in range(3)]
    found = {unit.name: outcome for unit, outcome in RayRunner(workers=2).outcomes(units)}
    assert found == {f"unit {n}": UnitOutcome(str(2 * n).encode()) for n in range(3)}


def test_an_engine_that_ends_says_how_and_guesses_no_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "core.inference.engine.child_command",
        lambda _: [sys.executable, "-c", "import sys; sys.exit('the last words')"],
    )
    engine = Engine()
    with pytest.raises(ModelError, match=r"exit status 1: the last words") as said:
        engine.devices()
    assert "memory" not in str(said.value).lower()
    engine.close()

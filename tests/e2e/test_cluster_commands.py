"""Every command that works in units writes on two raylets, one of them killed, what it writes here.

They are processes of `main.py`, as a reader starts them. `-m cluster` asks for them.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import AppError
from core.jobs.local_runner import LocalRunner
from core.jobs.ray_cluster import prepare_environment
from core.jobs.slurm_runner import SlurmRunner, require_slurm
from core.jobs.units import Unit, run_units
from tests import patience
from tests.core.unit_works import die_once, write_down
from tests.synthetic import publish_unet, write_case

ROOT = Path(__file__).resolve().parents[2]
IDS = tuple(f"C_{number:02d}" for number in range(24))
TINY = {"size": 32, "max_steps": 4, "batch_size": 2, "device": "cpu", "selection_cases": 1}
FOLDS = (
    *("train", "unet", "data", "--split", "small.json", "--folds", "3"),
    *("--size", "32", "--max-steps", "4", "--batch-size", "2", "--device", "cpu"),
    *("--set", "selection_cases=1", "--set", "threads=1", "--arg", "init_features=2"),
)
CASES = ("data", "--device", "cpu", "--model", "net")
COMMANDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "predict": (("predict", *CASES), ("**/*.tif",)),
    "evaluate": (("evaluate", *CASES), ("metrics.csv",)),
    "compare": (("compare", "data", "--models", "net", "net2", "--device", "cpu"), ("*.csv",)),
    "calibrate": (
        ("calibrate", *CASES, "--split", "split.json", "--no-store"),
        ("expected_dsc.csv",),
    ),
    "folds": (FOLDS, ("cases.csv", "masks/**/*.tif")),
    "folds-nproc": ((*FOLDS, "--nproc", "2"), ("cases.csv", "masks/**/*.tif")),
    "sweep": (("sweep", "search.json"), ("sweep.csv", "models/**/weights.safetensors")),
}
"""What is asked for, and which files are to be the same to the byte."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cases, splits and a search."""
    place = tmp_path_factory.mktemp("cluster")
    for seed, case_id in enumerate(IDS):
        write_case(place / "data", case_id, seed=seed)
    parts = {"split": (IDS[:21], IDS[21:]), "small": (IDS[:6], IDS[21:])}
    for name, (train, val) in parts.items():
        (place / f"{name}.json").write_text(json.dumps({"train": train, "val": val}))
    settings = {**TINY, "arguments": {"init_features": 2}, "threads": 1, "selections": 2}
    del settings["size"]
    search = {
        "train": {"architecture": "unet", "data": "data", "split": "small.json", **settings},
        "space": {"learning_rate": [1e-3, 1e-2, 1e-1]},
    }
    (place / "search.json").write_text(json.dumps(search))
    for home in ("here", "there"):
        publish_unet(place / home / "models", "net")
        publish_unet(place / home / "models", "net2", seed=1)
    return place


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    prepare_environment("")
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'overread[cluster]'")
    from ray.cluster_utils import Cluster

    served = find_spec("aiohttp") is not None
    head = {"num_cpus": 1, "include_dashboard": served}
    made: Any = Cluster(initialize_head=True, head_node_args=head)
    yield made
    made.shutdown()


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_writes_on_two_raylets_what_it_writes_here(
    place: Path, cluster: Any, name: str
) -> None:
    command, same = COMMANDS[name]
    second = cluster.add_node(num_cpus=1)
    there = _started(
        place, "there", name, *command, "--runner", "ray", "--address", cluster.address
    )
    units = place / "there" / name / ".units"
    patience.until(lambda: there.poll() is not None or any(units.glob("[!.]*")))
    cluster.remove_node(second, allow_graceful=False)
    said = there.communicate(timeout=patience.PROCESS_SECONDS)[0]
    assert there.returncode == 0, said
    here = _started(place, "here", name, *command)
    said = here.communicate(timeout=patience.PROCESS_SECONDS)[0]
    assert here.returncode == 0, said
    found = [_files(place / home / name, same) for home in ("here", "there")]
    assert found[0]
    assert found[0] == found[1]


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(find_spec("aiohttp") is None, reason="needs ray[default], as overread[cluster]")
@pytest.mark.parametrize("more", [(), ("--stage",)])
def test_a_command_runs_on_the_cluster_itself_and_says_here_what_it_says(
    place: Path, cluster: Any, more: tuple[str, ...]
) -> None:
    name = f"job{len(more)}"
    address = f"http://{cluster.webui_url}"
    asked = ("evaluate", *CASES, "--runner", "ray", "--address", address, *more)
    there = _started(place, "there", name, *asked)
    said = there.communicate(timeout=patience.PROCESS_SECONDS)[0]
    assert there.returncode == 0, said
    assert "net, native: mean DSC" in said
    here = _started(place, "here", name, "evaluate", *CASES)
    assert here.wait(timeout=patience.PROCESS_SECONDS) == 0
    found = [_files(place / home / name, ("metrics.csv",)) for home in ("here", "there")]
    assert found[0] == found[1] != {}
    wrong = _started(place, "there", name, *asked, "--case", "nobody")
    said = wrong.communicate(timeout=patience.PROCESS_SECONDS)[0]
    assert wrong.returncode == 1
    assert "nobody" in said.splitlines()[-1]


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(find_spec("aiohttp") is None, reason="needs ray[default], as overread[cluster]")
def test_a_job_outlives_a_killed_command_which_follows_it_on_and_is_stopped_from_the_keyboard(
    place: Path, cluster: Any
) -> None:
    from ray.job_submission import JobSubmissionClient

    address = f"http://{cluster.webui_url}"
    client = JobSubmissionClient(address)
    before = {job.submission_id for job in client.list_jobs()}

    def ours() -> list[Any]:
        return [job for job in client.list_jobs() if job.submission_id not in before]

    command = (*FOLDS, "--runner", "ray", "--address", address)
    killed = _started(place, "there", "followed", *command)
    patience.until(lambda: [str(job.status) for job in ours()] == ["RUNNING"])
    killed.kill()
    killed.communicate()
    again = _started(place, "there", "followed", *command)
    said = again.communicate(timeout=patience.PROCESS_SECONDS)[0]
    assert again.returncode == 0, said
    assert "6 cases out of fold: mean DSC" in said
    assert [str(job.status) for job in ours()] == ["SUCCEEDED"]

    stopped = _started(place, "there", "stopped", *command)
    patience.until(lambda: [str(job.status) for job in ours()].count("RUNNING") == 1)
    stopped.send_signal(signal.SIGINT)
    stopped.communicate(timeout=patience.PROCESS_SECONDS)
    assert stopped.returncode == 130
    patience.until(lambda: sorted(str(job.status) for job in ours()) == ["STOPPED", "SUCCEEDED"])


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_jobs_of_slurm_find_what_one_process_finds_though_one_is_killed(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("submitit", reason="pip install 'overread[slurm]'")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    works = (write_down, die_once, write_down)
    units = [
        Unit(f"s{number}", f"unit {number}", work, (str(tmp_path), number))
        for number, work in enumerate(works)
    ]
    found = run_units(units, SlurmRunner(cluster="local"), tmp_path / "units")
    assert found == run_units(units, LocalRunner(), tmp_path / "here")
    assert (tmp_path / "1.killed").exists()


def test_where_submitit_is_not_installed_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.jobs.slurm_runner.find_spec", lambda _: None)
    with pytest.raises(AppError, match=r"expected submitit, found none. Install it with"):
        require_slurm()


def _started(place: Path, home: str, out: str, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, ROOT / "main.py", *command, "--out", place / home / out],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, "OVERREAD_HOME": str(place / home), "PYTHONPATH": str(ROOT)},
    )


def _files(folder: Path, patterns: tuple[str, ...]) -> dict[str, bytes]:
    paths = {path for pattern in patterns for path in folder.glob(pattern)}
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths)}

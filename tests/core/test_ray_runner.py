"""Units on a cluster of Ray: two raylets on one machine; a process and a raylet are killed.

Ray takes seconds to start, so `-m cluster` asks for most of these tests.
"""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import AppError
from core.jobs.local_runner import LocalRunner
from core.jobs.ray_runner import RayRunner, require_ray
from core.jobs.units import Unit, run_units, unit_key
from tests import patience
from tests.core.unit_works import die_once, wait_for_go, write_down

ROOT = Path(__file__).resolve().parents[2]


def test_ray_is_named_by_its_runner_alone_and_loaded_only_when_units_run() -> None:
    rooms = [path for room in ("core", "gui", "training") for path in (ROOT / room).rglob("*.py")]
    named = [p for p in rooms if re.search(r"^\s*(import|from) ray\b", p.read_text("utf-8"), re.M)]
    assert [path.name for path in named] == ["ray_runner.py"]
    assert not re.search(r"^(import|from) ray\b", named[0].read_text("utf-8"), re.M)


def test_where_ray_is_not_installed_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.ray_runner.find_spec", lambda _: None)
    with pytest.raises(AppError, match=r"expected Ray, found none. Install it with"):
        require_ray()


@pytest.fixture
def two_raylets(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'overread[cluster]'")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    second = cluster.add_node(num_cpus=1)
    yield cluster, second
    cluster.shutdown()


def _some_wait(folder: Path) -> list[Unit]:
    works = [write_down] * 4 + [wait_for_go] * 2
    return [
        Unit(unit_key("w", n), f"unit {n}", work, (str(folder), n)) for n, work in enumerate(works)
    ]


def _units(folder: Path) -> list[Unit]:
    tasks = [(str(folder), n) for n in range(8)]
    works = [die_once if n == 2 else write_down for n in range(8)]
    return [
        Unit(unit_key("t", n), f"unit {n}", work, task)
        for n, (work, task) in enumerate(zip(works, tasks, strict=True))
    ]


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_a_process_and_a_raylet_are_killed_and_the_outcomes_are_those_of_here(
    tmp_path: Path, two_raylets: tuple[Any, Any]
) -> None:
    cluster, second = two_raylets
    before = signal.getsignal(signal.SIGTERM)
    killed: list[float] = []

    def kill(fraction: float, _: str) -> None:
        if fraction >= 0.25 and not killed:
            killed.append(fraction)
            cluster.remove_node(second, allow_graceful=False)

    units = _units(tmp_path)
    found = run_units(units, RayRunner(cluster.address), tmp_path / "ray", progress=kill)
    assert killed
    assert signal.getsignal(signal.SIGTERM) == before
    assert (tmp_path / "2.killed").exists()
    here = run_units(units, LocalRunner(), tmp_path / "here")
    assert found == here
    files = [sorted((tmp_path / name).iterdir()) for name in ("ray", "here")]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_after_the_head_is_lost_the_same_again_does_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'overread[cluster]'")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    for ends in (False, True):
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
        driver = subprocess.Popen(
            [sys.executable, "-m", __name__, cluster.address, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert driver.stdout is not None
        if not ends:
            next(line for line in driver.stdout if line.startswith("0.67"))
            cluster.head_node.kill_gcs_server(check_alive=False)
            said = driver.communicate(timeout=patience.PROCESS_SECONDS)[0]
            assert driver.returncode == 1
            assert re.search(r"^The cluster was lost: its head, .* does not answer. ", said, re.M)
            assert "What is done is kept: give the same command again" in said
            (tmp_path / "go").touch()
        else:
            said = driver.communicate(timeout=patience.PROCESS_SECONDS)[0]
            assert said.split()[:1] == ["0.67"]
        cluster.shutdown()
    assert len(list((tmp_path / "units").iterdir())) == 6
    assert [(tmp_path / f"{n}.done").read_text() for n in range(4)] == ["done\n"] * 4


def _drive(address: str, folder: Path) -> None:
    def tell(fraction: float, name: str) -> None:
        sys.stdout.write(f"{fraction:.2f} {name}\n")
        sys.stdout.flush()

    try:
        run_units(_some_wait(folder), RayRunner(address), folder / "units", progress=tell)
    except AppError as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    _drive(sys.argv[1], Path(sys.argv[2]))

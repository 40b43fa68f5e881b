"""Units on a cluster of Ray: two raylets on one machine; a process and a raylet are killed.

Ray takes seconds to start, so `-m cluster` asks for most of these tests.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from core.domain.errors import AppError
from core.jobs.local_runner import LocalRunner
from core.jobs.ray_cluster import prepare_environment, require_ray
from core.jobs.ray_runner import RayRunner
from core.jobs.units import Unit, run_units, unit_key
from tests import patience
from tests.core.unit_works import (
    KillsTheHead,
    Reading,
    die_once,
    meet,
    read_both,
    wait_for_go,
    write_down,
)

ROOT = Path(__file__).resolve().parents[2]


def test_ray_is_named_by_its_runner_alone_and_loaded_only_when_units_run() -> None:
    rooms = [path for room in ("core", "gui", "training") for path in (ROOT / room).rglob("*.py")]
    named = [p for p in rooms if re.search(r"^\s*(import|from) ray\b", p.read_text("utf-8"), re.M)]
    assert sorted(path.name for path in named) == ["ray_cluster.py", "ray_job.py"]
    tops = [re.search(r"^(import|from) ray\b", path.read_text("utf-8"), re.M) for path in named]
    assert tops == [None, None]


def test_where_ray_is_not_installed_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.ray_cluster.find_spec", lambda _: None)
    with pytest.raises(AppError, match=r"expected Ray, found none. Install it with"):
        require_ray()


def need_ray() -> None:
    """Skip where there is no Ray; what it reads when it is imported is set before."""
    prepare_environment("")
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'overread[cluster]'")


@pytest.fixture
def two_raylets() -> Iterator[tuple[Any, Any]]:
    need_ray()
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
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
    tmp_path: Path,
) -> None:
    need_ray()
    from ray.cluster_utils import Cluster

    for ends in (False, True):
        cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
        driver = _started(cluster.address, tmp_path)
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


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGSTOP"])
def test_a_head_that_is_lost_while_units_are_handed_over_is_told_as_lost(
    tmp_path: Path, how: str
) -> None:
    need_ray()
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    head = cluster.head_node.all_processes["gcs_server"][0].process.pid
    driver = _started(cluster.address, tmp_path, str(head), str(int(signal.Signals[how])))
    said = driver.communicate(timeout=patience.PROCESS_SECONDS)[0]
    with suppress(ProcessLookupError):
        os.kill(head, signal.SIGKILL)
    cluster.shutdown()
    assert driver.returncode == 1
    assert re.search(r"^The cluster was lost: its head, .* does not answer. ", said, re.M)


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(which("ss") is None, reason="needs ss (iproute2) to list sockets")
def test_a_cluster_of_ours_listens_on_loopback_alone_and_speaks_to_nobody_else(
    tmp_path: Path,
) -> None:
    need_ray()
    driver = _started("", tmp_path)
    assert driver.stdout is not None
    next(line for line in driver.stdout if line.startswith("0.67"))
    ours = _descendants(driver.pid)
    listening, speaking = (_addresses(options, ours) for options in ("-ltnpH", "-tnpH"))
    environments = [_environment(pid) for pid in ours]
    (tmp_path / "go").touch()
    driver.communicate(timeout=patience.PROCESS_SECONDS)
    loopback = re.compile(r"127\.0\.0\.1:|\[::ffff:127\.0\.0\.1\]:|\[::1\]:")
    assert len(listening) >= 4  # the head, the raylet twice, this process, a process of units
    assert [place for place in {*listening, *speaking} if not loopback.match(place)] == []
    raylets = [each for each in environments if "RAY_USAGE_STATS_ENABLED" in each]
    assert len(raylets) >= 3
    assert {each["RAY_USAGE_STATS_ENABLED"] for each in raylets} == {"0"}


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_an_ended_command_leaves_no_process_and_the_same_again_does_what_is_left(
    tmp_path: Path, how: str
) -> None:
    need_ray()
    driver = _started("", tmp_path)
    assert driver.stdout is not None
    next(line for line in driver.stdout if line.startswith("0.67"))
    ours = _descendants(driver.pid)
    driver.send_signal(signal.Signals[how])
    driver.communicate(timeout=patience.PROCESS_SECONDS)
    assert driver.returncode != 0
    patience.until(lambda: not [pid for pid in ours if _runs(pid)])
    (tmp_path / "go").touch()
    again = _started("", tmp_path)
    said = again.communicate(timeout=patience.PROCESS_SECONDS)[0]
    assert said.split()[:1] == ["0.67"]
    assert len(list((tmp_path / "units").iterdir())) == 6
    assert [(tmp_path / f"{n}.done").read_text() for n in range(4)] == ["done\n"] * 4


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_units_that_are_sent_with_their_files_find_them_elsewhere(
    tmp_path: Path, two_raylets: tuple[Any, Any]
) -> None:
    cluster, _ = two_raylets
    (tmp_path / "model" / "inside").mkdir(parents=True)
    (tmp_path / "model" / "inside" / "weights").write_bytes(b" weights ")
    for number in range(3):
        (tmp_path / f"{number}.case").write_bytes(f"case {number}".encode())
    tasks = [Reading(tmp_path / f"{n}.case", tmp_path / "model") for n in range(3)]
    units = [Unit(f"k{n}", f"unit {n}", read_both, task) for n, task in enumerate(tasks)]
    found = run_units(units, RayRunner(cluster.address, staged=True), tmp_path / "units")
    assert [o.content for o in found.values()] == [
        f"case {n} weights True".encode() for n in range(3)
    ]
    plain = Unit("p", "plain", write_down, (str(tmp_path), 1))
    with pytest.raises(AppError, match="--stage: expected work that only reads"):
        run_units([plain], RayRunner(cluster.address, staged=True), tmp_path / "units")


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_two_units_share_a_card_where_each_takes_half_of_it(tmp_path: Path) -> None:
    need_ray()
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 4, "num_gpus": 1})
    try:
        units = [Unit(f"m{n}", f"unit {n}", meet, (str(tmp_path), n, 2)) for n in range(2)]
        found = run_units(units, RayRunner(cluster.address, gpus=0.5), tmp_path / "units")
        assert [outcome.content for outcome in found.values()] == [b"0", b"0"]
        alone = Unit("whole", "whole", meet, (str(tmp_path / "none"), 9, 0), gpus=None)
        (tmp_path / "none").mkdir()
        (outcome,) = run_units([alone], RayRunner(cluster.address), tmp_path / "units").values()
        assert outcome.content == b"0"
        with pytest.raises(AppError, match="expected a machine of 2 graphics cards in the cluster"):
            run_units(units, RayRunner(cluster.address, gpus=2.0), tmp_path / "more")
    finally:
        cluster.shutdown()


def _started(address: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__, address, str(folder), *more],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )


def _descendants(pid: int) -> list[int]:
    """Return a process and all it has started, itself or through others."""
    parents = {int(path.name): _parent(path) for path in Path("/proc").glob("[0-9]*")}
    found, before = {pid}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return sorted(found)


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _environment(pid: int) -> dict[str, str]:
    try:
        content = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    return dict(pair.split("=", 1) for pair in content.split("\0") if "=" in pair)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _addresses(options: str, pids: list[int]) -> list[str]:
    """Return where processes listen, or both ends of what they speak through."""
    listed = subprocess.run(
        ["ss", options], capture_output=True, encoding="utf-8", check=True
    ).stdout
    rows = [line.split() for line in listed.splitlines()]
    ours = [row for row in rows if any(f"pid={pid}," in row[-1] for pid in pids)]
    return [place for row in ours for place in (row[3], row[4]) if not place.endswith(":*")]


def _drive(address: str, folder: Path, head: int = 0, how: int = 0) -> None:
    def tell(fraction: float, name: str) -> None:
        sys.stdout.write(f"{fraction:.2f} {name}\n")
        sys.stdout.flush()

    units = _some_wait(folder)
    if head:
        task = KillsTheHead(head, how, (str(folder), 9))
        units = [Unit("head", "head", write_down, task), *units]
    runner = RayRunner(address) if address else RayRunner(workers=2)
    try:
        run_units(units, runner, folder / "units", progress=tell)
    except AppError as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    _drive(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))

"""What units cost: kept here, handed to Ray, and two raylets against one process on their cores."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from core.inference.torch_device import limit_threads
from core.io.datasets.dataset import scan
from core.jobs.local_runner import LocalRunner
from core.jobs.ray_cluster import prepare_environment
from core.jobs.ray_runner import RayRunner
from core.jobs.units import Unit, UnitOutcome, UnitRunner, do_unit, run_units
from core.studies.scores.case_task import CaseTask
from core.studies.scores.case_units import Spread, evaluate_spread
from core.studies.scores.model_task import model_task
from tests.bench.entry import Entry, Figure
from tests.synthetic import publish_unet, write_case

_CASES, _SLICES, _SHAPE = 100, 20, (128, 128)
_EMPTY = 1000
_BOUND_PERCENT = 5.0
_CORES = 2


def measure() -> list[Entry]:
    """Return the cost of units here and, where Ray is installed, on two raylets."""
    with TemporaryDirectory() as folder:
        tasks = _tasks(Path(folder))
        here, seconds = _kept_here(tasks, Path(folder) / "here")
        if find_spec("ray") is None:
            return [*here, Figure("two_raylets", 0.0, "s").plain("Ray is not installed")]
        return [*here, *_on_two_raylets(tasks, Path(folder), seconds)]


class _Timed:
    """Does units here and adds up the processor time that they themselves take."""

    one_at_a_time = True

    def __init__(self) -> None:
        self.seconds = 0.0

    def outcomes(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        for unit in units:
            begun = time.process_time()
            found = do_unit(unit)
            self.seconds += time.process_time() - begun
            yield unit, found


def _tasks(folder: Path) -> list[CaseTask]:
    for number in range(_CASES):
        write_case(folder / "data", f"C_{number:03d}", _SLICES, _SHAPE, seed=number)
    model = publish_unet(folder / "models", "net")
    task = model_task(model, device="cpu", threads=1)
    return [CaseTask(case, task) for case in scan(folder / "data").cases]


def _kept_here(tasks: list[CaseTask], out: Path) -> tuple[list[Entry], float]:
    """Return the processor time around the units as a share of theirs; what they take too."""
    limit_threads(1)
    evaluate_spread(tasks[:3], Spread(LocalRunner(), out / "warm"))
    timed, begun = _Timed(), time.process_time()
    evaluate_spread(tasks, Spread(timed, out))
    around = time.process_time() - begun - timed.seconds
    kept = sum(path.stat().st_size for path in (out / ".units").iterdir()) / _CASES
    said = (
        f"{_CASES} cases of {_SLICES} slices {_SHAPE[0]}², {1000 * timed.seconds / _CASES:.0f} ms "
        f"a case, {1000 * around / _CASES:.1f} ms around it, {kept:.0f} bytes kept; processor time"
    )
    share = Figure("unit_overhead", 100 * around / timed.seconds, "%")
    return [share.at_most(_BOUND_PERCENT, against=said)], timed.seconds


def _on_two_raylets(tasks: list[CaseTask], folder: Path, seconds: float) -> list[Entry]:
    prepare_environment("")
    if hasattr(os, "sched_setaffinity"):
        # The raylets and what they start inherit it: both sides have the same cores.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:_CORES])
    import ray
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        runner = RayRunner(cluster.address)
        _wall(tasks[:8], runner, folder / "ray-warm")
        _wall(tasks[:3], LocalRunner(), folder / "one-warm")
        raylets = _wall(tasks, runner, folder / "ray")
        one = _wall(tasks, LocalRunner(), folder / "one")
        empty = [Unit(f"e{n}", f"{n}", _nothing, n) for n in range(_EMPTY)]
        handed = _seconds(lambda: run_units(empty, runner, folder / "empty")) / _EMPTY
    finally:
        ray.shutdown()
        cluster.shutdown()
    said = f"one process of {_CORES} threads on the same {_CORES} cores, {one:.1f} s; wall time"
    lost = 100 * (raylets * _CORES / seconds - 1)
    return [
        Figure("two_raylets", raylets, "s").faster(one / raylets, said),
        Figure("two_raylets_overhead", lost, "%").plain(
            f"cores times wall time over {seconds:.1f} s of processor time in one process"
        ),
        Figure("unit_handed_over", 1000 * handed, "ms").plain(
            f"{_EMPTY} empty units handed over, done and kept; wall time"
        ),
    ]


def _nothing(task: int) -> bytes:
    return str(task).encode()


def _wall(tasks: list[CaseTask], runner: UnitRunner, out: Path) -> float:
    # What a process of one thread opened stays so; here all cores are to be used.
    limit_threads(_CORES)
    threads = 0 if runner.one_at_a_time else 1
    model = msgspec.structs.replace(tasks[0].model, threads=threads)
    own = [CaseTask(each.case, model) for each in tasks]
    return _seconds(lambda: evaluate_spread(own, Spread(runner, out)))


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun

"""Units as jobs of Slurm, by submitit; on a shared disk, as Slurm's machines have it."""

import os
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from typing import Any, Literal

from core.domain.errors import AppError
from core.inference.child_environment import child_environment, own_imports
from core.jobs.units import Unit, UnitOutcome, do_unit
from core.workspace.settings import home

_FOLDER = "slurm"
_MINUTES = 24 * 60
_MOST_LOSSES = 3
_LOOK_S = 1.0


def require_slurm() -> None:
    """Raise `AppError` where submitit is not installed."""
    if find_spec("submitit") is None:
        raise AppError(
            "--runner slurm: expected submitit, found none. Install it with pip install "
            "'overread[slurm]', or leave the option out: --workers uses this computer."
        )


@dataclass(frozen=True)
class SlurmRunner:
    """Does each unit as a job of its own in `partition`, the default one when empty.

    At most `workers` run at once (1: as many as Slurm lets). `gpus` is what each takes, by default
    a card where its device is one. The `cluster` "local" is this computer, to try it without Slurm.
    """

    partition: str = ""
    workers: int = 1
    gpus: float | None = None
    cluster: Literal["slurm", "local"] = "slurm"
    one_at_a_time: bool = False

    def outcomes(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        """Yield each unit with its outcome; a lost job is given to Slurm three times at most.

        Raises `AppError` when Slurm refuses them. Jobs that are left are cancelled at the end.
        """
        lost: Counter[str] = Counter()
        running = self._submitted(units)
        try:
            while running:
                ended = [job for job in running if job.done()]
                for job in ended:
                    unit = running.pop(job)
                    found = _outcome(job)
                    lost[unit.key] += found is None
                    if found is None and lost[unit.key] < _MOST_LOSSES:
                        running.update(self._submitted([unit]))
                    else:
                        yield unit, found or _given_up(unit, job)
                if not ended:
                    time.sleep(_LOOK_S)
        finally:
            for job in running:
                job.cancel(check=False)

    def _submitted(self, units: Sequence[Unit]) -> dict[Any, Unit]:
        """Return the jobs of units: an array for each size."""
        import submitit

        running: dict[Any, Unit] = {}
        given = child_environment()
        for (cpus, gpus), alike in groupby(sorted(units, key=self._size), self._size):
            executor = submitit.AutoExecutor(home() / _FOLDER, cluster=self.cluster)
            executor.update_parameters(
                name="overread",
                timeout_min=_MINUTES,
                cpus_per_task=cpus,
                gpus_per_node=gpus,
                slurm_setup=[
                    f"export {name}={shlex.quote(given[name])}"
                    for name in ("PYTHONPATH", "PYTHONSAFEPATH")
                ],
                slurm_array_parallelism=self.workers if self.workers > 1 else 256,
                **({"slurm_partition": self.partition} if self.partition else {}),
            )
            group = list(alike)
            try:
                with own_imports():  # for the cluster "local", which runs no setup
                    running.update(zip(executor.map_array(do_unit, group), group, strict=True))
            except (submitit.core.utils.FailedJobError, OSError) as error:
                raise AppError(
                    f"--runner slurm: expected Slurm to take the jobs, found: {error}. Check that "
                    "sbatch works here, and the partition."
                ) from error
        return running

    def _size(self, unit: Unit) -> tuple[int, int]:
        gpus = unit.gpus or 0 if self.gpus is None else self.gpus
        return unit.cpus, int(-(-gpus // 1))  # Slurm deals out whole cards


def _outcome(job: Any) -> UnitOutcome | None:
    """Return what a job found, None when its process or machine was lost."""
    import submitit

    try:
        found: UnitOutcome = job.result()
    except submitit.core.utils.UncompletedJobError:
        return None
    return found


def _given_up(unit: Unit, job: Any) -> UnitOutcome:
    return UnitOutcome(
        failed=f"{unit.name}: expected its job to end well, found it lost {_MOST_LOSSES} times. "
        f"Look at {os.fspath(job.paths.stderr)}."
    )

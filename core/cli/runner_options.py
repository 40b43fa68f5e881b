"""Options of commands that do many units: where they are done, and how many at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.say import say

if TYPE_CHECKING:
    from core.jobs.runners import RunnerPlace

RunnerOption = Annotated[
    Literal["local", "ray", "slurm"],
    typer.Option(
        "--runner", help="local: processes of this computer; ray, slurm: a cluster of that kind."
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", min=1, help="Processes at once; 1 stays in this one.")
]
Address = Annotated[
    str,
    typer.Option(
        "--address",
        help="Of a cluster of Ray, HOST:PORT, or http://HOST:8265 to run the command itself there; "
        "by default one of this computer is started. With slurm: a partition.",
    ),
]
Stage = Annotated[
    bool,
    typer.Option(
        "--stage", help="Send our code and each unit's files along: machines see other folders."
    ),
]
Gpus = Annotated[
    float | None,
    typer.Option("--gpus", min=0, help="Cards a unit takes, as 0.5; by default one if it can."),
]


def place_of(
    runner: Literal["local", "ray", "slurm"],
    workers: int,
    address: str,
    *,
    stage: bool = False,
    gpus: float | None = None,
) -> RunnerPlace:
    """Return where units are done, as the options say it.

    Where the address is that of a cluster's Jobs API, this very command is run there instead: what
    it says is said here, and this one ends as it ends, by `typer.Exit`. Raises `AppError`.
    """
    from core.jobs.ray_job import is_job_address

    if runner == "ray" and is_job_address(address):
        raise typer.Exit(_run_there(address, staged=stage))
    return {"name": runner, "workers": workers, "address": address, "stage": stage, "gpus": gpus}


def _run_there(address: str, *, staged: bool) -> int:
    """Run this command as a job of a cluster; return its exit status."""
    from core.jobs.ray_cluster import require_ray
    from core.jobs.ray_job import run_on_cluster

    require_ray()
    told = [part.replace(address, "auto") for part in sys.argv[1:]]
    return run_on_cluster(address, "main", told, say, staged=staged)

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
    """Return where units are done, as the options say it."""
    return {"name": runner, "workers": workers, "address": address, "stage": stage, "gpus": gpus}


def ran_on_cluster(where: RunnerPlace) -> bool:
    """Run this very command as a job of a cluster where the address is that of its Jobs API.

    Says what it says, and returns True once it is done. Ends as it ends when that is not well;
    raises `AppError`.
    """
    from core.jobs.ray_job import is_job_address, run_on_cluster

    if where["name"] != "ray" or not is_job_address(where["address"]):
        return False
    from core.jobs.ray_cluster import require_ray

    require_ray()
    told = [part.replace(where["address"], "auto") for part in sys.argv[1:]]
    status = run_on_cluster(
        where["address"],
        "main",
        told,
        say,
        staged=where.get("stage", False),
    )
    if status:
        raise typer.Exit(status)
    return True

"""The runner that a name stands for: processes of this computer, Ray, or Slurm."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from core.domain.errors import AppError
from core.jobs.local_runner import LocalRunner
from core.jobs.units import UnitRunner

RunnerName: TypeAlias = Literal["local", "ray", "slurm"]


class RunnerPlace(TypedDict):
    """Where units are done, as the options of the same names say it."""

    name: RunnerName
    workers: int
    address: str
    stage: NotRequired[bool]
    gpus: NotRequired[float | None]


def make_runner(place: RunnerPlace) -> UnitRunner:
    """Return a runner: processes of this computer, Ray at an address, or a partition of Slurm.

    Ray without an address is a cluster of this computer alone, which ends with the command. Raises
    `AppError` where the runner's library is not installed, and for options of another runner.
    """
    workers, address, gpus = place["workers"], place["address"], place.get("gpus")
    staged = place.get("stage", False)
    if staged and (place["name"] != "ray" or not address):
        raise AppError("--stage: expected --runner ray and --address with it. Add them.")
    if place["name"] == "ray":
        from core.jobs.ray_cluster import require_ray
        from core.jobs.ray_runner import RayRunner

        require_ray()
        if "://" in address:
            raise AppError(
                f"Address: expected HOST:PORT of a cluster's head, found {address!r}: units "
                "are handed over here, no command is sent there."
            )
        return RayRunner(address, workers, staged, gpus)
    if place["name"] == "slurm":
        from core.jobs.slurm_runner import SlurmRunner, require_slurm

        require_slurm()
        return SlurmRunner(address, workers, gpus)
    if address or gpus is not None:
        what = f"--address: expected --runner ray with it, found {address!r}."
        raise AppError(f"{what if address else '--gpus: expected --runner ray with it.'} Add that.")
    return LocalRunner(workers, _cards() if workers > 1 else 0)


def _cards() -> int:
    """Return how many graphics cards torch sees."""
    from core.inference.torch_device import torch_devices

    return sum(name.startswith("cuda") for name in torch_devices())

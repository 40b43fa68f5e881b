"""The runner that a name stands for: processes of this computer, or a cluster of Ray."""

from typing import Literal, TypeAlias, TypedDict

from core.domain.errors import AppError
from core.jobs.local_runner import LocalRunner
from core.jobs.units import UnitRunner

RunnerName: TypeAlias = Literal["local", "ray"]


class RunnerPlace(TypedDict):
    """Where units are done, as the options `--runner`, `--workers` and `--address` say it."""

    name: RunnerName
    workers: int
    address: str


def make_runner(place: RunnerPlace) -> UnitRunner:
    """Return a runner: processes of this computer, or Ray at an address.

    Ray without an address is a cluster of this computer alone, which ends with the command. Raises
    `AppError` where Ray is not installed, and for an address without Ray.
    """
    workers, address = place["workers"], place["address"]
    if place["name"] == "ray":
        from core.jobs.ray_runner import RayRunner, require_ray

        require_ray()
        return RayRunner(address, workers)
    if address:
        raise AppError(f"--address: expected --runner ray with it, found {address!r}. Add that.")
    return LocalRunner(workers, _cards() if workers > 1 else 0)


def _cards() -> int:
    """Return how many graphics cards torch sees."""
    from core.inference.torch_device import torch_devices

    return sum(name.startswith("cuda") for name in torch_devices())

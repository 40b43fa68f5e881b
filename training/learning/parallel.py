"""Several processes that train one network together, or the one that usually does."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn import functional
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of a training: `rank` is this one's place among `world`; 0 leads."""

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and decides."""
        return self.rank == 0

    def agree(self, values: Sequence[float]) -> list[float]:
        """Return the leader's values in every process."""
        if self.world == 1:
            return list(values)
        shared = torch.tensor(values, dtype=torch.float64, device=self._device())
        distributed.broadcast(shared, 0)
        return [float(value) for value in shared]

    def wrap(self, network: nn.Module) -> nn.Module:
        """Return the network with gradients averaged over the processes.

        On graphics cards batch norm takes its statistics over all of them; on the CPU, where torch
        has no such layer, each process has its own.
        """
        if self.world == 1:
            return network
        if self._device().type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return DistributedDataParallel(network)

    def gather(self, values: Tensor) -> Tensor:
        """Return the batch of all processes, of which every process takes the same loss.

        A loss pooled over the batch is no mean over parts of it. The gradient of the gathered
        values comes back summed over the processes, and the mean over them makes it whole.
        """
        if self.world == 1:
            return values
        return torch.cat(list(functional.all_gather(values)))  # type: ignore[no-untyped-call]

    def _device(self) -> torch.device:
        cuda = distributed.get_backend() == "nccl"
        return torch.device("cuda", torch.cuda.current_device()) if cuda else torch.device("cpu")


@contextmanager
def joined_group() -> Iterator[ProcessGroup]:
    """Join the processes that `torchrun` started; alone where it started none.

    Within a block that has joined them already it is the same group.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1 and distributed.is_initialized():
        yield ProcessGroup(distributed.get_rank(), world)
        return
    if world == 1:
        yield ProcessGroup()
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield ProcessGroup(distributed.get_rank(), world)
    finally:
        distributed.destroy_process_group()

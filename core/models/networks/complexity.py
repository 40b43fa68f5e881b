"""Size and cost of a network, measured by running it once."""

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain

import msgspec
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

_MEGABYTE = 1e6


class Complexity(msgspec.Struct, frozen=True):
    """Parameters, billions of multiply-adds for one slice, and megabytes to infer a batch."""

    parameters: int
    gmac: float
    batch_megabytes: float


def measure_network(
    network: nn.Module, *, in_channels: int, size: int = 256, batch: int = 8
) -> Complexity:
    """Measure a network by one float32 pass of a single slice of size x size, where it lies.

    Multiply-adds are half the operations that torch's FlopCounterMode counts (convolutions and
    matrix products). Memory is that of parameters and buffers, and `batch` times the most that
    input and activations held at any moment of the pass, counted by the life of each tensor's
    storage; what the kernels of a backend need for themselves is not in it. The network comes
    back as it was.
    """
    kept = list(chain(network.parameters(), network.buffers()))
    example = torch.zeros(1, in_channels, size, size, device=kept[0].device)
    memory = _LiveMemory(kept)
    memory.add(example)
    flops = FlopCounterMode(display=False)
    with _evaluating(network), torch.no_grad(), memory, flops:
        network(example)
    weights = sum(tensor.nbytes for tensor in kept)
    return Complexity(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        gmac=flops.get_total_flops() / 2 / 1e9,
        batch_megabytes=(weights + batch * memory.peak_bytes) / _MEGABYTE,
    )


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


class _LiveMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows the bytes of all storages that operations make, until each is freed."""

    def __init__(self, known: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0
        self.peak_bytes = 0
        self._storages: weakref.WeakSet[torch.UntypedStorage] = weakref.WeakSet(
            tensor.untyped_storage() for tensor in known
        )

    def add(self, tensor: Tensor) -> None:
        """Count the tensor's storage, once, from now until it is freed."""
        storage = tensor.untyped_storage()
        if storage in self._storages:
            return
        self._storages.add(storage)
        self.bytes += storage.nbytes()
        self.peak_bytes = max(self.peak_bytes, self.bytes)
        weakref.finalize(storage, self._free, storage.nbytes())

    def _free(self, size: int) -> None:
        self.bytes -= size

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        outcome = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(outcome):
            if isinstance(leaf, Tensor):
                self.add(leaf)
        return outcome

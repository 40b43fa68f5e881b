"""What an engine is, and what it makes of a model: a network in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.domain.volume import FloatArray
from core.models.any_model import AnyModel

_SAID = 160
"""Letters of what a library says of an error; the rest is its own stack."""


class MemoryShort(Exception):
    """A device has no memory for a batch; fewer slices at once may do."""


class LoadedNetwork(Protocol):
    """A model's network in memory, ready to be computed on one device."""

    @property
    def stride(self) -> int:
        """What height and width of its slices are divisible by."""

    def place(self, device: str) -> str:
        """Go to a device, `auto` the fastest, and return its name; `ModelError` when not there."""

    def batch_size(self, device: str) -> int:
        """Return how many slices at once suit a device."""

    def logits(self, values: FloatArray) -> FloatArray:
        """Return logits of slices (B, C, h, w): (B, K, h, w), or (B, K) of a classifier.

        Raises `MemoryShort`.
        """


Pending: TypeAlias = Callable[[], FloatArray]
"""Waits for logits that are being computed, and returns them."""


@runtime_checkable
class PipelinedNetwork(LoadedNetwork, Protocol):
    """One that computes while its caller does something else."""

    def begin(self, values: FloatArray) -> Pending:
        """Begin with slices (B, C, h, w); what it returns is to be called once, or dropped."""


def begin(network: LoadedNetwork, values: FloatArray) -> Pending:
    """Begin with slices where a network can, else compute them when they are waited for."""
    if isinstance(network, PipelinedNetwork):
        return network.begin(values)
    return lambda: network.logits(values)


def require_numbers(title: str, logits: NDArray[np.float32] | NDArray[np.float64]) -> None:
    """Raise `ModelError` for logits of which one is NaN: a mask would be made of it unseen."""
    if np.isnan(logits.min()):
        raise ModelError(
            f"{title}: expected logits that are numbers, found some that are not (NaN). Choose "
            "another engine or precision; if it is so with each, its weights are damaged: import "
            "them anew."
        )


def not_computed(title: str, shape: tuple[int, ...], error: Exception) -> str:
    """Say that a library cannot compute a model's graph for slices of a shape (C, h, w)."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    why = lines[0][:_SAID].rstrip(".") if lines else type(error).__name__
    return (
        f"{title}: expected a network that runs on slices of {shape[1]}×{shape[2]}, found one "
        f"that does not ({why}). Give it a stride or a size that it takes, or export it anew with "
        "opset_version=17."
    )


@dataclass(frozen=True)
class InferenceEngine:
    """One way to compute networks.

    `precisions` are those it can be asked for beside `auto`. `open` loads a model without members
    for a precision and a number of threads (0: all this process may use), and raises `ModelError`
    when it cannot.
    """

    id: str
    title: str
    precisions: tuple[str, ...]
    open: Callable[[AnyModel, str, int], LoadedNetwork]

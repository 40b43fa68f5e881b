"""Optimiser, learning rate and the moving average of the weights."""

import copy
import functools
import inspect
import math
from dataclasses import dataclass, field
from itertools import chain

import torch
from torch import Tensor, nn

from core.models.train_spec import TrainSpec

_ENCODER = "encoder."
_ASKING = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def make_optimiser(
    network: nn.Module, spec: TrainSpec, *, further: nn.Module | None = None
) -> torch.optim.Optimizer:
    """Return Adam or AdamW; norms and biases are not decayed, the encoder has a rate of its own.

    What is `further` learnt beside the network has the rate of its decoder. Each group remembers
    its own rate as `rate`, of which `set_rate` takes a share.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    beside = further.named_parameters() if further is not None else ()
    for name, parameter in chain(network.named_parameters(), beside):
        if not parameter.requires_grad:
            continue
        rate = spec.learning_rate
        if spec.encoder_learning_rate is not None and name.startswith(_ENCODER):
            rate = spec.encoder_learning_rate
        decay = spec.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    described = [
        {"params": found, "lr": rate, "rate": rate, "weight_decay": decay}
        for (rate, decay), found in groups.items()
    ]
    kind = torch.optim.AdamW if spec.optimiser == "adamw" else torch.optim.Adam
    return _without_compiler(kind)(described, lr=spec.learning_rate)


@functools.cache
def _without_compiler(kind: type[torch.optim.Adam]) -> type[torch.optim.Adam]:
    """Return an optimiser of torch that computes the same and leaves torch's compiler alone.

    Each of these methods loads the compiler only to keep itself out of it: as long again as torch
    itself takes, before the first step. What is left out is that wrapper alone.
    """
    own = {name: inspect.unwrap(getattr(kind, name)) for name in _ASKING}
    own["step"] = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), own)


def rate_share(fraction: float, spec: TrainSpec) -> float:
    """Return the share of the learning rate at a fraction of the budget.

    Linear over the warm-up, then constant or the half cosine down to zero (Loshchilov and Hutter
    2017, without restarts). Never zero at the very start.
    """
    if fraction < spec.warmup:
        return max(fraction / spec.warmup, 0.01)
    if spec.schedule == "constant":
        return 1.0
    done = (fraction - spec.warmup) / (1 - spec.warmup)
    return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def set_rate(optimiser: torch.optim.Optimizer, share: float) -> None:
    """Set every group's learning rate to a share of its own."""
    for group in optimiser.param_groups:
        group["lr"] = group["rate"] * share


@dataclass
class Average:
    """An exponential moving average of weights and of batch-norm statistics.

    Early on the decay is smaller, (1 + n) / (10 + n), so that the start is forgotten. A decay of 0
    follows the network itself. From the share `mean_from` of the budget on it is the plain mean of
    the weights since, of which there were `counted` (Izmailov 2018, "Averaging weights leads to
    wider optima and better generalization"; the statistics are averaged too, not taken anew).
    """

    source: nn.Module
    decay: float
    mean_from: float | None = None
    network: nn.Module = field(init=False)
    counted: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Start from a copy of the network."""
        self.network = copy.deepcopy(self.source).eval().requires_grad_(requires_grad=False)

    @torch.no_grad()
    def update(self, step: int, fraction: float = 0.0) -> None:
        """Move towards the network after its `step`-th step, counted from one.

        `fraction` of the budget was spent before it.
        """
        share = 1 - min(self.decay, (1 + step) / (10 + step)) if self.decay else 1.0
        if self.mean_from is not None and fraction >= self.mean_from:
            self.counted += 1
            share = 1 / self.counted
        means, currents = [], []
        own = self.network.state_dict()
        for name, current in self.source.state_dict().items():
            if current.is_floating_point():
                means.append(own[name])
                currents.append(current)
            else:
                own[name].copy_(current)
        torch._foreach_lerp_(means, currents, share)

    def state(self) -> dict[str, Tensor]:
        """Return the averaged state, the tensors shared."""
        return dict(self.network.state_dict())


def freeze_norms(network: nn.Module) -> None:
    """Keep batch-norm statistics as they are; to be called after every switch to training mode."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()

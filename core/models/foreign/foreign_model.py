"""What a file of another program says of a model, in our words. Imports torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.models.registry import ModelSpec


@dataclass(frozen=True, eq=False)
class ForeignModel:
    """A model as it is to be published: its `spec`, and its weights under our names.

    `said` are sentences on what was taken to mean what.
    """

    spec: ModelSpec
    state: Mapping[str, Tensor]
    said: tuple[str, ...] = ()


def less_background(state: Mapping[str, Tensor], name: str, *, axis: int = 0) -> dict[str, Tensor]:
    """Return weights whose last convolution gives one logit: the second channel less the first.

    A softmax over both is the sigmoid of that. `axis` is that of the channels it gives.
    """
    weight, bias = state[f"{name}.weight"].float(), state.get(f"{name}.bias")
    background, lesion = weight.narrow(axis, 0, 1), weight.narrow(axis, 1, 1)
    made = {**state, f"{name}.weight": lesion - background}
    if bias is not None:
        made[f"{name}.bias"] = (bias[1:2] - bias[:1]).float()
    return made


def with_identity(weight: Tensor) -> Tensor:
    """Return a kernel (K, K, h, w) that adds what comes in to what it gave."""
    made = weight.float().clone()
    middle = weight.shape[-1] // 2
    made[:, :, middle, middle] += torch.eye(len(weight))
    return made

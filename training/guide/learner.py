"""The learner of a guide: it learns from a click and lets the simulated reader go on from there."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.domain.errors import ModelError
from core.inference.torch_device import autocast
from core.models.guides import GuideModel, GuideSpec
from core.models.networks.builder import build_network
from core.models.networks.network import Network
from core.models.networks.weights import load_weights, read_state_dict
from core.models.registry import Model
from training.guide.episodes import GuideBatch
from training.learning.learner import Learner
from training.learning.losses import dice_loss
from training.learning.sampler import Batch

_NEAR = 24.0
"""Pixels from the click within which an error counts most."""


def new_guide(spec: GuideSpec, parent: Model | None, earlier: GuideModel | None = None) -> Network:
    """Return the network of a guide, with the weights of a model of the same kind where given.

    What the parent has no input for, the probability and the clicks, begins without effect. An
    `earlier` guide gives all its weights instead. Raises `ModelError` when one is of another kind.
    """
    network = build_network(spec.network)
    if earlier is not None:
        if earlier.spec.network != spec.network:
            raise ModelError(
                f"{earlier.spec.title}: expected a guide of the architecture {spec.architecture} "
                "with the same arguments and channels, found another. Choose one of this kind."
            )
        load_guide(network, earlier.weights)
        return network
    if parent is None:
        return network
    own, stored = network.state_dict(), read_state_dict(parent.weights)
    state = {n: t.float() if t.is_floating_point() else t for n, t in stored.items()}
    for name, tensor in state.items():
        mine = own.get(name)
        if mine is None or not _lacks_inputs(tensor, mine):
            continue
        widened = torch.zeros_like(mine)
        widened[:, : tensor.shape[1]] = tensor
        state[name] = widened
    if own.keys() != state.keys():
        raise ModelError(
            f"{parent.spec.title}: expected a model of the architecture {spec.architecture} with "
            "the same arguments, found another. Choose one of this kind with --from."
        )
    load_weights(network, state, source=str(parent.weights))
    return network


def _lacks_inputs(tensor: Tensor, mine: Tensor) -> bool:
    """Tell whether a convolution is one of a network with fewer input channels, else the same."""
    if tensor.ndim != 4 or mine.ndim != 4:
        return False
    rest = (tensor.shape[0], *tensor.shape[2:]) == (mine.shape[0], *mine.shape[2:])
    return rest and tensor.shape[1] < mine.shape[1]


def load_guide(network: nn.Module, weights: Path) -> None:
    """Put stored weights into `network`, whatever floats they are stored as."""
    state = read_state_dict(weights)
    floats = {n: t.float() if t.is_floating_point() else t for n, t in state.items()}
    load_weights(network, floats, source=str(weights))


@dataclass
class GuideLearner(Learner):
    """A guide and everything that changes with each step."""

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of a batch of clicks, near the click most; the episodes then go on."""
        assert isinstance(batch, GuideBatch)
        seen = batch.images.to(self.device).contiguous(memory_format=torch.channels_last)
        mixed = autocast(self.device) if self.spec.precision == "auto" else torch.enable_grad()
        with mixed:
            outputs: list[Tensor] = self._every(seen)
        logits, truth = outputs[0].float(), batch.masks.to(self.device)
        answers = torch.sigmoid(logits.detach()).cpu().numpy()
        for look, answer in zip(batch.looks, answers, strict=True):
            look.answered(answer[0])
        near = _nearness(logits.shape[-1]).to(self.device)
        cross = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        return (cross * near).sum() / (near.sum() * len(logits)) + 0.5 * dice_loss(logits, truth)


def _nearness(side: int) -> Tensor:
    """Return how much each pixel (side, side) counts: 1 at the click, a tenth far from it."""
    apart = torch.arange(side, dtype=torch.float32) - side // 2
    squared = apart[:, None] ** 2 + apart[None, :] ** 2
    return 0.1 + 0.9 * torch.exp(-squared / (2 * _NEAR**2))

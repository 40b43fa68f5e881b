"""Further outputs of a network while it learns: logits of a decoder's coarser levels."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.networks.network import SliceNetwork
from training.learning.errors import TrainingError


class AllOutputs(nn.Module):
    """A network's outputs as a list, the finest first: one, or those of several levels.

    `levels` supervises so many blocks of the decoder below the last, each by a convolution that
    is no part of the network and is left behind with the training (Lee 2015, "Deeply-supervised
    nets"). Raises `TrainingError` where there are not as many.
    """

    def __init__(self, network: SliceNetwork, levels: int = 0, logits: int = 1) -> None:
        super().__init__()
        self.network = network
        self._blocks = _blocks(network, levels)
        self.heads = nn.ModuleList(nn.Conv2d(_width(b), logits, 1) for b in self._blocks)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return logits, each (B, K, H, W)."""
        every = getattr(self.network, "forward_all", None)
        if every is not None:
            return list(every(images))
        seen: list[Tensor] = []

        def keep(_module: nn.Module, _given: object, found: Tensor) -> None:
            seen.append(found)

        handles = [block.register_forward_hook(keep) for block in self._blocks]
        try:
            logits = self.network(images)
        finally:
            for handle in handles:
                handle.remove()
        size = list(images.shape[-2:])
        coarser = [
            functional.interpolate(head(level), size=size, mode="bilinear", align_corners=False)
            for head, level in zip(self.heads, seen, strict=True)
        ]
        return [logits, *reversed(coarser)]


def _blocks(network: nn.Module, levels: int) -> tuple[nn.Module, ...]:
    """Return the blocks of the decoder that are supervised, coarsest first, as they are run."""
    if not levels:
        return ()
    decoder = getattr(network, "decoder", None)
    blocks = list(getattr(decoder, "blocks", ()))
    if len(blocks) <= levels or hasattr(network, "forward_all"):
        raise TrainingError(
            f"deep: expected a decoder of more than {levels} blocks one after the other, as smp's "
            f"Unet has, found {len(blocks)}. Supervise fewer levels, or choose another network."
        )
    return tuple(blocks[-1 - levels : -1])


def _width(block: nn.Module) -> int:
    """Return the channels that a block gives: those of the last layer that has some."""
    widths = [m.out_channels for m in block.modules() if isinstance(m, nn.Conv2d)]
    if not widths:
        raise TrainingError(
            f"deep: expected blocks that end with a convolution, found {type(block).__name__}. "
            "Choose another network."
        )
    return widths[-1]


def level_weights(count: int) -> Tensor:
    """Return the weights (N,) of so many levels, finest first, each half the one before it."""
    halved = 0.5 ** torch.arange(count, dtype=torch.float32)
    return halved / halved.sum()

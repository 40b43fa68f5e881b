"""Attention U-Net (Oktay et al. 2018): additive attention gates on the skips of a U-Net."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.networks.blocks import initialise
from core.models.networks.catalog import UNetArguments
from core.models.networks.unet import UNet


class AttentionGate(nn.Module):
    """Weighs a skip by coefficients in 0 to 1 from the skip and the coarser decoder level.

    Equation 1 of the paper, on the grid of the gating signal. The skip is averaged onto that
    grid before its projection, which for a 1x1 convolution is the same as after, and cheaper.
    """

    def __init__(self, skip_channels: int, gating_channels: int) -> None:
        super().__init__()
        between = max(skip_channels // 2, 1)
        self.project_skip = nn.Conv2d(skip_channels, between, 1, bias=False)
        self.project_gating = nn.Conv2d(gating_channels, between, 1)
        self.psi = nn.Conv2d(between, 1, 1)

    def forward(self, skip: Tensor, gating: Tensor) -> Tensor:
        """Return the skip (B, C, 2H, 2W) weighed, by itself and the gating (B, C', H, W)."""
        projected = self.project_skip(functional.avg_pool2d(skip, 2))
        added = functional.relu(projected + self.project_gating(gating))
        coefficients = torch.sigmoid(self.psi(added))
        resampled = functional.interpolate(
            coefficients, size=skip.shape[-2:], mode="bilinear", align_corners=False
        )
        return skip * resampled


class AttentionUNet(UNet):
    """The U-Net with an attention gate on each of its four skips."""

    def __init__(self, in_channels: int, arguments: UNetArguments, outputs: int = 1) -> None:
        super().__init__(in_channels, arguments, outputs)
        widths = [arguments.init_features * 2**level for level in range(5)]
        gates = (AttentionGate(*pair) for pair in pairwise(widths))
        self.gates = nn.ModuleList(gates)
        initialise(self.gates)

    def skip(self, level: int, features: Tensor, gating: Tensor) -> Tensor:
        """Weigh the encoder's features of a level by its gate."""
        weighed: Tensor = self.gates[level - 1](features, gating)
        return weighed

"""Dense U-Net with squeeze-and-excitation (Hu et al. 2018) after each dense block."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.networks.blocks import initialise
from core.models.networks.catalog import SEDenseUNetArguments
from core.models.networks.denseunet import DenseUNet


class SqueezeExcitation(nn.Module):
    """Weighs each channel by a coefficient in 0 to 1 from the means of all channels."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        between = max(channels // reduction, 1)
        self.squeeze = nn.Linear(channels, between)
        self.excite = nn.Linear(between, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return the features weighed, of the shape given (B, C, H, W)."""
        squeezed = functional.relu(self.squeeze(features.mean(dim=(2, 3))))
        coefficients = torch.sigmoid(self.excite(squeezed))
        return features * coefficients[:, :, None, None]


class SEDenseUNet(DenseUNet):
    """The dense U-Net whose blocks pass on, to the next block and to the skip, weighed channels."""

    def __init__(self, in_channels: int, arguments: SEDenseUNetArguments, outputs: int = 1) -> None:
        super().__init__(in_channels, arguments, outputs)
        blocks = self.skip_channels[1:]
        gates = (SqueezeExcitation(channels, arguments.reduction) for channels in blocks)
        self.excitations = nn.ModuleList(gates)
        initialise(self.excitations)

    def recalibrate(self, number: int, features: Tensor) -> Tensor:
        """Weigh each channel of a dense block's features."""
        weighed: Tensor = self.excitations[number - 1](features)
        return weighed

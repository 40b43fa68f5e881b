"""Blocks that several architectures share."""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional


def double_conv(in_channels: int, out_channels: int, *, name: str = "") -> nn.Sequential:
    """Make two 3x3 convolutions with batch normalisation and ReLU; `name` prefixes the layers."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, channels in enumerate((in_channels, out_channels), start=1):
        conv = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
        layers[f"{name}conv{number}"] = conv
        layers[f"{name}norm{number}"] = nn.BatchNorm2d(out_channels)
        layers[f"{name}relu{number}"] = nn.ReLU(inplace=True)
    return nn.Sequential(layers)


def upsampling(in_channels: int, out_channels: int) -> nn.ConvTranspose2d:
    """Make the U-Net's learned 2x2 upsampling, a transposed convolution."""
    return nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)


class UpBlock(nn.Module):
    """Twice the height and width (nearest), joined by a skip where there is one, then two convs."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int) -> None:
        super().__init__()
        self.convs = double_conv(in_channels + skip_channels, out_channels)

    def forward(self, coarse: Tensor, skip: Tensor | None = None) -> Tensor:
        """Return (B, out_channels, 2H, 2W) from coarse features (B, in_channels, H, W)."""
        upsampled = functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        joined = upsampled if skip is None else torch.cat((upsampled, skip), dim=1)
        features: Tensor = self.convs(joined)
        return features


class Decoder(nn.Module):
    """U-Net decoder: from the coarsest of an encoder's features to logits at full resolution.

    `skip_channels` are those of the encoder's features from stride 2 down, the coarsest last;
    `widths` the channels of each step up, one more step than there are skips; `outputs` the logits.
    """

    def __init__(self, skip_channels: list[int], widths: list[int], outputs: int = 1) -> None:
        super().__init__()
        *skips, coarsest = skip_channels
        inputs = [coarsest, *widths[:-1]]
        rows = zip(inputs, [*reversed(skips), 0], widths, strict=True)
        self.ups = nn.ModuleList(UpBlock(*row) for row in rows)
        self.head = nn.Conv2d(widths[-1], outputs, 1)
        initialise(self)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return logits (B, K, H, W) from features at stride 2, 4, ... of an (H, W) input."""
        *skips, current = features
        for up, skip in zip(self.ups, [*reversed(skips), None], strict=True):
            current = up(current, skip)
        logits: Tensor = self.head(current)
        return logits


def initialise(network: nn.Module) -> None:
    """Draw weights for ReLU (He et al. 2015), zero the biases, leave batch normalisation alone."""
    for module in network.modules():
        if isinstance(module, nn.ConvTranspose2d):
            # Its 2x2 patches do not overlap, so an output sums over the input channels alone.
            nn.init.normal_(module.weight, std=module.in_channels**-0.5)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.bias is not None:
            nn.init.zeros_(module.bias)

"""The U-Net of MONAI on slices (Kerfoot et al. 2018), with residual units or without.

Weights have MONAI's names without their `model.`, but for the last convolution, which is `head`
and holds the identity that leads around it there.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from core.models.networks.blocks import initialise
from core.models.networks.catalog import MonaiUNetArguments
from core.models.networks.network import Network


class MonaiUNet(Network):
    """From slices (B, C, H, W) to logits (B, K, H, W)."""

    def __init__(
        self, in_channels: int, arguments: MonaiUNetArguments, *, outputs: int = 1
    ) -> None:
        super().__init__()
        channels, strides = arguments.features, arguments.strides
        if len(strides) != len(channels) - 1:
            raise ValueError(f"expected {len(channels) - 1} strides, found {len(strides)}")
        self.stride = prod(strides)
        inside = _inside(arguments, channels, strides)
        self.add_module("0", _down((in_channels, channels[0]), strides[0], arguments))
        self.add_module("1", _Skip(inside))
        wide = channels[0] + (channels[1] if len(channels) == 2 else channels[0])
        if not arguments.units:
            kernel, stride = arguments.up_kernel, strides[0]
            self.head: nn.Module = _transposed((wide, outputs), stride, kernel, arguments)
            self.up: nn.Module = nn.Identity()
        else:
            last = arguments.head_channels
            self.up = _Unit((wide, last), arguments, stride=strides[0], transposed=True)
            self.head = _plain((last, outputs), 1, arguments)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of slices (B, C, H, W)."""
        joined = self.get_submodule("1")(self.get_submodule("0")(x))
        logits: Tensor = self.head(self.up(joined))
        return logits


def _inside(
    arguments: MonaiUNetArguments, channels: Sequence[int], strides: Sequence[int]
) -> nn.Module:
    """Return what lies below a level, down and up again."""
    first, below = channels[0], channels[1]
    if len(channels) == 2:
        return _down((first, below), 1, arguments)
    inner = _inside(arguments, channels[1:], strides[1:])
    wide = below + (channels[2] if len(channels) == 3 else below)
    up: nn.Module = _Unit((wide, first), arguments, stride=strides[1], transposed=True)
    if arguments.units:
        up = nn.Sequential(up, _Residual((first, first), 1, 1, arguments))
    return nn.Sequential(_down((first, below), strides[1], arguments), _Skip(inner), up)


def _down(channels: tuple[int, int], stride: int, arguments: MonaiUNetArguments) -> nn.Module:
    if arguments.units:
        return _Residual(channels, stride, arguments.units, arguments)
    return _Unit(channels, arguments, stride=stride)


class _Skip(nn.Module):
    """What comes in, and behind it what `submodule` makes of it."""

    def __init__(self, submodule: nn.Module) -> None:
        super().__init__()
        self.submodule = submodule

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.submodule(x)), dim=1)


class _Unit(nn.Module):
    """A convolution, normalised, then activated."""

    def __init__(
        self,
        channels: tuple[int, int],
        arguments: MonaiUNetArguments,
        *,
        stride: int = 1,
        transposed: bool = False,
    ) -> None:
        super().__init__()
        self.conv: nn.Module = (
            _transposed(channels, stride, arguments.up_kernel, arguments)
            if transposed
            else _plain(channels, stride, arguments)
        )
        self.adn = nn.Sequential()
        if arguments.norm != "none":
            self.adn.add_module("N", _norm(channels[1], arguments))
        self.adn.add_module("A", _activation(arguments))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.adn(self.conv(x))
        return made


class _Residual(nn.Module):
    """Units one after the other, and a way around them."""

    def __init__(
        self, channels: tuple[int, int], stride: int, units: int, arguments: MonaiUNetArguments
    ) -> None:
        super().__init__()
        self.conv = nn.Sequential()
        self.conv.add_module("unit0", _Unit(channels, arguments, stride=stride))
        for unit in range(1, units):
            self.conv.add_module(f"unit{unit}", _Unit((channels[1],) * 2, arguments))
        self.residual: nn.Module = nn.Identity()
        if stride != 1:
            self.residual = _plain(channels, stride, arguments)
        elif channels[0] != channels[1]:
            self.residual = nn.Conv2d(*channels, 1, bias=arguments.bias)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.conv(x) + self.residual(x)
        return made


def _plain(channels: tuple[int, int], stride: int, arguments: MonaiUNetArguments) -> nn.Conv2d:
    kernel = arguments.kernel
    return nn.Conv2d(*channels, kernel, stride, (kernel - 1) // 2, bias=arguments.bias)


def _transposed(
    channels: tuple[int, int], stride: int, kernel: int, arguments: MonaiUNetArguments
) -> nn.ConvTranspose2d:
    padding = (kernel - 1) // 2
    return nn.ConvTranspose2d(
        *channels, kernel, stride, padding, output_padding=stride - 1, bias=arguments.bias
    )


def _norm(channels: int, arguments: MonaiUNetArguments) -> nn.Module:
    if arguments.norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=arguments.norm == "instance-affine")


def _activation(arguments: MonaiUNetArguments) -> nn.Module:
    if arguments.activation == "prelu":
        return nn.PReLU()
    return nn.ReLU() if arguments.activation == "relu" else nn.LeakyReLU(arguments.slope)

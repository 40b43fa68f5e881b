"""The 2-D networks of nnU-Net: its plain U-Net, and the one with a residual encoder.

Isensee et al. 2021 and 2024. Weights have the names of `dynamic_network_architectures`, but for the
last layer, which is `head`, and for those that stand there twice.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import lcm, prod
from typing import TypeAlias

import torch
from torch import Tensor, nn

from core.models.networks.blocks import initialise
from core.models.networks.catalog import NnUNetArguments
from core.models.networks.network import Network

_SLOPE, _EPSILON = 1e-2, 1e-5

PlaneSize: TypeAlias = tuple[int, int]


class NnUNet(Network):
    """From slices (B, C, H, W) to logits (B, K, H, W), down by strided convolutions."""

    def __init__(self, in_channels: int, arguments: NnUNetArguments, *, outputs: int = 1) -> None:
        super().__init__()
        stages = len(arguments.features)
        kernels, strides = _sides(arguments.kernels, stages), _sides(arguments.strides, stages)
        self.stride = lcm(prod(s[0] for s in strides), prod(s[1] for s in strides))
        make = _ResidualEncoder if arguments.residual else _PlainEncoder
        self.encoder = make(in_channels, arguments, kernels, strides)
        self.decoder = _Decoder(arguments, kernels, strides)
        self.head = nn.Conv2d(arguments.features[0], outputs, 1)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of slices (B, C, H, W)."""
        logits: Tensor = self.head(self.decoder(self.encoder(x)))
        return logits


def _sides(values: Sequence[int], stages: int) -> tuple[PlaneSize, ...]:
    """Return (y, x) of each stage; one number a stage counts for both."""
    if len(values) == stages:
        return tuple((value, value) for value in values)
    if len(values) != 2 * stages:
        raise ValueError(f"expected {stages} or {2 * stages} kernels and strides, {len(values)}")
    return tuple(zip(values[::2], values[1::2], strict=True))


def _blocks(values: Sequence[int], stages: int) -> Sequence[int]:
    if len(values) not in (1, stages):
        raise ValueError(f"expected {stages} numbers of convolutions, one a stage, {len(values)}")
    return values if len(values) == stages else [*values] * stages


class _ConvNorm(nn.Module):
    """A convolution, its normalisation and, where `active`, its activation."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: PlaneSize,
        arguments: NnUNetArguments,
        *,
        stride: PlaneSize = (1, 1),
        active: bool = True,
        bias: bool | None = None,
    ) -> None:
        super().__init__()
        padding = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2)
        has_bias = arguments.bias if bias is None else bias
        self.conv = nn.Conv2d(*channels, kernel, stride, padding, bias=has_bias)
        norms = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}
        self.norm = norms[arguments.norm](channels[1], eps=_EPSILON, affine=True)
        self.nonlin = _activation(arguments) if active else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.nonlin(self.norm(self.conv(x)))
        return made


def _activation(arguments: NnUNetArguments) -> nn.Module:
    return nn.LeakyReLU(_SLOPE) if arguments.activation == "leaky-relu" else nn.ReLU()


class _Stacked(nn.Module):
    """Convolutions one after the other, the first of which strides."""

    def __init__(
        self,
        count: int,
        channels: tuple[int, int],
        kernel: PlaneSize,
        arguments: NnUNetArguments,
        *,
        stride: PlaneSize = (1, 1),
    ) -> None:
        super().__init__()
        first = _ConvNorm(channels, kernel, arguments, stride=stride)
        same = (channels[1], channels[1])
        further = (_ConvNorm(same, kernel, arguments) for _ in range(count - 1))
        self.convs = nn.Sequential(first, *further)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.convs(x)
        return made


class _Residual(nn.Module):
    """Two convolutions around which a skip leads: averaged where it strides, as ResNet-D's."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: PlaneSize,
        arguments: NnUNetArguments,
        *,
        stride: PlaneSize,
    ) -> None:
        super().__init__()
        self.conv1 = _ConvNorm(channels, kernel, arguments, stride=stride)
        self.conv2 = _ConvNorm((channels[1],) * 2, kernel, arguments, active=False)
        skip: list[nn.Module] = [] if stride == (1, 1) else [nn.AvgPool2d(stride, stride)]
        if channels[0] != channels[1]:
            skip.append(_ConvNorm(channels, (1, 1), arguments, active=False, bias=False))
        self.skip = nn.Sequential(*skip)
        self.nonlin = _activation(arguments)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.nonlin(self.conv2(self.conv1(x)) + self.skip(x))
        return made


class _ResidualStage(nn.Module):
    def __init__(
        self,
        count: int,
        channels: tuple[int, int],
        kernel: PlaneSize,
        arguments: NnUNetArguments,
        *,
        stride: PlaneSize,
    ) -> None:
        super().__init__()
        first = _Residual(channels, kernel, arguments, stride=stride)
        same = (channels[1], channels[1])
        further = (_Residual(same, kernel, arguments, stride=(1, 1)) for _ in range(count - 1))
        self.blocks = nn.Sequential(first, *further)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.blocks(x)
        return made


class _PlainEncoder(nn.Module):
    def __init__(
        self,
        in_channels: int,
        arguments: NnUNetArguments,
        kernels: Sequence[PlaneSize],
        strides: Sequence[PlaneSize],
    ) -> None:
        super().__init__()
        widths = (in_channels, *arguments.features)
        counts = _blocks(arguments.blocks, len(kernels))
        rows = zip(counts, pairwise(widths), kernels, strides, strict=True)
        self.stages = nn.Sequential(
            *(nn.Sequential(_Stacked(n, c, k, arguments, stride=s)) for n, c, k, s in rows)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        return _passed(self.stages, x)


class _ResidualEncoder(nn.Module):
    def __init__(
        self,
        in_channels: int,
        arguments: NnUNetArguments,
        kernels: Sequence[PlaneSize],
        strides: Sequence[PlaneSize],
    ) -> None:
        super().__init__()
        first = arguments.features[0]
        self.stem = _Stacked(1, (in_channels, first), kernels[0], arguments)
        counts = _blocks(arguments.blocks, len(kernels))
        rows = zip(counts, pairwise((first, *arguments.features)), kernels, strides, strict=True)
        self.stages = nn.Sequential(
            *(_ResidualStage(n, c, k, arguments, stride=s) for n, c, k, s in rows)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        return _passed(self.stages, self.stem(x))


def _passed(stages: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Return what each stage gives, the finest first."""
    found = []
    for stage in stages:
        x = stage(x)
        found.append(x)
    return found


class _Decoder(nn.Module):
    """Up by transposed convolutions, joined by what the encoder had at that size."""

    def __init__(
        self, arguments: NnUNetArguments, kernels: Sequence[PlaneSize], strides: Sequence[PlaneSize]
    ) -> None:
        super().__init__()
        widths = arguments.features[::-1]
        counts = _blocks(arguments.decoder_blocks, len(widths) - 1)
        self.transpconvs = nn.ModuleList(
            nn.ConvTranspose2d(below, skip, stride, stride, bias=arguments.bias)
            for (below, skip), stride in zip(pairwise(widths), strides[:0:-1], strict=True)
        )
        self.stages = nn.ModuleList(
            _Stacked(count, (2 * skip, skip), kernel, arguments)
            for count, skip, kernel in zip(counts, widths[1:], kernels[-2::-1], strict=True)
        )

    def forward(self, found: list[Tensor]) -> Tensor:
        *skips, x = found
        for up, stage, skip in zip(self.transpconvs, self.stages, skips[::-1], strict=True):
            x = stage(torch.cat((up(x), skip), dim=1))
        return x

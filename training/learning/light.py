"""Slices lit otherwise: a bias field, a dim plane, a lesion that is hardly brighter than brain."""

import torch
from torch import Generator, Tensor
from torch.nn import functional

from core.models.refinements import Light

_POINTS = 4
_HALF = 0.5
_HEAD = 0.1
"""Share of a channel's extent above which a pixel belongs to the head."""


def light(grouped: Tensor, spec: Light, generator: Generator) -> None:
    """Light images (B, N, C, H, W) otherwise, in place: N planes of C channels for each slice.

    All of it is about the darkest value of a channel, which stays; see `Light`.
    """
    darkest = grouped.amin(dim=(1, 3, 4), keepdim=True)
    grouped -= darkest
    if spec.contrast:
        _flatten(grouped, spec.contrast, generator)
    batch, planes, channels = grouped.shape[:3]
    if spec.channel:
        grouped *= _gains((batch, 1, channels, 1, 1), spec.channel, generator)
    if spec.plane:
        grouped *= _gains((batch, planes, 1, 1, 1), spec.plane, generator)
    if spec.field:
        points = _gains((batch, 1, _POINTS, _POINTS), spec.field, generator, log=True)
        size = list(grouped.shape[-2:])
        field = functional.interpolate(points, size=size, mode="bicubic", align_corners=True)
        grouped *= field.exp_().unsqueeze(1)
    grouped += darkest


def _flatten(grouped: Tensor, amount: float, generator: Generator) -> None:
    """Take away contrast to the mean over the head, of images whose darkest value is 0."""
    batch, _, channels = grouped.shape[:3]
    kept = 1 - amount * _uniform(batch * channels, generator).view(batch, 1, channels, 1, 1)
    chosen = (_uniform(batch, generator) < _HALF).view(-1, 1, 1, 1, 1)
    head = grouped > _HEAD * grouped.amax(dim=(1, 3, 4), keepdim=True)
    count = head.sum(dim=(1, 3, 4), keepdim=True).clamp_min(1)
    mean = (grouped * head).sum(dim=(1, 3, 4), keepdim=True) / count
    grouped.copy_(torch.where(head & chosen, torch.lerp(mean, grouped, kept), grouped))


def _gains(
    shape: tuple[int, ...], deviation: float, generator: Generator, *, log: bool = False
) -> Tensor:
    """Return gains of that shape, or their logarithms, about 1, exactly that in half of a batch."""
    drawn = torch.randn(shape, generator=generator, device=generator.device) * deviation
    drawn *= (_uniform(shape[0], generator) < _HALF).view(-1, *(1 for _ in shape[1:]))
    return drawn if log else drawn.exp_()


def _uniform(count: int, generator: Generator) -> Tensor:
    return torch.rand(count, generator=generator, device=generator.device)

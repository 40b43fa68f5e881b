"""Augmentation of a batch in one go, in torch, on the device the batch is on."""

import math
from dataclasses import dataclass

import msgspec
import torch
from torch import Generator, Tensor
from torch.nn import functional

from core.models.refinements import NO_LIGHT
from core.models.train_spec import Augmentation
from training.learning.lesion_mix import carve
from training.learning.light import light

_CONTROL_POINTS = 8
_COARSE_POINTS = 64
_HALF = 0.5


@dataclass(frozen=True)
class Planes:
    """What the planes of a batch are: `channels` of one slice, repeated for each neighbour.

    `substitute` is the channel that stands in for a missing one. Masks that hold `labels` are moved
    by nearest neighbour: between two values there is no third.
    """

    channels: int
    substitute: int
    labels: bool = False


def augment(
    images: Tensor, masks: Tensor, spec: Augmentation, *, planes: Planes, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Return images (B, P, H, W) and masks (B, 1, H, W) varied together, each slice by itself.

    The neighbours of a slice get its geometry and, channel by channel, its gain and offset. Masks
    stay {0, 1}, and label maps hold the values they held; what lies beside a mask (B, 1 + …, H, W)
    goes its way as it is. `generator` is on the device of the batch and is all the randomness there
    is.
    """
    if _moves(spec):
        images, masks = _move(images, masks, spec, generator, nearest=planes.labels)
    else:
        images = images.clone()
    if spec.carve:
        images, masks = carve(images, masks, spec.carve, generator)
    batch, _, height, width = images.shape
    grouped = images.view(batch, -1, planes.channels, height, width)
    _lose_channels(grouped, spec, planes.substitute, generator)
    _bend(grouped, spec, generator)
    _amplify(grouped, spec, generator)
    if spec.lit != NO_LIGHT:
        light(grouped, spec.lit, generator)
    _disturb(images, spec, generator)
    return images, masks


def _moves(spec: Augmentation) -> bool:
    return any((spec.flip, spec.rotation, spec.scale, spec.shift, spec.elastic))


def augment_alike(
    images: Tensor,
    masks: Tensor,
    lying: Tensor,
    spec: Augmentation,
    *,
    planes: Planes,
    generator: Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `augment` does, and what lies on the images (B, N, H, W) moved as they were.

    It is moved by the same draws again, and changed in nothing else.
    """
    still = msgspec.structs.replace(spec, gain=0, offset=0, gamma=0, noise=0, missing=0)
    before = generator.get_state()
    varied, truth = augment(images, masks, spec, planes=planes, generator=generator)
    after = generator.get_state()
    generator.set_state(before)
    kinds = Planes(lying.shape[1], 0)
    moved, _ = augment(lying, masks, still, planes=kinds, generator=generator)
    generator.set_state(after)
    return varied, truth, moved


def _move(
    images: Tensor, masks: Tensor, spec: Augmentation, generator: Generator, *, nearest: bool
) -> tuple[Tensor, Tensor]:
    """Resample by a random affine map and displacement; what comes from outside is background."""
    grid = functional.affine_grid(
        _affine(len(images), spec, generator), list(images.shape), align_corners=False
    )
    if spec.elastic:
        grid = grid + _displacement(images, spec.elastic, generator)
    # Zero padding is background once each plane's darkest value is taken off.
    darkest = images.amin(dim=(2, 3), keepdim=True)
    if nearest:
        moved = functional.grid_sample(images - darkest, grid, align_corners=False) + darkest
        values = masks.to(images.dtype)
        maps = functional.grid_sample(values, grid, mode="nearest", align_corners=False)
        return moved, maps.to(masks.dtype)
    joined = torch.cat((images - darkest, masks.to(images.dtype)), dim=1)
    moved = functional.grid_sample(joined, grid, padding_mode="zeros", align_corners=False)
    seen, found = moved[:, : images.shape[1]], moved[:, images.shape[1] :]
    found = torch.cat(((found[:, :1] > _HALF).to(masks.dtype), found[:, 1:]), dim=1)
    return seen + darkest, found


def _affine(batch: int, spec: Augmentation, generator: Generator) -> Tensor:
    """Return (B, 2, 3): where each output voxel is taken from, in -1 to 1."""

    def draw(amount: float) -> Tensor:
        return (_uniform(batch, generator) * 2 - 1) * amount

    angle = draw(math.radians(spec.rotation))
    size = 1 / (1 + draw(spec.scale))
    side = torch.where(_uniform(batch, generator) < spec.flip, -1.0, 1.0)
    cosine, sine = torch.cos(angle) * size, torch.sin(angle) * size
    # A shift is a share of the side, which is 2 long here.
    along_x, along_y = draw(2 * spec.shift), draw(2 * spec.shift)
    rows = (cosine * side, -sine, along_x, sine * side, cosine, along_y)
    return torch.stack(rows, dim=1).view(batch, 2, 3)


def _displacement(images: Tensor, deviation: float, generator: Generator) -> Tensor:
    """Return (B, H, W, 2): smooth displacements, zero for half of the slices (Simard 2003)."""
    batch, device = len(images), images.device
    shape = (batch, 2, _CONTROL_POINTS, _CONTROL_POINTS)
    points = torch.randn(shape, generator=generator, device=device) * (2 * deviation)
    points *= (_uniform(batch, generator) < _HALF).view(-1, 1, 1, 1)
    # Cubic on a coarse grid and linear from there looks the same and takes a quarter of the time.
    coarse = functional.interpolate(points, size=_COARSE_POINTS, mode="bicubic", align_corners=True)
    size = list(images.shape[-2:])
    field = functional.interpolate(coarse, size=size, mode="bilinear", align_corners=True)
    return field.permute(0, 2, 3, 1)


def _lose_channels(
    grouped: Tensor, spec: Augmentation, substitute: int, generator: Generator
) -> None:
    for channel in range(grouped.shape[2]):
        lost = _uniform(len(grouped), generator) < spec.missing
        if channel != substitute:
            grouped[lost, :, channel] = grouped[lost, :, substitute]


def _bend(grouped: Tensor, spec: Augmentation, generator: Generator) -> None:
    """Apply a gamma to half of the slices, between each channel's darkest and brightest value."""
    draws = _uniform(2 * len(grouped), generator).view(2, -1)
    chosen = torch.nonzero(draws[0] < _HALF).flatten()
    if not spec.gamma or not len(chosen):
        return
    values = grouped[chosen]
    low, high = values.amin(dim=(1, 3, 4), keepdim=True), values.amax(dim=(1, 3, 4), keepdim=True)
    extent = (high - low).clamp_min(1e-6)
    exponent = torch.exp((draws[1, chosen] * 2 - 1) * spec.gamma).view(-1, 1, 1, 1, 1)
    share = values.sub_(low).div_(extent).clamp_min_(1e-6)
    # exp(e·log x) is several times as fast as a power on the CPU.
    grouped[chosen] = share.log_().mul_(exponent).exp_().mul_(extent).add_(low)


def _amplify(grouped: Tensor, spec: Augmentation, generator: Generator) -> None:
    batch, _, channels = grouped.shape[:3]
    draws = _uniform(2 * batch * channels, generator).view(2, batch, 1, channels, 1, 1) * 2 - 1
    grouped.mul_(1 + draws[0] * spec.gain).add_(draws[1] * spec.offset)


def _disturb(images: Tensor, spec: Augmentation, generator: Generator) -> None:
    if not spec.noise:
        return
    amount = _uniform(len(images), generator).view(-1, 1, 1, 1) * spec.noise
    noise = torch.empty_like(images).normal_(generator=generator)
    images.addcmul_(noise, amount)


def _uniform(count: int, generator: Generator) -> Tensor:
    return torch.rand(count, generator=generator, device=generator.device)

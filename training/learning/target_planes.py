"""What logits are to be: a mask, softened at its border, with what a teacher says of it."""

import torch
from torch import Tensor
from torch.nn import functional

from core.models.refinements import Refinements

_HALF = 0.5


def joined_targets(masks: Tensor, refined: Refinements, *, several: bool) -> Tensor:
    """Return targets of float (B, K, H, W) of masks or one-hot labels, as the refinements say.

    A binary mask may have a second plane, the probability that teachers give (Hinton 2015,
    "Distilling the knowledge in a neural network", at a temperature of one).
    """
    if several or masks.shape[1] == 1:
        return softened(masks, refined.soft)
    drawn, taught = masks[:, :1], masks[:, 1:]
    return torch.lerp(softened(drawn, refined.soft), taught, refined.teacher_weight)


def softened(masks: Tensor, share: float) -> Tensor:
    """Return masks (B, K, H, W) with that share of their mean over 3 × 3 pixels in them.

    Nothing changes farther than a pixel from a border.
    """
    if not share:
        return masks
    mean = functional.avg_pool2d(masks, 3, stride=1, padding=1, count_include_pad=False)
    return torch.lerp(masks, mean, share)


def smaller(
    images: Tensor, masks: Tensor, size: int, stride: int, *, labels: bool
) -> tuple[Tensor, Tensor]:
    """Return images (B, P, H, W) and masks (B, 1 + …, H, W) with about `size` as the longer side.

    Sides stay divisible by `stride`; what is not larger stays as it is. Label maps keep their
    values, masks stay {0, 1}.
    """
    longer = max(images.shape[-2:])
    if longer <= size:
        return images, masks
    height, width = (
        max(stride, round(side * size / longer / stride) * stride) for side in images.shape[-2:]
    )
    less = functional.interpolate(images, (height, width), mode="bilinear", antialias=True)
    if labels:
        return less, functional.interpolate(masks, (height, width), mode="nearest-exact")
    found = functional.interpolate(masks, (height, width), mode="bilinear", antialias=True)
    return less, torch.cat(((found[:, :1] > _HALF).float(), found[:, 1:]), dim=1)

"""Losses on logits (B, 1, H, W) against targets of the same shape, pooled over the whole batch.

Pooled, because most slices hold no lesion: the Dice of an empty slice says nothing about its
voxels. All are computed in float32, whatever precision the logits have.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from core.models.train_spec import LossName

Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits and target, (B, 1, H, W), to a scalar."""

SMOOTH = 1.0


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return 1 - (2·Σpt + 1) / (Σp + Σt + 1), p the sigmoid of the logits.

    Milletari, Navab, Ahmadi 2016 (V-Net), with the sums unsquared and the smoothing of the public
    reference implementation of Buda et al. 2019.
    """
    probability, truth = torch.sigmoid(logits.float()), target.float()
    common = (probability * truth).sum()
    return 1 - (2 * common + SMOOTH) / (probability.sum() + truth.sum() + SMOOTH)


def soft_iou_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return 1 - (Σpt + 1) / (Σp + Σt - Σpt + 1).

    Rahman and Wang 2016, "Optimizing Intersection-Over-Union in Deep Neural Networks".
    """
    probability, truth = torch.sigmoid(logits.float()), target.float()
    common = (probability * truth).sum()
    union = probability.sum() + truth.sum() - common
    return 1 - (common + SMOOTH) / (union + SMOOTH)


def bce_dice_loss(logits: Tensor, target: Tensor, *, weight: float = 0.5) -> Tensor:
    """Return weight·BCE + (1 - weight)·Dice loss.

    BCE is the mean over voxels of -t·log p - (1 - t)·log(1 - p). The "calc loss" of the articles
    that compared U-Net variants on these data.
    """
    cross = functional.binary_cross_entropy_with_logits(logits.float(), target.float())
    return weight * cross + (1 - weight) * dice_loss(logits, target)


def focal_tversky_loss(
    logits: Tensor, target: Tensor, *, alpha: float = 0.7, gamma: float = 4 / 3
) -> Tensor:
    """Return (1 - TI)^(1/gamma), TI = (TP + 1) / (TP + alpha·FN + (1 - alpha)·FP + 1).

    TP = Σpt, FN = Σ(1 - p)t, FP = Σp(1 - t). Abraham and Khan 2019, "A Novel Focal Tversky Loss
    Function with Improved Attention U-Net for Lesion Segmentation"; the index is Salehi's (2017).
    """
    probability, truth = torch.sigmoid(logits.float()), target.float()
    found = (probability * truth).sum()
    missed, invented = truth.sum() - found, probability.sum() - found
    index = (found + SMOOTH) / (found + alpha * missed + (1 - alpha) * invented + SMOOTH)
    # The root has no finite slope at zero, which a perfect batch would reach.
    return (1 - index).clamp_min(1e-6) ** (1 / gamma)


LOSSES: dict[LossName, Loss] = {
    "bce-dice": bce_dice_loss,
    "dice": dice_loss,
    "soft-iou": soft_iou_loss,
    "focal-tversky": focal_tversky_loss,
}


def deep_loss(outputs: list[Tensor], target: Tensor, loss: Loss) -> Tensor:
    """Return the mean loss over the outputs of a network, each (B, 1, H, W).

    Deep supervision of U-Net++ (Zhou et al. 2018), whose levels count alike.
    """
    return torch.stack([loss(logits, target) for logits in outputs]).mean()

"""Losses on logits (B, K, H, W) against targets of the same shape, pooled over the whole batch.

Pooled, because most slices hold no lesion: the Dice of an empty slice says nothing about its
voxels. All are computed in float32, whatever precision the logits have.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from core.domain.model_output import OutputKind
from core.models.train_spec import LossName

Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits and target, (B, K, H, W), to a scalar."""

SMOOTH = 1.0
_HALF = 0.5


def dice(probability: Tensor, truth: Tensor) -> Tensor:
    """Return 1 - (2·Σpt + 1) / (Σp + Σt + 1)."""
    common = (probability * truth).sum()
    return 1 - (2 * common + SMOOTH) / (probability.sum() + truth.sum() + SMOOTH)


def soft_iou(probability: Tensor, truth: Tensor) -> Tensor:
    """Return 1 - (Σpt + 1) / (Σp + Σt - Σpt + 1)."""
    common = (probability * truth).sum()
    union = probability.sum() + truth.sum() - common
    return 1 - (common + SMOOTH) / (union + SMOOTH)


def focal_tversky(
    probability: Tensor, truth: Tensor, *, alpha: float = 0.7, gamma: float = 4 / 3
) -> Tensor:
    """Return (1 - TI)^(1/gamma), TI = (TP + 1) / (TP + alpha·FN + (1 - alpha)·FP + 1).

    TP = Σpt, FN = Σ(1 - p)t, FP = Σp(1 - t).
    """
    found = (probability * truth).sum()
    missed, invented = truth.sum() - found, probability.sum() - found
    index = (found + SMOOTH) / (found + alpha * missed + (1 - alpha) * invented + SMOOTH)
    # The root has no finite slope at zero, which a perfect batch would reach.
    return (1 - index).clamp_min(1e-6) ** (1 / gamma)


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return `dice` of the sigmoid of the logits.

    Milletari, Navab, Ahmadi 2016 (V-Net), with the sums unsquared and the smoothing of the public
    reference implementation of Buda et al. 2019.
    """
    return dice(torch.sigmoid(logits.float()), target.float())


def soft_iou_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return `soft_iou` of the sigmoid of the logits.

    Rahman and Wang 2016, "Optimizing Intersection-Over-Union in Deep Neural Networks".
    """
    return soft_iou(torch.sigmoid(logits.float()), target.float())


def bce_dice_loss(logits: Tensor, target: Tensor, *, weight: float = 0.5) -> Tensor:
    """Return weight·BCE + (1 - weight)·Dice loss.

    BCE is the mean over voxels of -t·log p - (1 - t)·log(1 - p). The "calc loss" of the articles
    that compared U-Net variants on these data.
    """
    cross = functional.binary_cross_entropy_with_logits(logits.float(), target.float())
    return weight * cross + (1 - weight) * dice_loss(logits, target)


def focal_tversky_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return `focal_tversky` of the sigmoid of the logits.

    Abraham and Khan 2019, "A Novel Focal Tversky Loss Function with Improved Attention U-Net for
    Lesion Segmentation"; the index is Salehi's (2017).
    """
    return focal_tversky(torch.sigmoid(logits.float()), target.float())


LOSSES: dict[LossName, Loss] = {
    "bce-dice": bce_dice_loss,
    "dice": dice_loss,
    "soft-iou": soft_iou_loss,
    "focal-tversky": focal_tversky_loss,
}


_OVERLAPS: dict[LossName, Loss] = {
    "bce-dice": dice,
    "dice": dice,
    "soft-iou": soft_iou,
    "focal-tversky": focal_tversky,
}


def region_loss(name: LossName) -> Loss:
    """Return a loss as the mean over regions, each pooled over the batch as a lesion is.

    Logits are (B, K, H, W), one a region.
    """
    loss = LOSSES[name]

    def over_regions(logits: Tensor, target: Tensor) -> Tensor:
        each = [loss(logits[:, k], target[:, k]) for k in range(logits.shape[1])]
        return torch.stack(each).mean()

    return over_regions


def class_loss(name: LossName) -> Loss:
    """Return a loss over exclusive classes: of the softmax, the mean over labels.

    Logits are (B, K + 1, H, W), the background's first, which counts in the cross-entropy alone:
    `bce-dice` is half that, half soft Dice.
    """
    overlap = _OVERLAPS[name]

    def over_labels(logits: Tensor, target: Tensor) -> Tensor:
        probability, truth = torch.softmax(logits.float(), dim=1), target.float()
        each = [overlap(probability[:, k], truth[:, k]) for k in range(1, logits.shape[1])]
        mean = torch.stack(each).mean()
        if name != "bce-dice":
            return mean
        cross = functional.cross_entropy(logits.float(), truth)
        return _HALF * cross + (1 - _HALF) * mean

    return over_labels


def loss_of(name: LossName, kind: OutputKind | None) -> Loss:
    """Return the loss of that name for a model of classes or regions, None for a binary one."""
    if kind is None:
        return LOSSES[name]
    return class_loss(name) if kind == "classes" else region_loss(name)


def deep_loss(
    outputs: list[Tensor], target: Tensor, loss: Loss, weights: Tensor | None = None
) -> Tensor:
    """Return the mean loss over the outputs of a network, each (B, K, H, W).

    Deep supervision of U-Net++ (Zhou et al. 2018), whose levels count alike unless `weights` (N,)
    are given.
    """
    each = torch.stack([loss(logits, target) for logits in outputs])
    return each.mean() if weights is None else each @ weights.to(each.device)

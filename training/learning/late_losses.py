"""Losses that come in late: of the region's overlap itself, and of how far its border is off."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from core.domain.model_output import OutputKind
from core.models.refinements import LateLossName

_HALF = 0.5
REACH = 24
"""Pixels up to which distances from a border are told apart."""


def lovasz(probability: Tensor, truth: Tensor) -> Tensor:
    """Return the Lovász extension of the Jaccard loss of all voxels together.

    Berman, Triki, Blaschko 2018, "The Lovász-Softmax loss", equations 8 and 9, with |t - p| as the
    errors. Truth counts as 1 above a half.
    """
    errors, order = (truth - probability).abs().flatten().sort(descending=True)
    held = (truth.flatten()[order] > _HALF).float()
    common = held.sum() - held.cumsum(0)
    union = held.sum() + (1 - held).cumsum(0)
    jaccard = 1 - common / union.clamp_min(1)
    # Each error counts by how much it raises the loss of those that are larger.
    return errors @ jaccard.diff(prepend=jaccard.new_zeros(1))


def boundary(probability: Tensor, truth: Tensor) -> Tensor:
    """Return the mean of the probability times the signed distance (pixels) from the true border.

    Kervadec and others 2019, "Boundary loss for highly unbalanced segmentation", equation 5;
    distances beyond `REACH` count as that, in parts of it, so that the loss lies in -1 to 1. A
    slice without lesion has no border and adds nothing.
    """
    planes = truth.reshape(-1, 1, *truth.shape[-2:]) > _HALF
    with torch.no_grad():
        far = signed_distance(planes, REACH) / REACH
    return (probability.reshape(far.shape) * far).mean()


def signed_distance(masks: Tensor, reach: int) -> Tensor:
    """Return for masks (B, 1, H, W) of bool how far each pixel lies from the border, float32.

    Outside it is the distance to the nearest pixel of the mask; inside, negative, that to the
    nearest outside it, less one, so that border pixels have 0. Exact up to `reach`, cut there; a
    mask that holds nothing or all has 0 everywhere.
    """
    outside, inside = _distance(masks, reach), _distance(~masks, reach)
    signed = torch.where(masks, 1 - inside, outside)
    some = masks.flatten(1).any(dim=1) & ~masks.flatten(1).all(dim=1)
    return signed * some.view(-1, 1, 1, 1)


def _distance(masks: Tensor, reach: int) -> Tensor:
    """Return the distance to the nearest pixel of the masks, at most `reach`.

    Along the columns first, then over the rows (Saito and Toriwaki 1994).
    """
    far = torch.full_like(masks, float(reach * reach), dtype=torch.float32)
    squares = torch.where(masks, 0.0, far)
    for side in (2, 3):
        found = squares.clone()
        padding = (0, 0, reach, reach) if side == 2 else (reach, reach, 0, 0)
        wide = functional.pad(squares, padding, value=float(reach * reach))
        length = squares.shape[side]
        for step in range(-min(reach, length), min(reach, length) + 1):
            moved = wide.narrow(side, reach + step, length)
            torch.minimum(found, moved + step * step, out=found)
        squares = found
    return squares.sqrt().clamp_max(reach)


_PARTS: dict[LateLossName, Callable[[Tensor, Tensor], Tensor]] = {
    "lovasz": lovasz,
    "boundary": boundary,
}


def late_loss_of(name: LateLossName, kind: OutputKind | None) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the late loss of that name on logits (B, K, H, W), the mean over labels or regions.

    `kind` is None for a binary model. Of classes the background's logit comes first and is no
    label.
    """
    part = _PARTS[name]

    def over_labels(logits: Tensor, target: Tensor) -> Tensor:
        wide, truth = logits.float(), target.float()
        if kind == "classes":
            probability, truth = torch.softmax(wide, dim=1)[:, 1:], truth[:, 1:]
        else:
            probability = torch.sigmoid(wide)
        each = [part(probability[:, k], truth[:, k]) for k in range(probability.shape[1])]
        return torch.stack(each).mean()

    return over_labels

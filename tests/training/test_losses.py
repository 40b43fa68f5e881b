"""The losses against MONAI's, and what they promise by themselves."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from training.learning.losses import (
    LOSSES,
    bce_dice_loss,
    deep_loss,
    dice_loss,
    focal_tversky_loss,
    soft_iou_loss,
)


def _batch(seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(3, 1, 8, 8, generator=generator)
    return logits, (torch.rand(3, 1, 8, 8, generator=generator) > 0.7).float()


def _monai_dice(logits: Tensor, target: Tensor) -> Tensor:
    from monai.losses import DiceLoss

    return DiceLoss(sigmoid=True, batch=True, smooth_nr=1.0, smooth_dr=1.0)(logits, target)


def _monai_iou(logits: Tensor, target: Tensor) -> Tensor:
    from monai.losses import DiceLoss

    # Its Jaccard doubles the intersection and the union, but not the smoothing.
    whole = DiceLoss(sigmoid=True, batch=True, jaccard=True, smooth_nr=2.0, smooth_dr=2.0)
    return whole(logits, target)


def _monai_calc(logits: Tensor, target: Tensor) -> Tensor:
    from monai.losses import DiceCELoss

    whole = DiceCELoss(
        sigmoid=True, batch=True, smooth_nr=1.0, smooth_dr=1.0, lambda_dice=0.5, lambda_ce=0.5
    )
    return whole(logits, target)


def _monai_tversky(logits: Tensor, target: Tensor) -> Tensor:
    from monai.losses import TverskyLoss

    index = TverskyLoss(sigmoid=True, batch=True, alpha=0.3, beta=0.7, smooth_nr=1.0, smooth_dr=1.0)
    return index(logits, target) ** 0.75


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (dice_loss, _monai_dice),
        (soft_iou_loss, _monai_iou),
        (bce_dice_loss, _monai_calc),
        (focal_tversky_loss, _monai_tversky),
    ],
)
@given(seed=st.integers(0, 10_000))
def test_value_and_gradient_are_those_of_monai(
    ours: Callable[[Tensor, Tensor], Tensor], theirs: Callable[[Tensor, Tensor], Tensor], seed: int
) -> None:
    logits, target = _batch(seed)
    one, other = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    mine, reference = ours(one, target), theirs(other, target)
    mine.backward()
    reference.backward()
    torch.testing.assert_close(mine, reference)
    torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_lowest_for_the_truth_and_finite_at_both_ends(name: str) -> None:
    loss = LOSSES[name]  # type: ignore[index]
    _, target = _batch(1)
    sure = (target * 2 - 1) * 50
    right = sure.clone().requires_grad_()
    value = loss(right, target)
    value.backward()
    assert value < 0.01 < loss(sure * 0.01, target) < loss(-sure, target)
    assert right.grad is not None
    assert right.grad.isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_without_lesion_has_a_finite_loss_that_falls_with_the_prediction(name: str) -> None:
    loss = LOSSES[name]  # type: ignore[index]
    empty = torch.zeros(2, 1, 8, 8)
    assert loss(torch.full_like(empty, -20.0), empty) < loss(torch.zeros_like(empty), empty)


@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_logits_are_computed_in_float32(name: str) -> None:
    logits, target = _batch(2)
    rounded = logits.bfloat16()
    loss = LOSSES[name]  # type: ignore[index]
    assert loss(rounded, target).dtype == torch.float32
    torch.testing.assert_close(loss(rounded, target), loss(rounded.float(), target))


def test_deep_supervision_counts_the_outputs_alike() -> None:
    logits, target = _batch(3)
    outputs = [logits, -logits, 2 * logits]
    expected = sum(dice_loss(output, target) for output in outputs) / 3
    torch.testing.assert_close(deep_loss(outputs, target, dice_loss), expected)

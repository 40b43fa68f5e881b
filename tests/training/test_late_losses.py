"""Late losses against the formulas of their papers, MONAI and scipy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from core.domain.model_output import ModelOutput
from core.models.refinements import Refinements
from core.models.wanted_labels import read_output
from training.learning.label_targets import targets
from training.learning.late_losses import REACH, boundary, late_loss_of, lovasz, signed_distance


def _batch(seed: int, side: int = 8) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    probability = torch.rand(3, 1, side, side, generator=generator)
    return probability, (torch.rand(3, 1, side, side, generator=generator) > 0.7).float()


def _jaccard_loss(wrong: Tensor, truth: Tensor) -> Tensor:
    """Return 1 - |truth ∩ prediction| / |union| where `wrong` voxels are called otherwise."""
    said = truth.bool() ^ wrong.bool()
    union = (truth.bool() | said).sum()
    return 1 - (truth.bool() & said).sum() / union.clamp_min(1)


@given(seed=st.integers(0, 10_000))
def test_the_lovasz_loss_is_the_extension_of_the_jaccard_loss(seed: int) -> None:
    probability, truth = _batch(seed, side=4)
    errors, flat = (truth - probability).abs().flatten(), truth.flatten()
    # Berman 2018, equation 4: Σ m_π(i) · (Δ({π1 … πi}) - Δ({π1 … πi-1})), errors in falling order.
    expected, wrong, before = torch.zeros(()), torch.zeros_like(flat), torch.zeros(())
    for index in errors.argsort(descending=True):
        wrong[index] = 1
        now = _jaccard_loss(wrong, flat)
        expected = expected + errors[index] * (now - before)
        before = now
    torch.testing.assert_close(lovasz(probability, truth), expected)


@given(seed=st.integers(0, 10_000))
def test_at_a_mask_the_lovasz_loss_is_the_jaccard_loss(seed: int) -> None:
    from monai.metrics.meaniou import compute_iou

    probability, truth = _batch(seed)
    said = (probability > 0.5).float()
    iou = compute_iou(said.reshape(1, 1, -1), truth.reshape(1, 1, -1))
    torch.testing.assert_close(lovasz(said, truth), 1 - iou.squeeze())


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1), reach=st.sampled_from([3, 24]))
def test_distances_are_those_of_scipy_as_far_as_they_reach(
    seed: int, share: float, reach: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    masks = torch.rand(2, 1, 20, 14, generator=generator) < share**4
    for mask, found in zip(masks[:, 0].numpy(), signed_distance(masks, reach)[:, 0], strict=True):
        if mask.all() or not mask.any():
            assert not found.any()
            continue
        outside = np.minimum(distance_transform_edt(~mask), reach)
        inside = np.minimum(distance_transform_edt(mask), reach)
        np.testing.assert_allclose(found, np.where(mask, 1 - inside, outside), atol=1e-5)


def test_the_boundary_loss_is_that_of_the_paper_on_a_disc() -> None:
    rows, columns = np.mgrid[:32, :32]
    disc = np.hypot(rows - 15, columns - 16) < 7
    far = distance_transform_edt(~disc) * ~disc - (distance_transform_edt(disc) - 1) * disc
    probability = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    expected = (probability[0, 0].numpy() * far).mean() / REACH
    truth = torch.from_numpy(disc[None, None].astype(np.float32))
    assert float(boundary(probability, truth)) == pytest.approx(expected, rel=1e-4)
    # The truth itself is better than any mask that lies elsewhere.
    moved = torch.roll(truth, 3, dims=3)
    assert boundary(truth, truth) < boundary(moved, truth)
    assert boundary(truth, torch.zeros_like(truth)) == 0


@pytest.mark.parametrize("name", ["lovasz", "boundary"])
@pytest.mark.parametrize(
    "output", [None, read_output("core,oedema", ""), read_output("", "whole=1+2,core=1")]
)
def test_a_late_loss_goes_down_its_gradient_to_the_truth(
    name: str, output: ModelOutput | None
) -> None:
    maps = torch.zeros(2, 1, 16, 16)
    maps[0, :, 3:12, 4:12], maps[0, :, 5:8, 5:9] = 1, 2
    wanted = maps if output is None else targets(maps, output)
    wanted = wanted.clamp_max(1)
    loss = late_loss_of(name, output.kind if output else None)  # type: ignore[arg-type]
    logits = torch.zeros_like(wanted, requires_grad=True)
    started = loss(logits, wanted)
    torch.autograd.backward(started)
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    right = (wanted * 2 - 1) * 20
    assert loss(right, wanted) < loss(logits - 20 * logits.grad, wanted) < started
    assert loss(right.bfloat16(), wanted).dtype == torch.float32


def test_the_late_loss_grows_from_where_it_comes_in() -> None:
    refined = Refinements(late_loss="lovasz", late_from=0.6, late_weight=0.8)
    shares = [refined.late_share(fraction) for fraction in (0, 0.6, 0.8, 1)]
    assert shares == pytest.approx([0, 0, 0.4, 0.8])
    assert Refinements().late_share(1) == 0

"""Losses and figures of classes and regions, against MONAI's."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from core.domain.model_output import ModelOutput, OutputKind
from core.domain.prediction import Postprocessing, Prediction, prediction_of
from core.models.train_spec import LossName
from tests.core.test_model_output import TUMOUR
from training.learning.label_targets import targets
from training.learning.losses import LOSSES, class_loss, loss_of, region_loss

CLASSES = ModelOutput(kind="classes", labels=TUMOUR)
REGIONS = ModelOutput(kind="regions", labels=TUMOUR)
NAMES: list[LossName] = list(LOSSES)


def _batch(seed: int, output: ModelOutput) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randint(0, 4, (3, 1, 8, 8), generator=generator).float()
    logits = 3 * torch.randn(3, output.logits, 8, 8, generator=generator)
    return logits, targets(maps, output)


def _monai(name: LossName, kind: OutputKind) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the same of MONAI: of the batch, over labels, the background's overlap left out."""
    from monai.losses import DiceCELoss, DiceLoss, TverskyLoss

    how = {"softmax": True, "include_background": False} if kind == "classes" else {"sigmoid": True}
    smooth = {"smooth_nr": 1.0, "smooth_dr": 1.0}
    if name == "bce-dice" and kind == "classes":
        halves = {"lambda_dice": 0.5, "lambda_ce": 0.5}
        return DiceCELoss(**how, **smooth, **halves, batch=True)
    if name == "bce-dice":  # its own takes a softmax as soon as there are two channels
        cross, dice = torch.nn.BCEWithLogitsLoss(), DiceLoss(**how, **smooth, batch=True)
        return lambda logits, target: (cross(logits, target) + dice(logits, target)) / 2
    if name == "soft-iou":
        return DiceLoss(**how, batch=True, jaccard=True, smooth_nr=2.0, smooth_dr=2.0)
    if name == "dice":
        return DiceLoss(**how, **smooth, batch=True)
    index = TverskyLoss(**how, **smooth, batch=True, alpha=0.3, beta=0.7, reduction="none")
    return lambda logits, target: (index(logits, target) ** 0.75).mean()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("output", [CLASSES, REGIONS], ids=["classes", "regions"])
@given(seed=st.integers(0, 10_000))
def test_value_and_gradient_are_those_of_monai(
    output: ModelOutput, name: LossName, seed: int
) -> None:
    logits, target = _batch(seed, output)
    one, other = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    mine = loss_of(name, output.kind)(one, target)
    reference = _monai(name, output.kind)(other, target)
    mine.backward()
    reference.backward()
    torch.testing.assert_close(mine, reference)
    torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("output", [CLASSES, REGIONS], ids=["classes", "regions"])
def test_a_loss_is_lowest_for_the_truth(output: ModelOutput, name: LossName) -> None:
    loss = loss_of(name, output.kind)
    _, target = _batch(1, output)
    sure = (target * 2 - 1) * 50
    assert loss(sure, target) < 0.01 < loss(sure * 0.01, target) < loss(-sure, target)


def test_one_region_has_the_loss_of_a_lesion() -> None:
    logits, target = torch.randn(2, 1, 8, 8), (torch.rand(2, 1, 8, 8) > 0.5).float()
    for name in NAMES:
        torch.testing.assert_close(region_loss(name)(logits, target), LOSSES[name](logits, target))


def test_a_label_that_is_nowhere_costs_what_is_invented_of_it() -> None:
    maps = torch.ones(2, 1, 8, 8)
    target = targets(maps, CLASSES)
    quiet = torch.full((2, 4, 8, 8), -9.0)
    quiet[:, 1] = 9
    loud = quiet.clone()
    loud[:, 3, :4] = 18
    assert class_loss("dice")(quiet, target) < 0.01 < class_loss("dice")(loud, target)


@given(seed=st.integers(0, 10_000))
def test_targets_are_one_hot_as_monai_makes_them(seed: int) -> None:
    from monai.networks.utils import one_hot

    maps = torch.randint(0, 4, (2, 1, 5, 6), generator=torch.Generator().manual_seed(seed))
    assert torch.equal(targets(maps.float(), CLASSES), one_hot(maps, 4).float())
    regions = torch.cat([maps > 0, (maps == 1) | (maps == 3), maps == 3], dim=1)
    assert torch.equal(targets(maps.float(), REGIONS), regions.float())


def test_labels_that_are_not_learnt_are_background() -> None:
    some = ModelOutput(kind="classes", labels=type(TUMOUR)(TUMOUR.labels[:1]))
    found = targets(torch.tensor([[[[0.0, 1.0, 2.0, 3.0]]]]), some)
    assert found[0, :, 0].tolist() == [[1, 0, 1, 1], [0, 1, 0, 0]]


@pytest.mark.parametrize("output", [CLASSES, REGIONS], ids=["classes", "regions"])
@given(seed=st.integers(0, 10_000))
def test_dsc_a_label_is_that_of_monai(output: ModelOutput, seed: int) -> None:
    from monai.metrics import compute_dice

    from core.domain.metrics import overlap

    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, (3, 6, 7)).astype(np.uint8)
    said = _prediction(rng, output)
    post = Postprocessing()
    for region in output.channels:
        mask, drawn = said.mask_of(region, post), output.labels.mask(truth, region)
        theirs = compute_dice(
            torch.from_numpy(mask[None, None].astype(np.float32)),
            torch.from_numpy(drawn[None, None].astype(np.float32)),
        )
        assert overlap(drawn, mask).dsc == pytest.approx(float(theirs), abs=1e-6)


def _prediction(rng: np.random.Generator, output: ModelOutput) -> Prediction:
    logits = torch.from_numpy(rng.normal(0, 2, (output.logits, 3, 6, 7)))
    known = logits.softmax(0)[1:] if output.kind == "classes" else logits.sigmoid()
    channels = (known.numpy() * 255).astype(np.uint8)
    return prediction_of(channels, output, model_id="m", key="k", device="cpu", seconds=0.0)


def test_softmax_of_the_network_is_torchs() -> None:
    from core.inference.volume_inference import probabilities

    logits = torch.randn(2, 4, 5, 6)
    ours = probabilities(logits.numpy(), CLASSES)
    theirs = functional.softmax(logits, dim=1)[:, 1:].movedim(1, 0)
    assert np.allclose(ours, theirs.numpy(), atol=1e-6)

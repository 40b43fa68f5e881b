"""Lesions put into other slices: what of a slice changes, and what never does."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator, Tensor

from training.learning.lesion_mix import carve

SIDE = 40


def _batch() -> tuple[Tensor, Tensor]:
    """Four slices of one value each; the lesions of three are twice that, the last has none."""
    masks = torch.zeros(4, 1, SIDE, SIDE)
    for number, start in enumerate((4, 14, 24)):
        masks[number, :, start : start + 6, 8 : 8 + 4 * (number + 1)] = 1
    values = 10.0 ** torch.arange(4).view(-1, 1, 1, 1) * torch.ones(4, 3, SIDE, SIDE)
    return values * (1 + masks), masks


@given(seed=st.integers(0, 1000))
def test_a_lesion_arrives_whole_with_its_label_and_the_own_one_stays_outside(seed: int) -> None:
    images, masks = _batch()
    mixed, labels = carve(images, masks, 1.0, Generator().manual_seed(seed))
    assert set(labels.unique().tolist()) <= {0.0, 1.0}
    for number in range(4):
        came = [o for o in range(3) if o != number and _holds(mixed[number], images[o], masks[o])]
        if not came:
            assert torch.equal(mixed[number], images[number])
            assert torch.equal(labels[number], masks[number])
            continue
        (other,) = came
        assert labels[number][masks[other] > 0].all()
        assert (labels[number] <= torch.maximum(masks[number], masks[other])).all()
        still = (mixed[number] == images[number]).all(dim=0, keepdim=True)
        far = torch.nn.functional.max_pool2d(masks[other : other + 1], 25, 1, 12)[0] == 0
        assert still[far].all()
        assert torch.equal(labels[number][far], masks[number][far])


def _holds(image: Tensor, source: Tensor, lesion: Tensor) -> bool:
    there = lesion.expand_as(source) > 0
    return torch.equal(image[there], source[there])


def test_without_a_share_or_a_partner_nothing_changes() -> None:
    images, masks = _batch()
    for batch, share in ((4, 0.0), (1, 1.0)):
        given = images[:batch], masks[:batch]
        torch.testing.assert_close(carve(*given, share, Generator().manual_seed(0)), given)


def test_the_batch_is_left_alone_and_the_seed_decides() -> None:
    images, masks = _batch()
    first = carve(images, masks, 0.5, Generator().manual_seed(4))
    assert torch.equal(images, _batch()[0])
    again = carve(images, masks, 0.5, Generator().manual_seed(4))
    torch.testing.assert_close(first, again)

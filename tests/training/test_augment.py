"""What augmentation keeps, and what it changes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from torch import Generator, Tensor

from core.models.train_spec import Augmentation
from tests.training.making import STILL
from training.learning.augment import Planes, augment

PLANES = Planes(channels=3, substitute=1)


def _batch(count: int = 6) -> tuple[Tensor, Tensor]:
    generator = Generator().manual_seed(0)
    images = torch.randn(count, 9, 32, 32, generator=generator)
    masks = torch.zeros(count, 1, 32, 32)
    masks[:, :, 10:20, 12:26] = 1
    return images, masks


def _run(spec: Augmentation, seed: int = 0, count: int = 6) -> tuple[Tensor, Tensor]:
    images, masks = _batch(count)
    return augment(images, masks, spec, planes=PLANES, generator=Generator().manual_seed(seed))


def test_with_everything_off_the_batch_stays_as_it_is() -> None:
    images, masks = _run(STILL)
    torch.testing.assert_close((images, masks), _batch())


@given(seed=st.integers(0, 1000))
def test_shapes_stay_masks_stay_binary_and_the_source_is_left_alone(seed: int) -> None:
    images, masks = _batch()
    kept = images.clone(), masks.clone()
    moved, labels = augment(
        images, masks, Augmentation(), planes=PLANES, generator=Generator().manual_seed(seed)
    )
    assert moved.shape == images.shape
    assert moved.isfinite().all()
    assert set(labels.unique().tolist()) <= {0.0, 1.0}
    torch.testing.assert_close((images, masks), kept)


def test_the_same_seed_gives_the_same_batch_and_another_does_not() -> None:
    one, again, other = (_run(Augmentation(), seed)[0] for seed in (3, 3, 4))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_sure_flip_is_the_mirror_image_of_all_planes_and_of_the_mask() -> None:
    images, masks = _batch()
    flipped, labels = _run(replace(STILL, flip=1.0))
    torch.testing.assert_close(flipped, images.flip(-1), atol=1e-4, rtol=1e-4)
    assert torch.equal(labels, masks.flip(-1))


@given(seed=st.integers(0, 1000))
def test_mask_and_image_move_together(seed: int) -> None:
    _, masks = _batch()
    spec = replace(STILL, flip=0.5, rotation=25, scale=0.2, shift=0.1, elastic=0.02)
    drawn = masks.repeat(1, 3, 1, 1)
    planes = Planes(channels=3, substitute=1)
    moved, labels = augment(
        drawn, masks, spec, planes=planes, generator=Generator().manual_seed(seed)
    )
    assert torch.equal((moved[:, :1] > 0.5).float(), labels)


@given(seed=st.integers(0, 1000))
def test_scale_and_shift_stay_within_what_was_asked(seed: int) -> None:
    _, masks = _batch()
    area = masks.sum(dim=(1, 2, 3))
    grown = _run(replace(STILL, scale=0.2), seed)[1].sum(dim=(1, 2, 3)) / area
    assert (grown > 0.8**2 - 0.12).all()
    assert (grown < 1.2**2 + 0.12).all()
    shifted = _run(replace(STILL, shift=0.1), seed)[1]
    columns = (shifted.amax(dim=(1, 2)) * torch.arange(32)).amax(dim=1)
    assert ((columns - 25).abs() <= 0.1 * 32 + 1).all()


def test_gain_and_offset_are_a_channels_and_the_same_for_its_neighbours() -> None:
    images, _ = _batch()
    changed, _ = _run(replace(STILL, gain=0.25, offset=0.3))
    before, after = (x.view(6, 3, 3, -1) for x in (images, changed))
    gain = after.std(dim=-1) / before.std(dim=-1)
    assert ((gain > 0.749) & (gain < 1.251)).all()
    torch.testing.assert_close(gain[:, 0], gain[:, 2], rtol=1e-3, atol=1e-3)
    assert gain[:, 0].std() > 0.05


def test_a_missing_channel_is_a_copy_of_flair_in_every_neighbour() -> None:
    images, _ = _batch()
    changed, _ = _run(replace(STILL, missing=1.0))
    flair = images.view(6, 3, 3, 32, 32)[:, :, 1:2]
    torch.testing.assert_close(changed.view(6, 3, 3, 32, 32), flair.expand(-1, -1, 3, -1, -1))


def test_gamma_keeps_the_range_and_the_order_of_values() -> None:
    images, _ = _batch(32)
    changed, _ = _run(replace(STILL, gamma=0.5), count=32)
    touched = (changed - images).abs().amax(dim=(1, 2, 3)) > 1e-3
    assert 6 < int(touched.sum()) < 26
    for before, after in zip(images.flatten(1), changed.flatten(1), strict=True):
        own = before.view(3, 3, -1)[:, 0].flatten()
        order = own.argsort()
        assert (after.view(3, 3, -1)[:, 0].flatten()[order].diff() >= -1e-4).all()


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_noise_is_at_most_as_strong_as_asked(noise: float) -> None:
    images, _ = _batch(32)
    changed, _ = _run(replace(STILL, noise=noise), count=32)
    deviation = (changed - images).std(dim=(1, 2, 3))
    assert (deviation < noise * 1.05).all()
    assert deviation.max() > noise * 0.7


@given(seed=st.integers(0, 1000))
def test_a_label_map_holds_no_value_that_it_did_not_hold(seed: int) -> None:
    images, masks = _batch()
    masks[:, :, 12:16, 14:20] = 3
    spec = replace(Augmentation(), carve=0.5)
    planes = Planes(3, 1, labels=True)
    run = {"planes": planes, "generator": Generator().manual_seed(seed)}
    moved, maps = augment(images, masks, spec, **run)
    assert set(maps.unique().tolist()) <= {0.0, 1.0, 3.0}
    assert moved.isfinite().all()


@given(seed=st.integers(0, 1000))
def test_images_are_moved_beside_a_label_map_as_beside_a_mask(seed: int) -> None:
    images, masks = _batch()
    moved, maps = augment(
        images,
        masks * 3,
        Augmentation(),
        planes=Planes(3, 1, labels=True),
        generator=Generator().manual_seed(seed),
    )
    # The images are moved as they are beside a mask.
    same = augment(
        images, masks, Augmentation(), planes=PLANES, generator=Generator().manual_seed(seed)
    )
    torch.testing.assert_close(moved, same[0], atol=1e-4, rtol=1e-4)
    assert ((maps > 0).float() - same[1]).abs().mean() < 0.02


def test_labels_are_moved_as_nearest_neighbours_of_the_same_way() -> None:
    images, masks = _batch()
    masks[:, :, 12:16, 14:20] = 3
    planes = Planes(3, 1, labels=True)
    flipped = augment(
        images, masks, replace(STILL, flip=1.0), planes=planes, generator=Generator().manual_seed(0)
    )
    assert torch.equal(flipped[1], masks.flip(-1))

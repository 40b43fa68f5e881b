"""Which channels of a volume a model is given: by name, by role, and what is missing said."""

from dataclasses import replace

import numpy as np
import pytest

from core.domain.errors import ModelError
from core.domain.role import Role
from core.domain.volume import LGG_CHANNELS, Volume
from core.models.contract import content_hash, fitted, mapping
from tests.synthetic import head, volume_of

BRATS = ("T1", "T1c", "T2", "FLAIR")


def named(*channels: str, roles: tuple[Role, ...] = ()) -> Volume:
    volume = volume_of(head(channels=len(channels)))
    return replace(volume, channels=channels, roles=roles or tuple(Role(n) for n in channels))


def test_channels_of_the_same_names_are_taken_as_they_are() -> None:
    volume = volume_of(head())
    assert fitted(volume, LGG_CHANNELS, title="M") is volume
    assert mapping(LGG_CHANNELS, volume.channels, volume.roles, title="M").is_same


def test_pre_and_post_contrast_are_t1_and_t1c() -> None:
    volume = named(*BRATS)
    found = fitted(volume, LGG_CHANNELS, title="M")
    assert found.channels == LGG_CHANNELS
    assert found.roles == (Role.T1, Role.FLAIR, Role.T1C)
    for own, index in enumerate((0, 3, 1)):
        assert np.array_equal(found.pixels[own], volume.pixels[index])
    said = mapping(LGG_CHANNELS, volume.channels, volume.roles, title="M").said
    assert said == "Pre ← T1, FLAIR ← FLAIR, Post ← T1c"


def test_names_count_before_their_order() -> None:
    volume = named("FLAIR", "T1")
    assert mapping(("T1", "FLAIR"), volume.channels, volume.roles, title="M").order == (1, 0)


def test_what_is_missing_is_said() -> None:
    with pytest.raises(
        ModelError,
        match=r"M: expected Pre \(T1\), FLAIR, Post \(T1c\), found no FLAIR, no Post \(T1c\) among "
        r"T1, T2\. If one of them is it, correct its role",
    ):
        fitted(named("T1", "T2"), LGG_CHANNELS, title="M")


def test_a_corrected_role_changes_what_the_model_is_given() -> None:
    volume = named("a", "b", "c", roles=(Role.T1C, Role.T1, Role.FLAIR))
    assert mapping(LGG_CHANNELS, volume.channels, volume.roles, title="M").order == (1, 2, 0)


def test_without_any_role_the_number_decides_and_that_is_known() -> None:
    volume = named("a", "b", "c", roles=(Role.OTHER,) * 3)
    found = mapping(LGG_CHANNELS, volume.channels, volume.roles, title="M")
    assert (found.order, found.guessed) == ((0, 1, 2), True)
    with pytest.raises(ModelError, match=r"expected 3 channels .*found 1 \(Image\)"):
        fitted(volume_of(head(channels=1)), LGG_CHANNELS, title="M")


def test_the_hash_is_of_what_the_model_is_given() -> None:
    volume = named(*BRATS)
    given = fitted(volume, LGG_CHANNELS, title="M")
    assert content_hash(volume, LGG_CHANNELS, title="M") == given.content_hash()
    other = volume.pixels.copy()
    other[2] = 0  # T2, which the model does not see
    changed = replace(volume, pixels=other)
    assert content_hash(changed, LGG_CHANNELS, title="M") == given.content_hash()

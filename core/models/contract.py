"""What a model asks of a volume: which of its channels are those it was made for, by role."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.errors import ModelError
from core.domain.role import Role, role_of
from core.domain.volume import Volume

_SIDES = (16, 4096)


@dataclass(frozen=True)
class Mapping:
    """Which channels of a volume a model is given: `order` are their indices, in its own order.

    `wanted` are the model's names for them, `given` the volume's; `guessed` is True where only
    their number and order speak for it.
    """

    order: tuple[int, ...]
    wanted: tuple[str, ...]
    given: tuple[str, ...]
    guessed: bool = False

    @property
    def is_same(self) -> bool:
        """True when the model is given the channels under its own names."""
        return self.wanted == self.given

    @property
    def said(self) -> str:
        """The mapping in words, such as `Pre ← T1, FLAIR ← FLAIR, Post ← T1c`."""
        return ", ".join(f"{w} ← {g}" for w, g in zip(self.wanted, self.given, strict=True))


def mapping(
    wanted: Sequence[str], channels: Sequence[str], roles: Sequence[Role], *, title: str
) -> Mapping:
    """Return which of `channels` with those `roles` are the `wanted` ones of the model `title`.

    Names count first, then roles: pre-contrast is T1, post-contrast T1c. Where no role is known on
    either side, as many channels are taken in their order. Raises `ModelError` that says what is
    missing.
    """
    names = tuple(wanted)
    if tuple(channels) == names or set(names) <= set(channels):
        return _mapped(names, channels, [channels.index(name) for name in names])
    asked = [role_of(name) for name in names]
    if Role.OTHER in (*asked,) or all(role is Role.OTHER for role in roles):
        if len(channels) != len(names):
            raise ModelError(
                f"{title}: expected {len(names)} channels ({', '.join(names)}), found "
                f"{len(channels)} ({', '.join(channels)}). Choose a model made for such images, or "
                "which channels are used."
            )
        return _mapped(names, channels, list(range(len(names))), guessed=True)
    missing = [
        _named(name, role) for name, role in zip(names, asked, strict=True) if role not in roles
    ]
    if missing:
        raise ModelError(
            f"{title}: expected {', '.join(map(_named, names, asked))}, found no "
            f"{', no '.join(missing)} among {', '.join(channels)}. If one of them is it, correct "
            "its role; else choose a model made for such images."
        )
    return _mapped(names, channels, [list(roles).index(role) for role in asked])


def fitted(volume: Volume, channels: Sequence[str], *, title: str) -> Volume:
    """Return the part of a volume that a model of these channels is given, under its own names.

    Raises `ModelError` with a sentence when the volume is not what the model `title` was made for.
    """
    found = mapping(channels, volume.channels, volume.roles, title=title)
    height, width = volume.geometry.shape[1:]
    if min(height, width) < _SIDES[0] or max(height, width) > _SIDES[1]:
        raise ModelError(
            f"{title}: expected slices of {_SIDES[0]} to {_SIDES[1]} pixels a side, "
            f"found {height}×{width}. Resample the case."
        )
    if not any(volume.pixels[index].any() for index in found.order):
        raise ModelError(
            f"{title}: expected an image, found zeros in every voxel. "
            "Check how the case was exported."
        )
    if found.order == tuple(range(len(volume.channels))):
        return volume
    return Volume(
        np.ascontiguousarray(volume.pixels[list(found.order)]),
        found.wanted,
        volume.slice_numbers,
        volume.geometry,
        volume.unreadable,
        volume.notices,
        tuple(volume.roles[index] for index in found.order),
    )


def content_hash(volume: Volume, channels: Sequence[str], *, title: str) -> str:
    """Return the hash of what a model of these channels is given; raises `ModelError`."""
    found = mapping(channels, volume.channels, volume.roles, title=title)
    return volume.content_hash(found.order)


def _mapped(
    names: tuple[str, ...], channels: Sequence[str], order: list[int], *, guessed: bool = False
) -> Mapping:
    return Mapping(tuple(order), names, tuple(channels[index] for index in order), guessed)


def _named(name: str, role: Role) -> str:
    return name if name.casefold() == role.value.casefold() else f"{name} ({role.value})"

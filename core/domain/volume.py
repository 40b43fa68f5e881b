"""The image channels of a case on one voxel grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain.grid import Grid
from core.domain.role import Role, role_of

LGG_CHANNELS = ("Pre", "FLAIR", "Post")
"""Channel order of the public LGG files: pre-contrast, FLAIR, post-contrast."""

Pixels = NDArray[Any]
"""Real values of any integer or floating type; 8 and 16 bit are the fastest."""

FloatArray = NDArray[np.float32]
"""What a network takes and gives: values of channels, logits, probabilities."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Pixels (C, Z, Y, X), read-only, in canonical order on `geometry`; no voxel is NaN.

    `slice_numbers` are those of the files where they have numbers, else 1 and up. `roles` say which
    sequence each channel is; those not given are guessed from the names. `unreadable` maps a
    slice's index to the sentence that says why it holds zeros; `notices` are sentences about how
    its samples were taken.
    """

    pixels: Pixels
    channels: tuple[str, ...]
    slice_numbers: tuple[int, ...]
    geometry: Grid
    unreadable: Mapping[int, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()

    def __post_init__(self) -> None:
        """Hold the pixels against writing: originals and their copies are never changed."""
        self.pixels.setflags(write=False)
        if not self.roles:
            object.__setattr__(self, "roles", tuple(map(role_of, self.channels)))

    @property
    def slices(self) -> int:
        """Number of slices, Z."""
        return int(self.pixels.shape[1])

    @property
    def structural(self) -> int:
        """Index of the channel by which the head is told from the air: FLAIR, else the first."""
        return self.channels.index("FLAIR") if "FLAIR" in self.channels else 0

    @property
    def structure(self) -> Pixels:
        """The pixels (Z, Y, X) of that channel."""
        pixels: Pixels = self.pixels[self.structural]
        return pixels

    @property
    def nbytes(self) -> int:
        """Bytes the pixels hold in memory."""
        return int(self.pixels.nbytes)

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """The lowest and the highest value of all channels; counted once."""
        return float(self.pixels.min()), float(self.pixels.max())

    def content_hash(self, order: Sequence[int] | None = None) -> str:
        """Return a hash of pixels, shape and type: the same image has the same one anywhere.

        `order` are the indices of the channels that count, all by default.
        """
        from hashlib import blake2b

        chosen = range(len(self.pixels)) if order is None else order
        shape = (len(chosen), *self.pixels.shape[1:])
        digest = blake2b(digest_size=16)
        digest.update(f"{shape}{self.pixels.dtype.str}".encode())
        for index in chosen:
            digest.update(np.ascontiguousarray(self.pixels[index]).data)
        return digest.hexdigest()


def channel_names(count: int) -> tuple[str, ...]:
    """Return names for `count` channels: those of the LGG files for three, `Image` for one."""
    if count == len(LGG_CHANNELS):
        return LGG_CHANNELS
    return ("Image",) if count == 1 else tuple(f"Channel {n}" for n in range(1, count + 1))

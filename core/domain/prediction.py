"""A prediction: one model's foreground probability for one case. Imports no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.mask import Mask

OnSlices = Callable[[Sequence[int], NDArray[np.uint8]], None]
"""Called with slice indices (B,) and their quantised probabilities (B, Y, X) as they arrive."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """`probability` (Z, Y, X) uint8 is 255 times the foreground probability, on the native grid.

    `key` names what it was computed from (weights, specification, pixels); `seconds` is the time
    the network took, `device` where it ran. `notices` are whole sentences about what was done to
    it on the way here.
    """

    probability: NDArray[np.uint8]
    model_id: str
    key: str
    device: str
    seconds: float
    notices: tuple[str, ...] = ()


SMALL_SHARE = 0.3
"""Components below this share of the largest are small, where nobody says otherwise."""


class Postprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a probability becomes a mask.

    Of the connected components the largest alone is kept, or those with at least `smallest_share`
    of its voxels, or all. A share keeps the lesion where a false alarm is larger than it.
    """

    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    largest_component: bool = False
    fill_holes: bool = False
    smallest_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0

    @property
    def cut(self) -> str:
        """What tells apart the masks of one probability, in words that are stored."""
        said = f"{self.threshold:.3f} {self.largest_component} {self.fill_holes}"
        return f"{said} {self.smallest_share:.2f}" if self.smallest_share else said

    @property
    def cleanup(self) -> str:
        """What is done after the threshold, in words; empty for nothing."""
        parts = ["largest component"] if self.largest_component else []
        if self.smallest_share and not self.largest_component:
            parts.append(f"components of {self.smallest_share:.0%} of the largest")
        return ", ".join([*parts, "holes filled"] if self.fill_holes else parts)


def quantise(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return probabilities 0 to 1 as uint8 0 to 255; above 0.5 is above 127, exactly."""
    # Rounding to the nearest takes 127.5 up, and a network sure of nothing would see lesion.
    return np.asarray(np.ceil(probability * 255.0 - 0.5), dtype=np.uint8)


def to_mask(probability: NDArray[np.uint8], post: Postprocessing) -> Mask:
    """Return the mask of a quantised probability (Z, Y, X) or (Y, X): above the threshold is 1.

    Holes are filled in (Z, Y, X) slice by slice, after components were chosen.
    """
    # scipy's image routines load slowly, and the first picture need not wait for them.
    from core.domain.components import fill_holes, large_components, largest_component

    level = np.uint8(min(max(int(np.floor(post.threshold * 255.0)), 0), 254))
    mask = (probability > level).view(np.uint8)
    if post.largest_component and mask.ndim == 3:
        mask = largest_component(mask)
    elif post.smallest_share and mask.ndim == 3:
        mask = large_components(mask, post.smallest_share)
    return fill_holes(mask) if post.fill_holes and mask.ndim == 3 else mask

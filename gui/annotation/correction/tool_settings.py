"""How the drawing tools draw: what the tool card shows and the tools obey."""

from dataclasses import dataclass
from typing import Literal

Reach = Literal["slice", "lesion", "step"]
DragKind = Literal["scribble", "box"]

SMALLEST, LARGEST = 1, 200
LEAST_SHARE, LARGEST_SHARE = 0.002, 0.5


@dataclass(frozen=True)
class ToolSettings:
    """How the tools draw; `size` is a diameter in mm, in voxels where the spacing is unknown.

    With `ball` the brushes reach into the slices before and behind.

    `window` is half the range the threshold brush takes, `tolerance` that of the flood fill, each
    as a share of the range of grey values in which the channel is shown: the same for images of 8
    and of 16 bit. `through` lets whole lesions be taken and deleted on all slices.

    A guided click reaches its slice, as far as the lesion goes on, or `steps` slices to each side.
    `strength` 0 to 1 says how wide it works, and `drag` what a drag with it means. With `inside`
    it adds nothing outside the brain, or the head where the skull is there.
    """

    size: int = 12
    ball: bool = False
    remove: bool = False
    window: float = 0.14
    tolerance: float = 0.14
    volumetric: bool = False
    through: bool = True
    reach: Reach = "lesion"
    steps: int = 3
    strength: float = 0.5
    drag: DragKind = "scribble"
    inside: bool = False


def grey_text(value: float) -> str:
    """Return a difference of grey values as it is printed."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"

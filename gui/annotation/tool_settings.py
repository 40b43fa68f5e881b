"""How the drawing tools draw: what the tool card shows and the tools obey."""

from dataclasses import dataclass

SMALLEST, LARGEST = 1, 200


@dataclass(frozen=True)
class ToolSettings:
    """How the tools draw; `size` is a diameter in voxels, the others grey values of the channel.

    `window` is half the range the threshold brush takes, `tolerance` that of the flood fill.
    """

    size: int = 12
    remove: bool = False
    window: int = 25
    tolerance: int = 25
    volumetric: bool = False

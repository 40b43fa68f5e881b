"""The tools of the slice view, and what the pointer does with one in hand."""

from dataclasses import dataclass
from typing import Literal

Tool = Literal[
    "pan",
    "window",
    "ruler",
    "ellipse",
    "rectangle",
    "brush",
    "eraser",
    "threshold",
    "lasso",
    "fill",
    "smart",
    "guided",
    "component",
]
ROUND: frozenset[Tool] = frozenset({"brush", "eraser", "threshold", "smart"})
VIEWING: frozenset[Tool] = frozenset({"pan", "window"})
MEASURING: frozenset[Tool] = frozenset({"ruler", "ellipse", "rectangle"})
UNPAINTED = VIEWING | MEASURING
"""Tools that change no mask."""

TouchKind = Literal["press", "move", "release", "double", "cancel"]


@dataclass(frozen=True)
class Touch:
    """What the pointer did with a drawing tool in hand, at (x, y) in voxels.

    `other` is True with the other button or Ctrl held: the tool then does its opposite. `eraser`
    is True for the eraser end of a pen, `pressure` is that of a pen, from 0 to 1.
    """

    kind: TouchKind
    x: float
    y: float
    other: bool = False
    eraser: bool = False
    pressure: float = 1.0

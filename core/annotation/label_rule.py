"""What a tool may write: the label in hand, over what, and what is locked."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Over: TypeAlias = Literal["all", "background", "label"]
"""What a tool writes over: everything, background alone, or one label alone."""


@dataclass(frozen=True)
class LabelRule:
    """How a tool's foreground becomes label values.

    `value` is the label in hand. `over` says what it may replace, `over_value` which label alone;
    no tool changes a voxel whose label is `locked`. Taking away leaves background, and takes away
    the label in hand alone, any label that is not locked where `clears_all`.
    """

    value: int = 1
    over: Over = "all"
    over_value: int = 0
    locked: frozenset[int] = frozenset()
    clears_all: bool = False

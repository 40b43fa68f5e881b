"""What a tool may write: the label in hand, over what, and what is locked.

Tools make patches of 0 and 1. Here alone these become values of a label map.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.annotation.patch import Patch
from core.domain.components import Box, box_slices
from core.domain.label_set import HIGHEST, LabelMap
from core.domain.mask import Mask

Over: TypeAlias = Literal["all", "background", "label"]
"""What a tool writes over: everything, background alone, or one label alone."""

ANY = tuple(range(1, HIGHEST + 1))
"""Every value that a label can have."""

_FEW = 8  # values that are compared one by one as fast as they are looked up in a table

ValueTable: TypeAlias = NDArray[np.uint8]
"""What stands for each of the 256 values a voxel can have."""


@dataclass(frozen=True)
class LabelRule:
    """How a tool's foreground becomes label values.

    `value` is the label in hand. `over` says what it may replace, `over_value` which label alone;
    no tool changes a voxel whose label is `locked`, nor gives one that label. Taking away leaves
    background, and takes away the label in hand alone, any label that is not locked where
    `clears_all`.
    """

    value: int = 1
    over: Over = "all"
    over_value: int = 0
    locked: frozenset[int] = frozenset()
    clears_all: bool = False

    def replaceable(self) -> ValueTable:
        """Return 1 for each value that a label may be written over."""
        found = np.zeros(HIGHEST + 1, np.uint8)
        if self.over == "all":
            found[:] = 1
        else:
            found[0 if self.over == "background" else self.over_value] = 1
        found[list(self.locked)] = 0
        return found

    @property
    def stuck(self) -> bool:
        """True when the label in hand is locked, so that no tool writes it."""
        return self.value in self.locked


FREE = LabelRule()
"""The rule of one label: everything may be written."""


@dataclass(frozen=True, eq=False)
class PatchAim:
    """What the patches of a gesture are of, and how they become values of a label map.

    A patch of 0 and 1 is of the foreground of `values`: a voxel it adds gets `value`, one it takes
    away becomes background. Where `source` (Z, Y, X) has one of `values` that is what an added
    voxel gets. Where `values` is None the patch holds label values themselves. In each case only
    what `rule` allows changes.
    """

    rule: LabelRule = FREE
    values: tuple[int, ...] | None = None
    value: int = 1
    source: LabelMap | None = None

    @cached_property
    def table(self) -> ValueTable:
        """1 for each value that the patches call foreground."""
        return table_of(self.values or ())

    @cached_property
    def _may(self) -> tuple[ValueTable, ValueTable]:
        """Return 1 for what may be written over, and for what may become background."""
        loose = np.ones(HIGHEST + 1, np.uint8)
        loose[list(self.rule.locked)] = 0
        return self.rule.replaceable(), loose

    def ground(self, label_map: LabelMap) -> LabelMap:
        """Return what a tool with this aim works on: 0 and 1, or the values, in the same shape."""
        return label_map if self.values is None else self.table[label_map]

    def written(self, before: LabelMap, box: Box, patch: Mask) -> LabelMap:
        """Return what `before`, the values of `box`, become by the values of a patch of it."""
        wanted = patch if self.values is None else self._valued(before, box, patch)
        replaceable, loose = self._may
        allowed = np.where(wanted == 0, loose[before], replaceable[before] & loose[wanted])
        changed = (wanted != before) & (allowed > 0)
        return np.asarray(np.where(changed, wanted, before), np.uint8)

    def put(self, label_map: LabelMap, patch: Patch | None) -> LabelMap:
        """Return a copy of a label map (Z, Y, X) with a patch put into it."""
        after = label_map.copy()
        if patch is not None:
            where = box_slices(patch.box)
            after[where] = self.written(label_map[where], patch.box, patch.values)
        return after

    def _valued(self, before: LabelMap, box: Box, patch: Mask) -> LabelMap:
        """Return the values that a patch of 0 and 1 asks for."""
        there, wanted = self.table[before] > 0, patch > 0
        added: LabelMap | np.uint8 = np.uint8(self.value)
        if self.source is not None:
            found = self.source[box_slices(box)]
            added = np.where(self.table[found] > 0, found, added)
        kept = np.where(there & ~wanted, np.uint8(0), before)
        return np.asarray(np.where(wanted & ~there, added, kept), np.uint8)


def hand_of(rule: LabelRule) -> PatchAim:
    """Return the aim of patches of the label in hand."""
    return PatchAim(rule, (rule.value,), rule.value)


@dataclass(frozen=True, eq=False)
class Sight:
    """The foreground of some values of a label map, kept in step with it box by box."""

    values: tuple[int, ...]
    mask: Mask

    def follow(self, box: Box, after: LabelMap) -> None:
        """Take over that the voxels of `box` became `after`."""
        self.mask[box_slices(box)] = mask_of(after, self.values)


def sight_of(label_map: LabelMap, values: tuple[int, ...]) -> Sight:
    """Return the foreground of `values` in a label map (Z, Y, X)."""
    return Sight(values, mask_of(label_map, values))


def mask_of(label_map: LabelMap, values: tuple[int, ...]) -> Mask:
    """Return the foreground of `values`, 0 and 1, in the shape of `label_map`."""
    if values == ANY:
        return (label_map > 0).view(np.uint8)
    if not 0 < len(values) <= _FEW:
        return table_of(values)[label_map]
    found: NDArray[np.bool_] = label_map == values[0]
    for value in values[1:]:
        found |= label_map == value
    return found.view(np.uint8)


def table_of(values: tuple[int, ...]) -> ValueTable:
    """Return 1 for each of `values`, 0 for every other one."""
    found = np.zeros(HIGHEST + 1, np.uint8)
    found[list(values)] = 1
    return found

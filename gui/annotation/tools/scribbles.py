"""The scribbles of the smart fill: they stay after a fill, and refine it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotation import regions, smart_fill, strokes
from core.annotation.correction import Correction
from core.annotation.label_rule import PatchAim
from core.annotation.patch import Patch, Point, in_plane, replayed
from core.domain.label_set import LabelMap
from core.domain.plane import Cut
from core.domain.volume import Pixels


@dataclass(frozen=True)
class Scribble:
    """A line through `points` (y, x) of a slice; `kind` is that of a fill.

    It is `size` wide, in what a row and a column are `scale` long.
    """

    cut: Cut
    kind: int
    size: float
    points: list[Point]
    scale: strokes.Scale = (1.0, 1.0)


class Scribbles:
    """What was scribbled on one case, and how much of it the last fill knew."""

    def __init__(self) -> None:
        self._lines: list[Scribble] = []
        self._filled = 0
        self._head: int | None = None

    def __bool__(self) -> bool:
        return bool(self._lines)

    @property
    def lines(self) -> tuple[Scribble, ...]:
        """All lines, in the order they were drawn."""
        return tuple(self._lines)

    def begin(self, line: Scribble) -> None:
        """Draw one more line."""
        self._lines.append(line)

    def clear(self) -> None:
        """Drop all lines."""
        self._lines.clear()
        self._filled, self._head = 0, None

    def pending(self, correction: Correction | None) -> bool:
        """Tell whether a line was drawn that no fill which still stands has heeded."""
        return len(self._lines) > self._known(correction)

    def take_back(self, correction: Correction | None) -> bool:
        """Take the last line back that no fill has heeded; False when there is none."""
        if not self.pending(correction):
            return False
        self._lines.pop()
        return True

    def note_filled(self, head: int) -> None:
        """The fill that led to state `head` has heeded all lines."""
        self._filled, self._head = len(self._lines), head

    def refines(self, correction: Correction | None) -> bool:
        """Tell whether the last edit is a fill by these lines, which another may stand in for."""
        return correction is not None and self._head is not None and correction.head == self._head

    def _known(self, correction: Correction | None) -> int:
        """Return how many lines the fill that stands has heeded; none once it was undone."""
        if self._head is None or correction is None or correction.head < self._head:
            return 0
        return min(self._filled, len(self._lines))


def drawn(lines: tuple[Scribble, ...], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return scribbles as (Z, Y, X): 0 none, 1 inside, 2 outside."""
    found = np.zeros(shape, np.uint8)
    for line in lines:
        plane = line.cut.of(found)
        there = strokes.covered(plane.shape, line.points, line.size, scale=line.scale)
        if there is not None:
            where, block = there
            plane[where][block] = line.kind
    return found


@dataclass(frozen=True, eq=False)
class Again:
    """What a fill stands in for: `back` takes back what an earlier one by the same lines did.

    `aim` is that of its patch where there are several labels.
    """

    back: Patch | None = None
    aim: PatchAim | None = None


def filler(
    pixels: Pixels, lines: tuple[Scribble, ...], *, cut: Cut | None, again: Again
) -> Callable[[LabelMap], Patch | None]:
    """Return the fill of a slice, or of all for None, by `lines` over `pixels` (C, Z, Y, X).

    It makes a patch of label values, which are 0 and 1 where there is one label.
    """
    shape = (pixels.shape[1], pixels.shape[2], pixels.shape[3])
    back, aim = again.back, again.aim

    def make(values: LabelMap) -> Patch | None:
        label_map = values if back is None else replayed(values, back)
        before = label_map if aim is None else aim.ground(label_map)
        if cut is None:
            found = smart_fill.smart_fill_volume(before, pixels, drawn(lines, shape))
        else:
            flat = drawn(tuple(line for line in lines if line.cut == cut), shape)
            scribbled, turned = np.ascontiguousarray(cut.of(flat)), cut.plane.apply(pixels)
            found = in_plane(
                cut.plane,
                lambda mask: smart_fill.smart_fill(mask, turned, scribbled, z=cut.index),
            )(before)
        if back is None and aim is None:
            return found
        if aim is not None:
            return regions.replace(values, aim.put(label_map, found))
        return regions.replace(values, before if found is None else replayed(before, found))

    return make

"""The labels of a slice made ready to draw: an outline for each, and where a label is wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.label_counts import wrong_label
from core.domain.label_set import LabelMap, Region, values_in
from core.domain.plane import Cut
from gui.viewer.drawn.lines import Lines, make_lines

LabelPlane = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class LabelMaps:
    """Label maps (Z, Y, X) of a case: the one that is filled, and the two that are compared."""

    focus: Region
    shown: LabelMap | None = None
    truth: LabelMap | None = None
    judged: LabelMap | None = None


@dataclass(frozen=True, eq=False)
class LabelPicture:
    """Lines in voxels (x, y) of `shape` (Y, X): of each label by value, and of what is wrong.

    `plane` is what the lines are of.
    """

    shape: tuple[int, int]
    plane: LabelPlane | None
    fills: tuple[tuple[int, Lines], ...]
    wrong: Lines
    exact: bool


def make_label_picture(
    maps: LabelMaps, cut: Cut, *, exact: bool, before: LabelPicture | None = None
) -> LabelPicture | None:
    """Return the labels of a slice, None where there is no map; on any thread.

    `before` is a picture of the same slice: the outlines of labels that have not changed are taken
    from it.
    """
    known = next((m for m in (maps.shown, maps.judged, maps.truth) if m is not None), None)
    if known is None:
        return None
    # A copy, for a correction changes where it lies.
    plane = None if maps.shown is None else cut.of(maps.shown).copy()
    height, width = cut.of(known).shape
    return LabelPicture(
        (height, width),
        plane,
        () if plane is None else _fills(plane, before, exact=exact),
        make_lines(_wrong(maps, cut), exact=exact),
        exact,
    )


def _fills(
    plane: LabelPlane, before: LabelPicture | None, *, exact: bool
) -> tuple[tuple[int, Lines], ...]:
    there = values_in(plane)
    kept: dict[int, Lines] = {}
    if before is not None and before.exact != exact:
        before = None
    if before is not None and before.plane is not None and before.plane.shape == plane.shape:
        apart = before.plane != plane
        changed = {*values_in(before.plane[apart]), *values_in(plane[apart])}
        kept = {value: lines for value, lines in before.fills if value not in changed}
    return tuple(
        (value, kept[value] if value in kept else _outline(plane, value, exact=exact))
        for value in there
    )


def _outline(plane: LabelPlane, value: int, *, exact: bool) -> Lines:
    return make_lines((plane == value).view(np.uint8), exact=exact)


def _wrong(maps: LabelMaps, cut: Cut) -> LabelPlane | None:
    if maps.truth is None or maps.judged is None:
        return None
    return wrong_label(cut.of(maps.truth), cut.of(maps.judged), maps.focus)

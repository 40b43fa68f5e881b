"""Smooth, fill of holes, grow and shrink against masks worked out by hand, drawn as they look."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.annotation import regions, shapes, strokes
from core.annotation.patch import Patch
from core.domain.mask import Mask
from tests.core.corrections.acting import put


def plane(*rows: str) -> NDArray[np.uint8]:
    """Return a slice as it is drawn: # is lesion."""
    return np.array([[sign == "#" for sign in row] for row in rows], np.uint8)


def after(before: NDArray[np.uint8], make: object) -> list[str]:
    """Return what a tool makes of a slice, as it looks; the slices beside it stay empty."""
    mask: Mask = np.stack([np.zeros_like(before), before, np.zeros_like(before)])
    found: Patch | None = make(mask)  # type: ignore[operator]
    changed = put(mask, found)
    assert not changed[[0, 2]].any()
    return ["".join("#" if each else "." for each in row) for row in changed[1]]


# An edge with teeth and notches, one in three columns. The Gaussian of 1.5 voxels levels what lies
# so near: a third of a row is less than half and goes, two thirds are more and stay.
ROUGH = (
    *["#" * 14] * 4,
    "##.##.##.##.##",
    ".#..#..#..#...",
    *["." * 14] * 4,
)
LEVEL = (*["#" * 14] * 5, *["." * 14] * 5)

# Two holes, a notch open to the outside, and a hole that a diagonal does not open.
HOLED = (
    "..........",
    ".########.",
    ".#.##..##.",
    ".####..##.",
    ".######.#.",
    ".#####.##.",
    ".###.####.",
    ".###.####.",
    "..........",
)
FILLED = (
    "..........",
    ".########.",
    ".########.",
    ".########.",
    ".########.",
    ".########.",
    ".###.####.",
    ".###.####.",
    "..........",
)

DOT = (".......", ".......", ".......", "...#...", ".......", ".......", ".......")
PLUS = (".......", ".......", "...#...", "..###..", "...#...", ".......", ".......")
DISC = (".......", "...#...", "..###..", ".#####.", "..###..", "...#...", ".......")


def test_smooth_levels_a_rough_outline() -> None:
    assert after(plane(*ROUGH), lambda mask: shapes.smooth(mask, z=1)) == list(LEVEL)


def test_small_holes_are_filled_and_what_is_open_stays_open() -> None:
    assert after(plane(*HOLED), lambda mask: regions.fill_holes(mask, z=1)) == list(FILLED)


@pytest.mark.parametrize(("by", "grown"), [(1, PLUS), (2, DISC)])
def test_grow_takes_the_voxels_within_reach(by: int, grown: tuple[str, ...]) -> None:
    assert after(plane(*DOT), lambda mask: shapes.grow(mask, by=by, z=1)) == list(grown)


@pytest.mark.parametrize(("by", "shrunk"), [(1, PLUS), (2, DOT)])
def test_shrink_takes_the_voxels_within_reach_of_the_outside(
    by: int, shrunk: tuple[str, ...]
) -> None:
    assert after(plane(*DISC), lambda mask: shapes.shrink(mask, by=by, z=1)) == list(shrunk)


# A pen pressed harder and harder: its radius goes from 0.5 at column 1 to 2.5 at column 4. A row
# away from its line a voxel is reached where that is 1 or more, from a quarter of the way on; two
# rows away from three quarters on; behind the end within 2.5 of it.
WEDGE = (
    ".......",
    "....##.",
    "..#####",
    ".######",
    "..#####",
    "....##.",
    ".......",
)


def test_a_pen_pressed_harder_draws_a_wedge() -> None:
    found = after(
        np.zeros((7, 7), np.uint8),
        lambda mask: strokes.stroke(mask, 1, [(3.5, 1.5), (3.5, 4.5)], size=[1.0, 5.0]),
    )
    assert found == list(WEDGE)

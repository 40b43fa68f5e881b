"""A robot reader: clicks at the deepest error it sees, with a tool in hand, and counts.

It knows the ground truth, so its figures say what a tool can do for a reader who knows where to
click. A noisy one misses the place by some pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.annotation import smart_fill, strokes
from core.annotation.click_ground import ClickGround
from core.annotation.guided import Guided
from core.domain.guide import Click, Guide
from core.domain.mask import BoolMask, Mask

SLICE_CLICKS, CASE_CLICKS = 10, 20
"""How often the robot clicks at most: on one slice, and in one case."""

DAB = 8.0
"""Diameter of the brush that a click is compared with, in voxels."""

_SCRIBBLE = 4.0


@dataclass(frozen=True)
class Aim:
    """Where the robot clicks: voxel (z, y, x), and whether lesion is missing there.

    `depth` is the distance from there to the edge of the error, in voxels.
    """

    z: int
    y: int
    x: int
    adds: bool
    depth: float


class Pen(Protocol):
    """A tool in the robot's hand, over one case."""

    def seen(self, z: int) -> BoolMask:
        """Return the foreground (Y, X) of a slice as it is now."""
        ...

    def click(self, aim: Aim) -> None:
        """Use the tool there."""
        ...


@dataclass(frozen=True)
class Clicked:
    """The outcome of one click; `number` 0 is the start, which has no aim and took no time."""

    number: int
    aim: Aim | None
    dsc: float
    seconds: float | None


class GuidedPen:
    """Guided clicks; `reach` is that of `Click`."""

    def __init__(
        self, ground: ClickGround, guide: Guide | None = None, *, reach: int | None, channel: str
    ) -> None:
        self._state = Guided(ground) if guide is None else Guided(ground, guide)
        self._reach, self._channel = reach, channel

    def seen(self, z: int) -> BoolMask:
        """Return the foreground of a slice."""
        return self._state.mask_of(z)

    def click(self, aim: Aim) -> None:
        """Add a click."""
        spots = ((aim.y, aim.x),)
        click = Click(aim.z, spots, aim.adds, reach=self._reach, channel=self._channel)
        self._state = self._state.add(click)


@dataclass
class DabPen:
    """One dab of a round brush, or of the eraser."""

    mask: Mask
    _planes: dict[int, Mask] = field(default_factory=dict)

    def seen(self, z: int) -> BoolMask:
        """Return the foreground of a slice."""
        return np.asarray(self._planes.get(z, self.mask[z]) > 0)

    def click(self, aim: Aim) -> None:
        """Dab once."""
        plane = self.seen(aim.z).astype(np.uint8)
        dab = strokes.covered(plane.shape, [(aim.y + 0.5, aim.x + 0.5)], DAB)
        if dab is not None:
            where, block = dab
            plane[where][block] = int(aim.adds)
        self._planes[aim.z] = plane


@dataclass
class FillPen:
    """Smart fill: a dot at the click and, as it needs both kinds, a ring just beyond the error.

    A reader would have to scribble the ring: this is generous to it.
    """

    mask: Mask
    grey: NDArray[np.generic]
    _planes: dict[int, Mask] = field(default_factory=dict)

    def seen(self, z: int) -> BoolMask:
        """Return the foreground of a slice."""
        return np.asarray(self._planes.get(z, self.mask[z]) > 0)

    def click(self, aim: Aim) -> None:
        """Fill once: what is found is added, or taken away."""
        before = self.seen(aim.z)
        scribbles = np.zeros(before.shape, np.uint8)
        rows, columns = np.ogrid[: before.shape[0], : before.shape[1]]
        apart = np.hypot(rows - aim.y, columns - aim.x)
        radius = 2 * aim.depth + _SCRIBBLE
        scribbles[(apart > radius) & (apart <= radius + 2)] = smart_fill.OUTSIDE
        scribbles[apart <= min(_SCRIBBLE / 2, aim.depth)] = smart_fill.INSIDE
        empty = np.zeros((1, *before.shape), np.uint8)
        pixels = self.grey[np.newaxis, aim.z : aim.z + 1]
        patch = smart_fill.smart_fill(empty, pixels, scribbles, z=0)
        found = np.zeros(before.shape, bool)
        if patch is not None:
            _, _, top, end, left, right = patch.box
            found[top:end, left:right] = patch.values[0] > 0
        after = before | found if aim.adds else before & ~found
        self._planes[aim.z] = after.astype(np.uint8)


def deepest_error(seen: BoolMask, truth: BoolMask, z: int) -> Aim | None:
    """Return the voxel of a slice farthest inside what is wrong; None where nothing is."""
    from scipy import ndimage

    best: Aim | None = None
    for adds, wrong in ((True, truth & ~seen), (False, seen & ~truth)):
        if not wrong.any():
            continue
        depth = ndimage.distance_transform_edt(np.pad(wrong, 1))[1:-1, 1:-1]
        y, x = (int(at) for at in np.unravel_index(int(depth.argmax()), depth.shape))
        if best is None or depth[y, x] > best.depth:
            best = Aim(z, y, x, adds, float(depth[y, x]))
    return best


def off_by(aim: Aim, noise: float, shape: tuple[int, ...], rng: np.random.Generator) -> Aim:
    """Return the aim moved by `noise` voxels in any direction, held within the slice."""
    if not noise:
        return aim
    angle = rng.uniform(0, 2 * np.pi)
    moved = (aim.y + noise * np.sin(angle), aim.x + noise * np.cos(angle))
    y, x = (int(np.clip(round(at), 0, side - 1)) for at, side in zip(moved, shape, strict=True))
    return Aim(aim.z, y, x, aim.adds, aim.depth)


def click_slice(
    pen: Pen, truth: BoolMask, z: int, *, noise: float, rng: np.random.Generator
) -> Iterator[Clicked]:
    """Correct slice `z` towards `truth` (Y, X), until it is right or the clicks are used up."""
    yield Clicked(0, None, dsc(pen.seen(z), truth), None)
    for number in range(1, SLICE_CLICKS + 1):
        aim = deepest_error(pen.seen(z), truth, z)
        if aim is None:
            return
        aim, seconds = _clicked(pen, off_by(aim, noise, truth.shape, rng))
        yield Clicked(number, aim, dsc(pen.seen(z), truth), seconds)


def click_case(
    pen: Pen, truth: Mask, *, noise: float, rng: np.random.Generator
) -> Iterator[Clicked]:
    """Correct a case towards `truth` (Z, Y, X), each click on the slice with most wrong voxels."""
    right = truth > 0
    seen = np.stack([pen.seen(z) for z in range(len(right))])
    yield Clicked(0, None, dsc(seen, right), None)
    for number in range(1, CASE_CLICKS + 1):
        wrong = np.count_nonzero(seen != right, axis=(1, 2))
        z = int(wrong.argmax())
        aim = deepest_error(seen[z], right[z], z)
        if aim is None:
            return
        aim, seconds = _clicked(pen, off_by(aim, noise, right.shape[1:], rng))
        seen = np.stack([pen.seen(z) for z in range(len(right))])
        yield Clicked(number, aim, dsc(seen, right), seconds)


def dsc(seen: BoolMask, truth: BoolMask) -> float:
    """Return the DSC of two regions of any shape; 1 where both are empty."""
    total = np.count_nonzero(seen) + np.count_nonzero(truth)
    return float(2.0 * np.count_nonzero(seen & truth) / total) if total else 1.0


def _clicked(pen: Pen, aim: Aim) -> tuple[Aim, float]:
    started = perf_counter()
    pen.click(aim)
    return aim, perf_counter() - started

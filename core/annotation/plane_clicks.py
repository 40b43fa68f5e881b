"""Clicks on the slices of one plane: each is answered, and carried on while the lesion goes on.

Rows, columns and slices are those of that plane. What clicks in other planes made before is seen
through these slices: the voxels they changed, and those they named, which obey still.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.annotation.click_ground import ClickGround, Scene
from core.domain.components import Box, bounding_box
from core.domain.guide import Click, Guide, Mark, PlaneValues, Window, logit
from core.domain.mask import BoolMask
from core.domain.plane import Cut, Plane

BOUND = 0.881
"""Probability of a marked voxel at least, the logit 2; the complement where it takes away."""

_FADE = 0.8  # slices: how fast the bump fades beyond those it was carried to
_FAR_FADED = 2.0  # slices beyond which nothing is left of it
_STILL, _GOES_ON = 0.25, 0.8  # share of the region, standard deviations of grey
_WHOLE = 0.8  # share of a piece from which a change is more than its edge
_FAINTEST, _KEPT = 0.2, 0.5  # standard deviations of grey, share of the contrast of its own slice
_STRAY = 3.0  # pixels at 256² by which a slice's change may leave that of the slice before
_BESIDE = 6.0  # pixels at 256² by which a click may miss what it is meant for
_FEWEST = 4  # voxels of a change that is carried on


@dataclass(frozen=True, eq=False)
class PlaneClicks:
    """Clicks in one plane that were answered; never changed, only added to.

    `ground` is cut by the plane, `below` are the clicks in other planes, and in this one, that came
    before, oldest first. `planes` are the probabilities (Y, X) of slices that were answered on,
    `touched` the voxels (Y, X) of them that were changed, `marks` what lies on them, oldest first.
    What was answered on the slices `left_out` is known here alone: nobody else sees it.
    """

    ground: ClickGround
    guide: Guide
    plane: Plane
    below: tuple["PlaneClicks", ...] = ()
    planes: Mapping[int, PlaneValues] = field(default_factory=dict)
    touched: Mapping[int, BoolMask] = field(default_factory=dict)
    marks: Mapping[int, tuple[Mark, ...]] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()

    def values(self, z: int) -> PlaneValues:
        """Return the probability (Y, X) of a slice as it is now."""
        found = self.planes.get(z)
        if found is not None:
            return found
        values, cut = self.ground.plane(z), Cut(self.plane, z)
        for clicks in self.below:
            clicks.lay(values, cut)
        return values

    def mask_of(self, z: int) -> BoolMask:
        """Return the foreground (Y, X) of a slice as the clicks that follow find it."""
        found = self.planes.get(z)
        return self._before(z) if found is None else found > 0.5

    def shown(self, z: int) -> BoolMask:
        """Return the foreground (Y, X) of a slice as it is to be."""
        return self._before(z) if z in self.left_out else self.mask_of(z)

    def _before(self, z: int) -> BoolMask:
        """Return the foreground (Y, X) of a slice as these clicks found it."""
        inside: BoolMask = self.ground.mask[z] > 0
        cut = Cut(self.plane, z)
        for clicks in self.below:
            clicks.lay_mask(inside, cut)
        return inside

    def lay(self, values: PlaneValues, cut: Cut) -> None:
        """Put what was changed on a slice of any plane into its probability (Y, X)."""
        for where, found, touched in self._on(cut):
            np.copyto(values[where], found, where=touched)

    def lay_mask(self, inside: BoolMask, cut: Cut) -> None:
        """Put what was changed on a slice of any plane into its foreground (Y, X)."""
        for where, found, touched in self._on(cut):
            np.copyto(inside[where], found > 0.5, where=touched)

    def pins(self, cut: Cut) -> tuple[Mark, ...]:
        """Return the marks that bind voxels on a slice of any plane, oldest first."""
        found = []
        for z, marks in self.marks.items():
            for mark in () if z in self.left_out else marks:
                rows, columns = self._across(z, mark, cut)
                if mark.binds and len(rows):
                    found.append(Mark(rows, columns, mark.adds, mark.strength))
        return tuple(found)

    @property
    def box(self) -> Box | None:
        """The voxels (z, y, x) within which something was changed."""
        found: list[Box] = []
        for z, touched in self.touched.items():
            there = None if z in self.left_out else bounding_box(touched[np.newaxis])
            if there is not None:
                found.append(self.plane.box((z, z + 1, *there[2:]), self._shape))
        if not found:
            return None
        starts, ends = np.array(found)[:, ::2].min(axis=0), np.array(found)[:, 1::2].max(axis=0)
        z0, y0, x0 = (int(start) for start in starts)
        z1, y1, x1 = (int(end) for end in ends)
        return z0, z1, y0, y1, x0, x1

    def on_slice(self, click: Click) -> "PlaneClicks":
        """Return this after a click, answered on its own slice alone."""
        mark = self._mark(click)
        return self._answered(click.z, mark, self.scene.channel(click.channel), None)[0]

    def add(self, click: Click) -> "PlaneClicks":
        """Return this after a click, carried as far as it says."""
        mark, channel = self._mark(click), self.scene.channel(click.channel)
        state, region = self._answered(click.z, mark, channel, None)
        if click.reach != 0 and region is not None:
            for way in (-1, 1):
                state = state._carried(click, mark, region, way)
        return state

    @property
    def scene(self) -> Scene:
        """What is clicked at, cut by the plane."""
        return self.ground.scene

    @property
    def _shape(self) -> tuple[int, int, int]:
        """Shape (Z, Y, X) of the volume."""
        found = [0, 0, 0]
        for side, axis in zip(self.ground.mask.shape, self.plane.turn.axes, strict=True):
            found[axis] = side
        return found[0], found[1], found[2]

    def _on(self, cut: Cut) -> Iterator[tuple[tuple[slice, slice], PlaneValues, BoolMask]]:
        """Yield which rows and columns of a slice lie on slices of this plane, and what is there.

        In another plane these are lines, a voxel wide.
        """
        if cut.plane == self.plane:
            if cut.index in self.planes and cut.index not in self.left_out:
                every = slice(None), slice(None)
                yield every, self.planes[cut.index], self.touched[cut.index]
            return
        shape, axis = self._shape, self.plane.axis
        for z, values in self.planes.items():
            if z in self.left_out:
                continue
            thin = [0, shape[0], 0, shape[1], 0, shape[2]]
            thin[2 * axis], thin[2 * axis + 1] = z, z + 1
            box = (thin[0], thin[1], thin[2], thin[3], thin[4], thin[5])
            _, _, top, end, left, right = cut.plane.cut_box(box, shape)
            line = cut.of(self.plane.undo(values[np.newaxis]))
            touched = cut.of(self.plane.undo(self.touched[z][np.newaxis]))
            yield (slice(top, end), slice(left, right)), line, touched

    def _across(self, z: int, mark: Mark, cut: Cut) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the rows and columns of a slice of any plane where a mark on slice `z` lies."""
        if cut.plane == self.plane:
            return (mark.rows, mark.columns) if cut.index == z else (_NONE, _NONE)
        places = np.stack([np.full_like(mark.rows, z), mark.rows, mark.columns])
        voxels = self.plane.voxels(places, self._shape)
        slices, rows, columns = cut.plane.places(voxels, self._shape)
        here = slices == cut.index
        return rows[here], columns[here]

    def _mark(self, click: Click) -> Mark:
        """Return what a click means on its own slice."""
        rows, columns = (np.array(part, np.intp) for part in zip(*click.spots, strict=True))
        if click.shape != "box":
            return Mark(rows, columns, click.adds, click.strength, inside=click.inside)
        bounds = (int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1)
        if not click.adds:
            inside = np.argwhere(
                self.mask_of(click.z)[bounds[0] : bounds[1], bounds[2] : bounds[3]]
            )
            rows, columns = inside[:, 0] + bounds[0], inside[:, 1] + bounds[2]
            return Mark(rows, columns, False, click.strength, bounds=bounds)
        return self._middle(click, bounds)

    def _middle(self, click: Click, bounds: tuple[int, int, int, int]) -> Mark:
        """Return the voxels in the middle of a box that are as bright as most of them there."""
        top, end, left, right = bounds
        inner = tuple(
            slice(low + (high - low - 1) // 3, high - (high - low - 1) // 3)
            for low, high in ((top, end), (left, right))
        )
        where = (inner[0], inner[1])
        grey = self.scene.grey(click.z, where, self.scene.channel(click.channel))
        apart = np.abs(grey - np.median(grey))
        found = np.argwhere(apart <= np.median(apart))
        rows, columns = found[:, 0] + where[0].start, found[:, 1] + where[1].start
        return Mark(rows, columns, True, click.strength, bounds=bounds, inside=click.inside)

    def _answered(
        self, z: int, mark: Mark, channel: int, near: BoolMask | None
    ) -> tuple["PlaneClicks", BoolMask | None]:
        """Return this after a mark on slice `z`, and the voxels (Y, X) it changed, None for none.

        Beyond `near` nothing changes.
        """
        if not len(mark.rows):
            return self, None
        before = self.values(z)
        rows, columns = self._window(mark, before.shape)
        marks, part = (*self._pinned(z), mark), before[rows, columns]
        shape = (part.shape[0], part.shape[1])
        seen = tuple(_within(each.moved(rows.start, columns.start), shape) for each in marks)
        image, steps = self.scene.image(z, rows, columns), self.scene.steps
        answer = self.guide.answer(Window(part, image, channel, seen, (steps[1], steps[2])))
        answer = np.maximum(answer, part) if mark.adds else np.minimum(answer, part)
        if near is not None:
            answer = np.where(near[rows, columns], answer, part)
        answer = _obeyed(answer, seen)
        answer = np.where(self._barred(z, mark, (rows, columns)), part, answer)
        after = before.copy()
        after[rows, columns] = _joined(answer, part, seen[-1], steps[1:])
        changed = (after > 0.5) != (before > 0.5)
        known = self.touched.get(z)
        touched = np.zeros(after.shape, bool) if known is None else known.copy()
        touched[rows, columns] |= after[rows, columns] != part
        answered = replace(
            self,
            planes={**self.planes, z: after},
            touched={**self.touched, z: touched},
            marks={**self.marks, z: (*self.marks.get(z, ()), mark)},
        )
        return answered, changed if changed.any() else None

    def _barred(self, z: int, mark: Mark, where: tuple[slice, slice]) -> BoolMask | bool:
        """Return the voxels of part of a slice that a mark leaves as they are."""
        barred = self.ground.barred(z)
        kept = False if barred is None else barred[where]
        return kept | ~self.scene.shown[z][where] if mark.inside and mark.adds else kept

    def _pinned(self, z: int) -> tuple[Mark, ...]:
        """Return the marks on a slice, oldest first."""
        cut = Cut(self.plane, z)
        before = (mark for clicks in self.below for mark in clicks.pins(cut))
        return (*before, *self.marks.get(z, ()))

    def _window(self, mark: Mark, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Return the rows and columns in which a mark may change something."""
        if mark.bounds is not None:
            top, end, left, right = mark.bounds
            return slice(top, end), slice(left, right)
        reach = self.guide.reach(mark.strength)
        found = []
        for places, size, side in zip(
            (mark.rows, mark.columns), self.scene.steps[1:], shape, strict=True
        ):
            margin = int(np.ceil(reach / size))
            found.append(
                slice(max(int(places.min()) - margin, 0), min(int(places.max()) + margin + 1, side))
            )
        return found[0], found[1]

    def _carried(self, click: Click, mark: Mark, region: BoolMask, way: int) -> "PlaneClicks":
        """Return this after a click was carried one way from its slice, where it changed `region`.

        What is most of a piece by itself, a lesion missed or invented, goes on where enough of it
        is as bright on the next slice and not yet as the click would have it; there its mark is the
        deepest such voxel. Where a piece ends, and at the edge of a larger one, the bump fades.
        """
        channel = self.scene.channel(click.channel)
        sight = _Sight(channel, *self._look(click.z, region, channel))
        most = len(self.ground.mask) if click.reach is None else click.reach
        state, z = self, click.z
        goes_on = self._share(click.z, region, mark.adds) >= _WHOLE
        while goes_on and abs(z + way - click.z) <= most and 0 <= z + way < len(self.ground.mask):
            seed = state._seed(z + way, region, mark.adds, sight)
            if seed is None or state._share(z + way, region, mark.adds) < _WHOLE:
                break
            z += way
            mark = Mark(*seed, mark.adds, mark.strength, inside=mark.inside)
            near = _widened(region, _STRAY, self.scene.steps[1:])
            state, changed = state._answered(z, mark, channel, near)
            if changed is None or np.count_nonzero(changed) < _FEWEST:
                return state
            region = changed
        return state._faded((z, most - abs(z - click.z)), mark, (region, way), channel)

    def _share(self, z: int, region: BoolMask, adds: bool) -> float:
        """Return how much of the pieces it touches on a slice a region is; 1 where there is none.

        Where a click adds, this is after it: the region belongs to the piece.
        """
        from scipy import ndimage

        seen = self.mask_of(z) | region if adds else self.mask_of(z) | (region & self._was(z))
        pieces, _ = ndimage.label(seen)
        touched = np.unique(pieces[region])
        whole = np.count_nonzero(np.isin(pieces, touched[touched > 0]))
        return np.count_nonzero(region & seen) / whole if whole else 1.0

    def _was(self, z: int) -> BoolMask:
        return np.asarray(self.ground.mask[z] > 0)

    def _faded(
        self, end: tuple[int, int], mark: Mark, last: tuple[BoolMask, int], channel: int
    ) -> "PlaneClicks":
        """Return this after the bump faded beyond slice `end[0]`, at most `end[1]` slices more.

        It is that of the last slice, times exp(−dz²/2·`_FADE`²).
        """
        (z, most), (region, way) = end, last
        at = (mark.rows[len(mark.rows) // 2], mark.columns[len(mark.columns) // 2])
        pair = np.array([self.values(z)[at], self.ground.plane(z)[at]], np.float32)
        amount = abs(float(np.subtract(*logit(pair))))
        near = _widened(region, _STRAY, self.scene.steps[1:])
        state = self
        far = int(np.ceil(_FAR_FADED / self.scene.steps[0]))
        for count in range(1, min(most, far) + 1):
            beyond = z + way * count
            weight = float(np.exp(-((count * self.scene.steps[0]) ** 2) / (2 * _FADE**2)))
            if not 0 <= beyond < len(self.ground.mask):
                break
            soft = replace(mark, weight=weight, amount=amount, bounds=None)
            state, _ = state._answered(beyond, soft, channel, near)
        return state

    def _seed(
        self, z: int, region: BoolMask, adds: bool, sight: "_Sight"
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
        """Return where a click goes on to slice `z`; None where the lesion has ended."""
        from scipy import ndimage

        where = _around(region)
        part = region[where]
        like = np.abs(self.scene.grey(z, where, sight.channel) - sight.level) < _GOES_ON
        left = part & like & (self.mask_of(z)[where] != adds)
        if np.count_nonzero(left) < max(_STILL * np.count_nonzero(part), _FEWEST):
            return None
        there = np.zeros_like(region)
        there[where] = left
        if adds and not sight.still(self._look(z, there, sight.channel)[1]):
            return None
        depth = ndimage.distance_transform_edt(np.pad(left, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        return (
            np.array([row + where[0].start], np.intp),
            np.array([column + where[1].start], np.intp),
        )

    def _look(self, z: int, region: BoolMask, channel: int) -> tuple[float, float]:
        """Return the grey value of a region, and by how much it differs from that of its slice."""
        where = _around(region)
        level = float(np.median(self.scene.grey(z, where, channel)[region[where]]))
        return level, level - self.scene.usual(z, channel)


@dataclass(frozen=True)
class _Sight:
    """How what a click changed looked on its own slice: grey value, and how it stood out there."""

    channel: int
    level: float
    contrast: float

    def still(self, contrast: float) -> bool:
        """Tell whether a region stands out as it did there; one that never did goes nowhere."""
        same = contrast * np.sign(self.contrast)
        return bool(abs(self.contrast) >= _FAINTEST and same >= _KEPT * abs(self.contrast))


def _obeyed(answer: PlaneValues, marks: Sequence[Mark]) -> PlaneValues:
    """Return the answer with every marked voxel as the newest mark on it says."""
    held = np.array(answer, np.float32)
    wanted = np.zeros(answer.shape, np.int8)
    for mark in marks:
        if mark.binds:
            wanted[mark.rows, mark.columns] = mark.sign
    held[wanted > 0] = np.maximum(held[wanted > 0], BOUND)
    held[wanted < 0] = np.minimum(held[wanted < 0], 1 - BOUND)
    return held


def _joined(
    answer: PlaneValues, before: PlaneValues, mark: Mark, step: tuple[float, float]
) -> PlaneValues:
    """Return the answer with only those changes that hang together with marked voxels.

    Where no marked voxel changes, as of a click beside the error, with what begins within
    `_BESIDE` of one; a voxel is `step` of what that is counted in.
    """
    from scipy import ndimage

    pieces, count = ndimage.label((answer > 0.5) != (before > 0.5), np.ones((3, 3)))
    kept = np.unique(pieces[mark.rows, mark.columns])
    if not kept.any() and count and len(mark.rows):
        free = np.ones(pieces.shape, bool)
        free[mark.rows, mark.columns] = False
        kept = np.unique(pieces[ndimage.distance_transform_edt(free, step) <= _BESIDE])
    loose = (pieces > 0) & ~np.isin(pieces, kept[kept > 0])
    return np.where(loose, before, answer) if loose.any() else answer


def _within(mark: Mark, shape: tuple[int, int]) -> Mark:
    """Return the part of a mark that lies in a window."""
    inside = (mark.rows >= 0) & (mark.rows < shape[0])
    inside &= (mark.columns >= 0) & (mark.columns < shape[1])
    return replace(mark, rows=mark.rows[inside], columns=mark.columns[inside])


def _widened(region: BoolMask, by: float, step: tuple[float, float]) -> BoolMask:
    """Return a region (Y, X) with all voxels within `by` of it, in what a voxel is `step` of."""
    from scipy import ndimage

    where = _around(region, (int(np.ceil(by / step[0])), int(np.ceil(by / step[1]))))
    wide = np.zeros_like(region)
    wide[where] = ndimage.distance_transform_edt(~region[where], step) <= by
    return wide


def _around(region: BoolMask, margins: tuple[int, int] = (0, 0)) -> tuple[slice, slice]:
    """Return the rows and columns of a region (Y, X), which is not empty, and margins."""
    box = bounding_box(region[np.newaxis])
    assert box is not None, "it was changed"
    rows, columns = (
        slice(max(start - margin, 0), end + margin)
        for start, end, margin in zip(box[2::2], box[3::2], margins, strict=True)
    )
    return rows, columns


_NONE = np.zeros(0, np.intp)

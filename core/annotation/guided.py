"""A correction by clicks: each is answered on its slice and carried on while the lesion goes on.

Whoever the guide is, five things hold. Nothing changes beyond the window around a mark. What
changes hangs together with the mark. A click that adds takes nothing away, and the reverse.
Marked voxels are as the newest click on them says, also after later clicks elsewhere. Where no
click was made the mask is the one there was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.annotation.bump import Bump
from core.annotation.patch import Patch, changes, joined_box
from core.domain.components import Box, bounding_box, box_slices
from core.domain.guide import Click, Guide, Mark, PlaneValues, Window, logit, pixel_steps, sigmoid
from core.domain.mask import Mask
from core.domain.volume import Pixels

Region = NDArray[np.bool_]

BOUND = 0.881
"""Probability of a marked voxel at least, the logit 2; the complement where it takes away."""

_SURE = 3.0  # logit far inside or outside a mask that comes without a probability
_SOFT = 2.0  # pixels at 256² from the outline of such a mask, a logit
_HEAD = 0.1  # share of a channel's maximum above which it shows the head
_SAMPLE = 2_000_000  # voxels of a channel that are counted for its normalisation
_FADE = 0.8  # slices: how fast the bump fades beyond those it was carried to
_FAR_FADED = 2.0  # slices beyond which nothing is left of it
_STILL, _GOES_ON = 0.25, 0.8  # share of the region, standard deviations of grey
_WHOLE = 0.8  # share of a piece from which a change is more than its edge
_FAINTEST, _KEPT = 0.2, 0.5  # standard deviations of grey, share of the contrast of its own slice
_STRAY = 3.0  # pixels at 256² by which a slice's change may leave that of the slice before
_FEWEST = 4  # voxels of a change that is carried on


@dataclass(frozen=True, eq=False)
class Scene:
    """What is clicked at: `pixels` (C, Z, Y, X), and the size of a voxel as `pixel_steps` says."""

    pixels: Pixels
    channels: tuple[str, ...]
    spacing_mm: tuple[float, float, float] | None = None

    @cached_property
    def steps(self) -> tuple[float, float, float]:
        """Size of a voxel (z, y, x): in slices, and in pixels at 256²."""
        return pixel_steps(self.pixels.shape, self.spacing_mm)

    @cached_property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """Mean and standard deviation of the foreground of each channel."""
        return tuple(_scale(channel) for channel in self.pixels)

    @cached_property
    def _tops(self) -> tuple[float, ...]:
        return tuple(float(channel.max(initial=0)) for channel in self.pixels)

    def channel(self, name: str) -> int:
        """Return the number of a channel; the first where there is none of that name."""
        return self.channels.index(name) if name in self.channels else 0

    def image(self, z: int, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Return the normalised channels around part of slice `z` (C, 3, Y, X)."""
        last = self.pixels.shape[1] - 1
        about = [max(z - 1, 0), z, min(z + 1, last)]
        cut = self.pixels[:, about, rows, columns].astype(np.float32)
        mean, spread = np.array(self.scales, np.float32).T.reshape(2, -1, 1, 1, 1)
        return np.asarray((cut - mean) / spread, np.float32)

    def usual(self, z: int, channel: int) -> float:
        """Return the median of the head on a slice, normalised; every other row and column."""
        plane = self.pixels[channel, z, ::2, ::2]
        head = plane[plane > _HEAD * self._tops[channel]]
        mean, spread = self.scales[channel]
        return (float(np.median(head)) - mean) / spread if head.size else 0.0

    def grey(self, z: int, where: tuple[slice, slice], channel: int) -> PlaneValues:
        """Return a normalised channel of part of a slice (Y, X)."""
        mean, spread = self.scales[channel]
        plane = self.pixels[channel, z][where].astype(np.float32)
        return np.asarray((plane - mean) / spread, np.float32)


@dataclass(frozen=True, eq=False)
class ClickGround:
    """What clicks correct: a mask (Z, Y, X) and, where there is one, the probability behind it.

    `probability` (Z, Y, X) is uint8, 255 times that of foreground, and `threshold` its cut. Where
    the two disagree, as after a correction by hand, the mask is right. Without a probability the
    distance to the outline stands for it.
    """

    scene: Scene
    mask: Mask
    probability: NDArray[np.uint8] | None = None
    threshold: float = 0.5

    @cached_property
    def _table(self) -> PlaneValues:
        """Return the logit above the threshold of each of 256 probabilities."""
        level = min(max(int(np.floor(self.threshold * 255.0)), 0), 254)
        found = logit(np.asarray((np.arange(256) + 0.5) / 256, np.float32))
        cut = logit(np.asarray([(level + 1) / 256], np.float32))
        return np.asarray(found - cut, np.float32)

    def plane(self, z: int) -> PlaneValues:
        """Return the probability (Y, X) of a slice; above one half is foreground, exactly."""
        inside = self.mask[z] > 0
        if self.probability is None:
            return sigmoid(_from_outline(inside, self.scene.steps[1:]))
        logits = self._table[self.probability[z]]
        wrong = (logits > 0) != inside
        if wrong.any():
            logits[wrong] = _from_outline(inside, self.scene.steps[1:])[wrong]
        return sigmoid(logits)


@dataclass(frozen=True, eq=False)
class Guided:
    """A ground and the clicks that were answered on it so far; never changed, only added to.

    `planes` are the probabilities (Y, X) of slices that a click was answered on, `marks` what lies
    on them, oldest first.
    """

    ground: ClickGround
    guide: Guide = field(default_factory=Bump)
    clicks: tuple[Click, ...] = ()
    planes: Mapping[int, PlaneValues] = field(default_factory=dict)
    marks: Mapping[int, tuple[Mark, ...]] = field(default_factory=dict)

    def plane(self, z: int) -> PlaneValues:
        """Return the probability (Y, X) of a slice as it is now."""
        found = self.planes.get(z)
        return self.ground.plane(z) if found is None else found

    def mask_of(self, z: int) -> Region:
        """Return the foreground (Y, X) of a slice as it is now."""
        found = self.planes.get(z)
        return self.ground.mask[z] > 0 if found is None else found > 0.5

    def on_slice(self, click: Click) -> "Guided":
        """Return this after a click, answered on its own slice alone."""
        mark = self._mark(click)
        return self._answered(click.z, mark, self.scene.channel(click.channel), None)[0]

    def add(self, click: Click) -> "Guided":
        """Return this after a click, carried as far as it says."""
        mark, channel = self._mark(click), self.scene.channel(click.channel)
        state, region = self._answered(click.z, mark, channel, None)
        if click.reach != 0 and region is not None:
            for way in (-1, 1):
                state = state._carried(click, mark, region, way)
        return replace(state, clicks=(*self.clicks, click))

    @cached_property
    def counts(self) -> Mapping[int, tuple[int, int]]:
        """How many voxels were added and taken away, by slice, in order; of those that changed."""
        found = {}
        for z in sorted(self.planes):
            after, before = self.planes[z] > 0.5, self.ground.mask[z] > 0
            pair = np.count_nonzero(after & ~before), np.count_nonzero(before & ~after)
            if any(pair):
                found[z] = (int(pair[0]), int(pair[1]))
        return found

    def patch(self, mask: Mask | None = None) -> Patch | None:
        """Return what leads from `mask`, the ground's by default, to the mask as it is now."""
        before = self.ground.mask if mask is None else mask
        box: Box | None = None
        for z, plane in self.planes.items():
            there = bounding_box(((plane > 0.5) != (before[z] > 0))[np.newaxis])
            box = joined_box(box, None if there is None else (z, z + 1, *there[2:]))
        if box is None:
            return None
        values = (before[box_slices(box)] > 0).astype(np.uint8)
        _, rows, columns = box_slices(box)
        for z in range(box[0], box[1]):
            if z in self.planes:
                values[z - box[0]] = self.planes[z][rows, columns] > 0.5
        return changes(before, box, values)

    @property
    def scene(self) -> Scene:
        """What is clicked at."""
        return self.ground.scene

    def _mark(self, click: Click) -> Mark:
        """Return what a click means on its own slice."""
        rows, columns = (np.array(part, np.intp) for part in zip(*click.spots, strict=True))
        if click.shape != "box":
            return Mark(rows, columns, click.adds, click.strength)
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
        return Mark(rows, columns, True, click.strength, bounds=bounds)

    def _answered(
        self, z: int, mark: Mark, channel: int, near: Region | None
    ) -> tuple["Guided", Region | None]:
        """Return this after a mark on slice `z`, and the voxels (Y, X) it changed, None for none.

        Beyond `near` nothing changes.
        """
        if not len(mark.rows):
            return self, None
        before = self.plane(z)
        rows, columns = self._window(mark, before.shape)
        marks = (*self.marks.get(z, ()), mark)
        part = before[rows, columns]
        height, width = part.shape
        seen = tuple(
            _within(each.moved(rows.start, columns.start), (height, width)) for each in marks
        )
        image = self.scene.image(z, rows, columns)
        window = Window(part, image, channel, seen, (self.scene.steps[1], self.scene.steps[2]))
        answer = self.guide.answer(window)
        answer = np.maximum(answer, part) if mark.adds else np.minimum(answer, part)
        if near is not None:
            answer = np.where(near[rows, columns], answer, part)
        after = before.copy()
        after[rows, columns] = _joined(_obeyed(answer, seen), part, seen[-1])
        planes, kept = {**self.planes, z: after}, {**self.marks, z: marks}
        changed = (after > 0.5) != (before > 0.5)
        return replace(self, planes=planes, marks=kept), changed if changed.any() else None

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

    def _carried(self, click: Click, mark: Mark, region: Region, way: int) -> "Guided":
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
            mark = Mark(*seed, mark.adds, mark.strength)
            near = _widened(region, _STRAY / max(self.scene.steps[1:]))
            state, changed = state._answered(z, mark, channel, near)
            if changed is None or np.count_nonzero(changed) < _FEWEST:
                return state
            region = changed
        return state._faded((z, most - abs(z - click.z)), mark, (region, way), channel)

    def _share(self, z: int, region: Region, adds: bool) -> float:
        """Return how much of the pieces it touches on a slice a region is; 1 where there is none.

        Where a click adds, this is after it: the region belongs to the piece.
        """
        from scipy import ndimage

        seen = self.mask_of(z) | region if adds else self.mask_of(z) | (region & self._was(z))
        pieces, _ = ndimage.label(seen)
        touched = np.unique(pieces[region])
        whole = np.count_nonzero(np.isin(pieces, touched[touched > 0]))
        return np.count_nonzero(region & seen) / whole if whole else 1.0

    def _was(self, z: int) -> Region:
        return np.asarray(self.ground.mask[z] > 0)

    def _faded(
        self, end: tuple[int, int], mark: Mark, last: tuple[Region, int], channel: int
    ) -> "Guided":
        """Return this after the bump faded beyond slice `end[0]`, at most `end[1]` slices more.

        It is that of the last slice, times exp(−dz²/2·`_FADE`²).
        """
        (z, most), (region, way) = end, last
        at = (mark.rows[len(mark.rows) // 2], mark.columns[len(mark.columns) // 2])
        pair = np.array([self.plane(z)[at], self.ground.plane(z)[at]], np.float32)
        amount = abs(float(np.subtract(*logit(pair))))
        near = _widened(region, _STRAY / max(self.scene.steps[1:]))
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
        self, z: int, region: Region, adds: bool, sight: "_Sight"
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
        """Return where a click goes on to slice `z`; None where the lesion has ended."""
        from scipy import ndimage

        where = _around(region, 0)
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

    def _look(self, z: int, region: Region, channel: int) -> tuple[float, float]:
        """Return the grey value of a region, and by how much it differs from that of its slice."""
        where = _around(region, 0)
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


def guided(ground: ClickGround, clicks: Sequence[Click], guide: Guide | None = None) -> Guided:
    """Return the clicks answered one after the other on a ground: also those made on another."""
    state = Guided(ground, guide or Bump())
    depth, height, width = ground.mask.shape
    for click in clicks:
        if click.z < depth and all(y < height and x < width for y, x in click.spots):
            state = state.add(click)
    return state


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


def _joined(answer: PlaneValues, before: PlaneValues, mark: Mark) -> PlaneValues:
    """Return the answer with only those changes that hang together with marked voxels.

    Where no marked voxel changes, as of a click beside the error, all changes stay.
    """
    from scipy import ndimage

    pieces, count = ndimage.label((answer > 0.5) != (before > 0.5), np.ones((3, 3)))
    marked = np.unique(pieces[mark.rows, mark.columns])
    marked = marked[marked > 0]
    if count <= len(marked) or not len(marked):
        return answer
    loose = (pieces > 0) & ~np.isin(pieces, marked)
    return np.where(loose, before, answer)


def _within(mark: Mark, shape: tuple[int, int]) -> Mark:
    """Return the part of a mark that lies in a window."""
    inside = (mark.rows >= 0) & (mark.rows < shape[0])
    inside &= (mark.columns >= 0) & (mark.columns < shape[1])
    return replace(mark, rows=mark.rows[inside], columns=mark.columns[inside])


def _from_outline(inside: Region, step: tuple[float, float]) -> PlaneValues:
    """Return the logits (Y, X) of a mask alone: the distance to its outline, held to ±`_SURE`."""
    found = np.full(inside.shape, -_SURE, np.float32)
    box = bounding_box(inside[np.newaxis])
    if box is None:
        return found
    from scipy import ndimage

    margins = [int(np.ceil(_SURE * _SOFT / size)) + 1 for size in step]
    where = tuple(
        slice(max(start - margin, 0), end + margin)
        for start, end, margin in zip(box[2::2], box[3::2], margins, strict=True)
    )
    part = inside[where]
    half = min(step) / 2
    depth = ndimage.distance_transform_edt(np.pad(part, 1, mode="edge"), step)[1:-1, 1:-1]
    apart = ndimage.distance_transform_edt(~part, step)
    logits = np.where(part, depth - half, half - apart) / _SOFT
    found[where] = np.clip(logits, -_SURE, _SURE)
    return found


def _widened(region: Region, by: float) -> Region:
    """Return a region (Y, X) with all voxels within `by` voxels of it."""
    from scipy import ndimage

    where = _around(region, int(np.ceil(by)))
    wide = np.zeros_like(region)
    wide[where] = ndimage.distance_transform_edt(~region[where]) <= by
    return wide


def _around(region: Region, margin: int) -> tuple[slice, slice]:
    """Return the rows and columns of a region (Y, X), which is not empty, and a margin."""
    box = bounding_box(region[np.newaxis])
    assert box is not None, "it was changed"
    rows, columns = (
        slice(max(start - margin, 0), end + margin)
        for start, end in zip(box[2::2], box[3::2], strict=True)
    )
    return rows, columns


def _scale(channel: Pixels) -> tuple[float, float]:
    """Return mean and standard deviation of a channel above a tenth of its maximum.

    Values above the 99.5th percentile of those count as it.
    """
    stride = max(1, channel.size // _SAMPLE)
    values = channel.reshape(-1)[::stride].astype(np.float32)
    head = values[values > _HEAD * float(values.max(initial=0.0))]
    if not head.size:
        return 0.0, 1.0
    head = np.minimum(head, np.percentile(head, 99.5))
    spread = float(head.std())
    return float(head.mean()), spread if spread > 0 else 1.0

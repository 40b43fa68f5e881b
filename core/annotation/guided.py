"""A correction by clicks: each is answered on its slice and carried on while the lesion goes on.

Whoever the guide is, and in whatever plane clicks are made, six things hold. Nothing changes beyond
the window around a mark. What changes hangs together with the mark. A click that adds takes nothing
away, and the reverse. Marked voxels are as the newest click on them says, also after later clicks
elsewhere. What the rule of labels keeps stays. Where no click was made, and on slices that are left
out, the mask is the one there was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from core.annotation.bump import Bump
from core.annotation.click_ground import ClickGround, Scene
from core.annotation.patch import Patch, changes, joined_box
from core.annotation.plane_clicks import PlaneClicks
from core.domain.components import Box, box_slices
from core.domain.guide import Click, Guide, guide_in
from core.domain.mask import BoolMask, Mask
from core.domain.metrics import overlap
from core.domain.plane import AXIAL, PLANES, Cut, PlaneName

ClickCounts = Mapping[int, tuple[int, int]]
"""How many voxels were added and taken away, by slice, in order; of those that changed."""


@dataclass(frozen=True, eq=False)
class Guided:
    """A ground and the clicks that were answered on it so far; never changed, only added to.

    `runs` are the clicks in turn: those that follow each other in one plane, and leave out the
    same slices of it, as one.
    """

    ground: ClickGround
    guide: Guide = field(default_factory=Bump)
    clicks: tuple[Click, ...] = ()
    runs: tuple[PlaneClicks, ...] = ()

    def mask_of(self, where: int | Cut) -> BoolMask:
        """Return the foreground (Y, X) of an axial slice, or of any other, as it is now."""
        cut = where if isinstance(where, Cut) else Cut(AXIAL, where)
        if self.runs and self.runs[-1].plane == cut.plane:
            return self.runs[-1].shown(cut.index)
        inside = cut.of(self.ground.mask) > 0
        for run in self.runs:
            run.lay_mask(inside, cut)
        return inside

    def dsc(self, cut: Cut, truth: BoolMask) -> tuple[float, float] | None:
        """Return the DSC of a slice with its truth (Y, X), as the mask was and as it is now.

        None where one of the two masks is as empty as the truth.
        """
        masks = cut.of(self.ground.mask) > 0, self.mask_of(cut)
        was, now = (overlap(truth[np.newaxis], mask[np.newaxis]) for mask in masks)
        there = all(each.truth_voxels or each.predicted_voxels for each in (was, now))
        return (was.dsc, now.dsc) if there else None

    def on_slice(self, click: Click) -> "Guided":
        """Return this after a click, answered on its own slice alone."""
        before, run = self._run(click)
        return replace(self, runs=(*before, run.on_slice(click)))

    def add(self, click: Click) -> "Guided":
        """Return this after a click, carried as far as it says."""
        before, run = self._run(click)
        return replace(self, clicks=(*self.clicks, click), runs=(*before, run.add(click)))

    def leaving_out(self, clicks: tuple[Click, ...]) -> "Guided | None":
        """Return the same as if `clicks`, which differ in what they leave out alone, had been made.

        None where they would have to be answered anew: where later clicks saw what is left out.
        """
        if len(self.runs) != 1 or len({click.left_out for click in clicks}) != 1:
            return None
        run = replace(self.runs[0], left_out=clicks[0].left_out)
        return replace(self, clicks=clicks, runs=(run,))

    @property
    def reached(self) -> Mapping[PlaneName, ClickCounts]:
        """What changes by slice, in each plane, with what is left out: see `tallies`."""
        return (self._whole or self).tallies

    @property
    def reached_box(self) -> Box | None:
        """The voxels (z, y, x) whose foreground changes, with what is left out; None for none."""
        found: list[int] = []
        for name in sorted(self.reached, key=lambda name: PLANES[name].axis):
            slices = self.reached[name]
            if not slices:
                return None
            found += [min(slices), max(slices) + 1]
        return found[0], found[1], found[2], found[3], found[4], found[5]

    def reached_mask(self, cut: Cut) -> BoolMask:
        """Return the foreground (Y, X) of a slice as if it were not left out."""
        return (self._whole or self).mask_of(cut)

    @cached_property
    def _whole(self) -> "Guided | None":
        """The same with nothing left out; None where nothing is."""
        if not any(run.left_out for run in self.runs):
            return None
        return replace(self, runs=tuple(replace(run, left_out=()) for run in self.runs))

    @property
    def counts(self) -> ClickCounts:
        """What changed by axial slice."""
        return self.tallies["axial"]

    @cached_property
    def tallies(self) -> Mapping[PlaneName, ClickCounts]:
        """What changed by slice, in each plane."""
        box = self.box
        if box is None:
            return {name: {} for name in PLANES}
        before, after = self.ground.mask[box_slices(box)] > 0, self._after > 0
        added, taken = after & ~before, before & ~after
        found: dict[PlaneName, ClickCounts] = {}
        for name, plane in PLANES.items():
            others = tuple(axis for axis in range(3) if axis != plane.axis)
            pairs = zip(
                added.sum(axis=others).tolist(), taken.sum(axis=others).tolist(), strict=True
            )
            found[name] = {
                index: pair
                for index, pair in enumerate(pairs, start=box[2 * plane.axis])
                if any(pair)
            }
        return found

    def patch(self, mask: Mask | None = None) -> Patch | None:
        """Return what leads from `mask`, the ground's by default, to the mask as it is now."""
        box = self.box
        if box is None:
            return None
        if mask is None:
            return changes(self.ground.mask, box, self._after)
        return changes(mask, box, self._laid(mask, box))

    @property
    def scene(self) -> Scene:
        """What is clicked at."""
        return self.ground.scene

    def _run(self, click: Click) -> tuple[tuple[PlaneClicks, ...], PlaneClicks]:
        """Return the runs before, and the one that a click is part of."""
        plane, out = PLANES[click.plane], click.left_out
        if self.runs and (self.runs[-1].plane, self.runs[-1].left_out) == (plane, out):
            return self.runs[:-1], self.runs[-1]
        guide = guide_in(self.guide, click.plane)
        ground = self.ground.cut(plane)
        return self.runs, PlaneClicks(ground, guide, plane, self.runs, left_out=out)

    @cached_property
    def box(self) -> Box | None:
        """The voxels within which something was changed; None where nothing was."""
        box: Box | None = None
        for run in self.runs:
            box = joined_box(box, run.box)
        return box

    @cached_property
    def _after(self) -> Mask:
        """The mask within the box as it is now."""
        assert self.box is not None, "something was changed"
        return self._laid(self.ground.mask, self.box)

    def _laid(self, mask: Mask, box: Box) -> Mask:
        """Return what `mask` becomes within a box."""
        values = (mask[box_slices(box)] > 0).astype(np.uint8)
        shape = self.ground.mask.shape
        for run in self.runs:
            turned = run.plane.apply(values)
            first, _, top, end, left, right = run.plane.cut_box(box, shape)
            for index, touched in run.touched.items():
                if 0 <= index - first < len(turned) and index not in run.left_out:
                    np.copyto(
                        turned[index - first],
                        run.planes[index][top:end, left:right] > 0.5,
                        where=touched[top:end, left:right],
                    )
        return values


def guided(ground: ClickGround, clicks: Sequence[Click], guide: Guide | None = None) -> Guided:
    """Return the clicks answered one after the other on a ground: also those made on another."""
    state = Guided(ground, guide or Bump())
    for click in clicks:
        depth, height, width = PLANES[click.plane].turned(ground.mask.shape)
        if click.z < depth and all(y < height and x < width for y, x in click.spots):
            state = state.add(click)
    return state

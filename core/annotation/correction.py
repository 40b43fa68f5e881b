"""A correction being edited: its values, the gesture in hand, its history and live figures.

What has one label is a mask, and `mask` and `label_map` are the same array. What has several is a
label map; `mask` is the foreground of the region in focus then, kept in step box by box, and the
patches of tools become values by the rule of `core.annotation.label_rule`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.annotation.draft import Clicks, Draft, Origin, Snapshot, Step, StepKind, is_plain
from core.annotation.history import Edit, box_shape, make_edit, unpack
from core.annotation.label_rule import (
    ANY,
    FREE,
    LabelRule,
    PatchAim,
    Sight,
    hand_of,
    mask_of,
    sight_of,
)
from core.annotation.live_figures import Figures, LiveFigures, References
from core.annotation.patch import Patch, joined_box
from core.domain.components import Box, box_slices
from core.domain.label_set import LabelMap, LabelSet, Region
from core.domain.mask import Mask
from core.domain.metrics import SliceCounts
from core.domain.plane import AXIAL, Cut, PlaneName

LONGEST_EDIT_PAUSE_SECONDS = 20.0
"""A pause between two actions counts as time spent up to this long."""

WHOLE = Region("Whole", (1,))
"""The one region of a mask."""

Of = Literal["hand", "focus", "any", "map", "exact"]
"""What patches are of: the label in hand, the region in focus, all labels, or values themselves.

Those of `map` are held to the rule, those of `exact` are put as they are.
"""

_SIGHTS = 3  # foregrounds kept in step: of the focus, of the label in hand, and of the one before


@dataclass(frozen=True, eq=False)
class Writes:
    """What an edit is of, and what is kept with it.

    Where the region in focus grows, `source` (Z, Y, X) says which of its labels it gets. `clicks`
    are those that it came of.
    """

    of: Of = "hand"
    source: LabelMap | None = None
    clicks: Clicks = ()


HAND = Writes()
"""An edit of the label in hand."""


@dataclass
class _Gesture:
    """What is painted between `begin` and `end`; `before` are the values `box` had."""

    tool: str
    z: int
    aim: PatchAim | None
    plane: PlaneName
    box: Box | None = None
    before: LabelMap | None = None

    def keep(self, label_map: LabelMap, box: Box) -> None:
        """Keep what is in `box` as it is, where the gesture has not been yet."""
        joined = joined_box(self.box, box)
        if joined == self.box or joined is None:
            return
        before = label_map[box_slices(joined)].copy()
        if self.box is not None and self.before is not None:
            inner = [side - joined[axis // 2 * 2] for axis, side in enumerate(self.box)]
            before[box_slices((inner[0], inner[1], inner[2], inner[3], inner[4], inner[5]))] = (
                self.before
            )
        self.box, self.before = joined, before


@dataclass(frozen=True, eq=False)
class FocusView:
    """A correction seen as one region of it: its foreground and figures at `revision`."""

    region: Region
    sight: Sight
    figures: LiveFigures
    revision: int


@dataclass(frozen=True, eq=False)
class HandView:
    """The foreground of the label in hand of a correction at `revision`."""

    sight: Sight
    revision: int


class Correction:
    """Edits a mask gesture by gesture; used from one thread.

    Every method that changes the mask for good returns a `Step` for the journal. Where there are
    several labels, `focus` is the region that mask, figures and references are of, all of them
    where none is named. `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        draft: Draft,
        references: References,
        *,
        focus: Region | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.case_id = draft.case_id
        self.origin: Origin = draft.origin
        self.revision = 0
        self._start = draft.start
        self._map: LabelMap = np.array(draft.mask)
        self._labels = draft.labels
        self._rule = FREE
        self._plain = draft.is_mask
        self._history = draft.history
        self._counter = draft.counter
        self._saved_head = draft.saved_head
        self._exported: tuple[int, str] | None = None
        self._focus = WHOLE if self._plain else focus or Region("Whole", draft.labels.values)
        self._sights: list[Sight] = []
        start = self._start
        if not self._plain:
            self._sights = [sight_of(self._map, self._focus.values)]
            start = mask_of(self._start, self._focus.values)
        self._figures = LiveFigures(start, self.mask, references)
        self._gesture: _Gesture | None = None
        self._clock = clock
        self._last_action: float | None = None
        self._seconds = draft.seconds

    @property
    def mask(self) -> Mask:
        """The region in focus (Z, Y, X) as it is now, a read-only view that follows each change."""
        return _read_only(self._map if self._plain else self._sights[0].mask)

    @property
    def label_map(self) -> LabelMap:
        """The label values (Z, Y, X) as they are now, a read-only view that follows each change."""
        return _read_only(self._map)

    @property
    def start(self) -> LabelMap:
        """The label values (Z, Y, X) it began with, read-only."""
        return self._start

    @property
    def labels(self) -> LabelSet:
        """What the values mean."""
        return self._labels

    @property
    def several(self) -> bool:
        """True when it is a label map, False for a mask."""
        return not self._plain

    @property
    def focus(self) -> Region:
        """The region that `mask` and the figures are of."""
        return self._focus

    @property
    def rule(self) -> LabelRule:
        """What tools may write where nothing else is said."""
        return self._rule

    def set_rule(self, rule: LabelRule) -> None:
        """Have the gestures that are begun from now on write so."""
        self._rule = rule

    def aim(
        self, of: Of = "hand", *, rule: LabelRule | None = None, source: LabelMap | None = None
    ) -> PatchAim | None:
        """Return what patches of a gesture begun now are of; None where there is one label.

        What is added to the region in focus gets its label in `source` (Z, Y, X), else the label in
        hand if the region has it, else the first of the region.
        """
        rule = rule or self._rule
        if self._plain:
            return None
        if of == "hand":
            return hand_of(rule)
        if of in ("map", "exact"):
            return PatchAim(rule if of == "map" else FREE)
        values = ANY if of == "any" else self._focus.values
        loose = [value for value in values if value not in rule.locked] or values
        value = rule.value if rule.value in values else loose[0]
        return PatchAim(rule, values, value, source)

    def ground(self, aim: PatchAim | None) -> LabelMap:
        """Return what tools of that aim work on (Z, Y, X), read-only; it follows each change."""
        if aim is None or aim.values is None:
            return self.label_map
        return _read_only(self._sight(aim.values).mask)

    @property
    def under_hand(self) -> LabelMap:
        """What the gesture in hand works on, as `ground` has it; the mask without one."""
        return self.mask if self._gesture is None else self.ground(self._gesture.aim)

    @property
    def sees_hand(self) -> bool:
        """True when a gesture of the label in hand can begin at once, whatever the size."""
        values = (self._rule.value,)
        return self._plain or any(sight.values == values for sight in self._sights)

    def hand_view(self) -> HandView:
        """Return the foreground of the label in hand, to be kept by `see_hand`.

        It goes over the whole volume and changes nothing, so that a worker can do it.
        """
        revision = self.revision
        return HandView(sight_of(self._map, (self._rule.value,)), revision)

    def see_hand(self, view: HandView) -> bool:
        """Keep a foreground in step from now on; False when it has changed meanwhile."""
        if self._plain or view.revision != self.revision:
            return False
        self._add(view.sight)
        return True

    def call(self, labels: LabelSet) -> None:
        """Take over what a reader calls the labels now; those that are not named stay."""
        if self.several:
            named = {label.value: label for label in (*self._labels.labels, *labels.labels)}
            self._labels = LabelSet(tuple(named.values()), labels.regions, labels.fills)

    def focused(self, region: Region, references: References) -> FocusView:
        """Return it seen as `region`, to be shown by `look`; the references are of that region.

        It counts whole volumes and changes nothing, so that a worker can do it.
        """
        revision = self.revision
        values = WHOLE.values if self._plain else region.values
        sight, start = sight_of(self._map, values), mask_of(self._start, values)
        return FocusView(region, sight, LiveFigures(start, sight.mask, references), revision)

    def look(self, view: FocusView) -> bool:
        """Have mask and figures be those of another region; False when it has changed meanwhile."""
        if view.revision != self.revision:
            return False
        self._figures = view.figures
        if not self._plain:
            self._focus = view.region
            others = [sight for sight in self._sights if sight.values != view.sight.values]
            self._sights = [view.sight, *others][:_SIGHTS]
        return True

    def set_focus(self, region: Region, references: References) -> None:
        """Have mask and figures be those of another region at once."""
        self.look(self.focused(region, references))

    @property
    def painting(self) -> bool:
        """True between `begin` and `end` or `cancel`."""
        return self._gesture is not None

    @property
    def last_tool(self) -> str:
        """Tool of the gesture that `undo` would take back, empty when there is none."""
        edit = self._history.undoable
        return edit.tool if edit else ""

    @property
    def can_undo(self) -> bool:
        """True when there is a gesture to take back."""
        return self._history.undoable is not None

    @property
    def can_redo(self) -> bool:
        """True when there is a gesture to apply again."""
        return self._history.redoable is not None

    @property
    def head(self) -> int:
        """Number of the last applied edit, which names the state of the mask; 0 before any."""
        return self._history.head

    @property
    def dirty(self) -> bool:
        """True until a version holds the mask as it is."""
        return self._history.head != self._saved_head

    @property
    def exported(self) -> str:
        """The folder whose export holds the mask as it is; empty when none does."""
        return self._exported[1] if self._exported and self._exported[0] == self.head else ""

    @property
    def applied(self) -> int:
        """How many gestures made the mask what it is."""
        return self._history.applied

    @property
    def undone(self) -> int:
        """How many gestures were taken back and can be made again."""
        return self._history.undone

    @property
    def tools(self) -> dict[str, int]:
        """How often each tool was used in what is applied now."""
        return self._history.tools

    @property
    def clicks(self) -> Clicks:
        """The clicks of the guided corrections that are applied now, in order."""
        return self._history.clicks

    @property
    def begun(self) -> bool:
        """True while there is something of it: one whose every gesture was taken back is none."""
        return self.painting or self.applied > 0

    def before_last(self) -> Patch | None:
        """Return the patch that would take the last gesture back; None when there is none."""
        edit = self._history.undoable
        if edit is None:
            return None
        return Patch(edit.box, unpack(edit.before, box_shape(edit.box)))

    def snapshot_mask(self) -> Mask:
        """Return a copy of the mask of the region in focus, for a worker."""
        return np.array(self.mask)

    def snapshot_map(self) -> LabelMap:
        """Return a copy of the label values, for a worker."""
        return self._map.copy()

    def begin(self, tool: str, z: int | Cut, aim: PatchAim | None = None) -> None:
        """Start a gesture of `tool` on slice `z`, or a cut; one that was left open is cancelled.

        Its patches, in boxes of any place and size, are of the label in hand, unless `aim` says
        otherwise.
        """
        self.cancel()
        self._count_time()
        cut = z if isinstance(z, Cut) else Cut(AXIAL, z)
        self._gesture = _Gesture(tool, cut.index, aim or self.aim(), cut.plane.name)

    def paint(self, patch: Patch | None) -> Box | None:
        """Put a patch into the mask as part of the gesture; returns what to redraw."""
        gesture = self._gesture
        if patch is None or gesture is None:
            return None
        gesture.keep(self._map, patch.box)
        values = patch.values
        if gesture.aim is not None:
            values = gesture.aim.written(self._map[box_slices(patch.box)], patch.box, values)
        self._put(patch.box, values)
        return patch.box

    def end(self, clicks: Clicks = ()) -> Step | None:
        """Finish the gesture, made of `clicks`; None when the mask is as it was before it."""
        gesture, self._gesture = self._gesture, None
        self._count_time()
        if gesture is None or gesture.box is None:
            return None
        edit = self._edit(gesture, gesture.box)
        return self._pushed(replace(edit, clicks=clicks)) if edit is not None else None

    def cancel(self) -> Box | None:
        """Drop the gesture; returns what to redraw, the mask being as it was before it."""
        gesture, self._gesture = self._gesture, None
        if gesture is None or gesture.box is None or gesture.before is None:
            return None
        self._put(gesture.box, gesture.before)
        return gesture.box

    def apply(
        self,
        tool: str,
        z: int | Cut,
        patch: Patch | None,
        *,
        clicks: Clicks = (),
        aim: PatchAim | None = None,
    ) -> Step | None:
        """Make one edit of a patch, with the clicks it came of; None when it changes nothing."""
        self.begin(tool, z, aim)
        self.paint(patch)
        return self.end(clicks)

    def change_labels(
        self, tool: str, z: int, labels: LabelSet, patch: Patch | None = None
    ) -> Step | None:
        """Make one edit of another label set, and of the values it needs; None for no change.

        `patch` holds values, and is put whatever is locked. A mask becomes a label map by it, and
        stays one.
        """
        was = self._labels
        if labels == was and patch is None:
            return None
        self.begin(tool, z)
        gesture, self._gesture = self._gesture, None
        assert gesture is not None, "it was begun just now"
        self._become_several(labels)
        box: Box = (z, z + 1, 0, 1, 0, 1) if patch is None else patch.box
        gesture.keep(self._map, box)
        if patch is not None:
            self._put(box, patch.values)
        self._labels = labels
        edit = self._edit(gesture, box, (was, labels) if labels != was else None)
        return None if edit is None else self._pushed(edit)

    def undo(self) -> Step | None:
        """Take the last gesture back; None when there is none or one is in hand."""
        edit = None if self.painting else self._history.undo()
        return self._revert("undo", edit, edit.before) if edit else None

    def redo(self) -> Step | None:
        """Apply the gesture taken back last; None when there is none or one is in hand."""
        edit = None if self.painting else self._history.redo()
        return self._revert("redo", edit, edit.after) if edit else None

    def figures(self) -> Figures:
        """Return DSC, volume, voxels changed and time spent, as they are now."""
        return self._figures.figures(self._seconds)

    def truth_counts(self) -> SliceCounts | None:
        """Return the voxel counts of every slice against the ground truth, None without one."""
        return self._figures.truth_counts()

    def slice_voxels(self) -> NDArray[np.int64]:
        """Return the foreground voxels of every slice (Z,)."""
        return self._figures.voxels()

    def set_prediction(self, prediction: Mask | None) -> None:
        """Compare with another prediction (Z, Y, X) of the region in focus from now on."""
        self._figures.set_prediction(prediction, self.mask)

    def snapshot(self) -> Snapshot:
        """Return a copy of what a version holds."""
        figures = self.figures()
        return Snapshot(
            case_id=self.case_id,
            mask=self.snapshot_map(),
            origin=self.origin,
            tools=self.tools,
            seconds=figures.seconds,
            voxels=figures.voxels,
            voxels_changed=figures.voxels_changed,
            truth_voxels=figures.truth_voxels,
            dsc_before=figures.dsc_truth_before,
            dsc_after=figures.dsc_truth,
            head=self._history.head,
            labels=self._labels,
            region=self._focus.name if self.several else "",
            start=self._start,
        )

    def mark_saved(self, head: int) -> None:
        """Take over that a version holds the state after edit `head`."""
        self._saved_head = head

    def mark_exported(self, head: int, folder: str) -> None:
        """Take over that `folder` holds an export of the state after edit `head`."""
        self._exported = head, folder

    def _revert(self, kind: StepKind, edit: Edit, packed: bytes) -> Step:
        self._count_time()
        if edit.labels is not None:
            self._labels = edit.labels[kind == "redo"]
            self._become_several(self._labels)
        self._put(edit.box, unpack(packed, box_shape(edit.box)))
        return self._step(kind, edit)

    def _edit(
        self, gesture: _Gesture, box: Box, labels: tuple[LabelSet, LabelSet] | None = None
    ) -> Edit | None:
        """Return the edit a gesture made in `box`; None when all is as it was before it."""
        assert gesture.before is not None, "its box was kept"
        changed = (box, gesture.before, self._map[box_slices(box)])
        edit = make_edit(self._counter + 1, gesture.tool, gesture.z, changed=changed, labels=labels)
        return None if edit is None else replace(edit, plane=gesture.plane)

    def _pushed(self, edit: Edit) -> Step:
        self._counter = edit.number
        self._history.push(edit)
        return self._step("edit", edit)

    def _put(self, box: Box, values: LabelMap) -> None:
        where = box_slices(box)
        before = self._map[where]
        if self._plain:
            self._figures.update(box, before, values)
        else:
            seen = self._sights[0].mask[where].copy()
            for sight in self._sights:
                sight.follow(box, values)
            self._figures.update(box, seen, self._sights[0].mask[where])
        self._map[where] = values
        self.revision += 1

    def _become_several(self, labels: LabelSet) -> None:
        """Let a mask be a label map from now on, where these labels need one."""
        if self._plain and not is_plain(labels):
            self._plain = False
            self._sights = [sight_of(self._map, self._focus.values)]

    def _sight(self, values: tuple[int, ...]) -> Sight:
        """Return the foreground of some values, kept in step from now on."""
        for sight in self._sights:
            if sight.values == values:
                return sight
        found = sight_of(self._map, values)
        self._add(found)
        return found

    def _add(self, found: Sight) -> None:
        others = [each for each in self._sights[1:] if each.values != found.values]
        if found.values != self._sights[0].values:
            self._sights = [self._sights[0], found, *others][:_SIGHTS]

    def _step(self, kind: StepKind, edit: Edit) -> Step:
        return Step(kind, edit, self._history.head, self._seconds)

    def _count_time(self) -> None:
        now = self._clock()
        if self._last_action is not None:
            self._seconds += min(now - self._last_action, LONGEST_EDIT_PAUSE_SECONDS)
        self._last_action = now


def _read_only(values: LabelMap) -> LabelMap:
    view = values.view()
    view.setflags(write=False)
    return view

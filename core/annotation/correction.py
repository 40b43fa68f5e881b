"""A correction being edited: its mask, the gesture in hand, its history and live figures."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.annotation.draft import Clicks, Draft, Origin, Snapshot, Step, StepKind
from core.annotation.history import Edit, box_shape, make_edit, unpack
from core.annotation.live_figures import Figures, LiveFigures, References
from core.annotation.patch import Patch, joined_box
from core.domain.components import Box, box_slices
from core.domain.mask import Mask
from core.domain.metrics import SliceCounts
from core.domain.plane import PlaneName

LONGEST_EDIT_PAUSE_SECONDS = 20.0
"""A pause between two actions counts as time spent up to this long."""


@dataclass
class _Gesture:
    tool: str
    z: int
    plane: PlaneName = "axial"
    box: Box | None = None
    planes: dict[int, Mask] = field(default_factory=dict)


class Correction:
    """Edits a mask gesture by gesture; used from one thread.

    Every method that changes the mask for good returns a `Step` for the journal. `clock` gives
    seconds that never go back.
    """

    def __init__(
        self, draft: Draft, references: References, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.case_id = draft.case_id
        self.origin: Origin = draft.origin
        self.revision = 0
        self._start = draft.start
        self._mask = np.array(draft.mask)
        self._history = draft.history
        self._counter = draft.counter
        self._saved_head = draft.saved_head
        self._exported: tuple[int, str] | None = None
        self._figures = LiveFigures(self._start, self._mask, references)
        self._gesture: _Gesture | None = None
        self._clock = clock
        self._last_action: float | None = None
        self._seconds = draft.seconds

    @property
    def mask(self) -> Mask:
        """The mask (Z, Y, X) as it is now, a read-only view that follows every change."""
        view = self._mask.view()
        view.setflags(write=False)
        return view

    @property
    def start(self) -> Mask:
        """The mask (Z, Y, X) it began with, read-only."""
        return self._start

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
    def history_bytes(self) -> int:
        """Memory taken by undo."""
        return self._history.nbytes

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
        """Return a copy of the mask for a worker."""
        return self._mask.copy()

    def begin(self, tool: str, z: int, plane: PlaneName = "axial") -> None:
        """Start a gesture of `tool` on slice `z` of `plane`; one left open is cancelled."""
        self.cancel()
        self._count_time()
        self._gesture = _Gesture(tool, z, plane)

    def paint(self, patch: Patch | None) -> Box | None:
        """Put a patch into the mask as part of the gesture; returns what to redraw."""
        gesture = self._gesture
        if patch is None or gesture is None:
            return None
        for z in range(patch.box[0], patch.box[1]):
            if z not in gesture.planes:
                gesture.planes[z] = self._mask[z].copy()
        gesture.box = joined_box(gesture.box, patch.box)
        self._put(patch.box, patch.values)
        return patch.box

    def end(self, clicks: Clicks = ()) -> Step | None:
        """Finish the gesture, made of `clicks`; None when the mask is as it was before it."""
        gesture, self._gesture = self._gesture, None
        self._count_time()
        if gesture is None or gesture.box is None:
            return None
        before = self._before(gesture, gesture.box)
        changed = (gesture.box, before, self._mask[box_slices(gesture.box)])
        edit = make_edit(self._counter + 1, gesture.tool, gesture.z, changed=changed)
        if edit is None:
            return None
        edit = replace(edit, clicks=clicks, plane=gesture.plane)
        self._counter = edit.number
        self._history.push(edit)
        return self._step("edit", edit)

    def cancel(self) -> Box | None:
        """Drop the gesture; returns what to redraw, the mask being as it was before it."""
        gesture, self._gesture = self._gesture, None
        if gesture is None or gesture.box is None:
            return None
        self._put(gesture.box, self._before(gesture, gesture.box))
        return gesture.box

    def apply(
        self,
        tool: str,
        z: int,
        patch: Patch | None,
        *,
        clicks: Clicks = (),
        plane: PlaneName = "axial",
    ) -> Step | None:
        """Make one edit of a patch, with the clicks it came of; None when it changes nothing."""
        self.begin(tool, z, plane)
        self.paint(patch)
        return self.end(clicks)

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
        """Compare with another prediction (Z, Y, X) from now on."""
        self._figures.set_prediction(prediction, self._mask)

    def snapshot(self) -> Snapshot:
        """Return a copy of what a version holds."""
        figures = self.figures()
        return Snapshot(
            case_id=self.case_id,
            mask=self.snapshot_mask(),
            origin=self.origin,
            tools=self.tools,
            seconds=figures.seconds,
            voxels=figures.voxels,
            voxels_changed=figures.voxels_changed,
            truth_voxels=figures.truth_voxels,
            dsc_before=figures.dsc_truth_before,
            dsc_after=figures.dsc_truth,
            head=self._history.head,
        )

    def mark_saved(self, head: int) -> None:
        """Take over that a version holds the state after edit `head`."""
        self._saved_head = head

    def mark_exported(self, head: int, folder: str) -> None:
        """Take over that `folder` holds an export of the state after edit `head`."""
        self._exported = head, folder

    def _revert(self, kind: StepKind, edit: Edit, packed: bytes) -> Step:
        self._count_time()
        self._put(edit.box, unpack(packed, box_shape(edit.box)))
        return self._step(kind, edit)

    def _before(self, gesture: _Gesture, box: Box) -> Mask:
        """Return the voxels of `box` as they were when the gesture began."""
        _, rows, columns = box_slices(box)
        slices = range(box[0], box[1])
        return np.stack([gesture.planes.get(z, self._mask[z])[rows, columns] for z in slices])

    def _put(self, box: Box, values: Mask) -> None:
        where = box_slices(box)
        self._figures.update(box, self._mask[where], values)
        self._mask[where] = values
        self.revision += 1

    def _step(self, kind: StepKind, edit: Edit) -> Step:
        return Step(kind, edit, self._history.head, self._seconds)

    def _count_time(self) -> None:
        now = self._clock()
        if self._last_action is not None:
            self._seconds += min(now - self._last_action, LONGEST_EDIT_PAUSE_SECONDS)
        self._last_action = now

"""Whole lesions taken and deleted: what goes beyond the slice on screen is marked first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.annotation import regions
from core.annotation.correction import Of, Writes
from core.annotation.label_rule import PatchAim
from core.annotation.patch import Patch, unturned
from core.domain.components import Box, box_slices
from core.domain.label_set import LabelMap
from core.domain.mask import Mask
from core.domain.plane import AXIAL, Cut, Plane, Voxel
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.correction_start import predicted_mask, predicted_values, true_values
from gui.shell.session import Session
from gui.shell.tasks import Lanes, Task

LesionAct = Literal[
    "delete component",
    "keep component",
    "take component",
    "take truth component",
    "relabel piece",
    "relabel lesion",
]

_DONE: dict[LesionAct, str] = {
    "delete component": "deletes it",
    "keep component": "deletes all that is marked",
    "take component": "takes it",
    "take truth component": "takes it",
    "relabel piece": "gives it the label in hand",
    "relabel lesion": "gives it the label in hand",
}
_NONE: dict[LesionAct, str] = {
    "delete component": "No corrected lesion lies there.",
    "keep component": "No corrected lesion lies there, or there is no other.",
    "take component": "No predicted lesion lies there, or all of it is taken.",
    "take truth component": "No lesion of the ground truth lies there, or all of it is taken.",
    "relabel piece": "Nothing is corrected there, or it has the label in hand.",
    "relabel lesion": "No corrected lesion lies there, or it has the label in hand.",
}
_KEPT = "What lies there is locked, or “Only over” leaves it as it is."
_RELABELS: frozenset[LesionAct] = frozenset({"relabel piece", "relabel lesion"})


@dataclass(frozen=True, eq=False)
class Marked:
    """What an act would change: the voxels of `box` where `changed` is true, by `patch`.

    Where the region in focus grows it gets the labels of `source`.
    """

    act: LesionAct
    at: Voxel
    patch: Patch
    changed: NDArray[np.bool_]
    source: LabelMap | None = None

    @property
    def box(self) -> Box:
        """The box it lies in."""
        return self.patch.box

    def plane(self, cut: Cut) -> NDArray[np.bool_] | None:
        """Return what changes within the box on a slice; None where nothing does."""
        if not cut.holds(self.box):
            return None
        return Cut(cut.plane, cut.index - self.box[2 * cut.plane.axis]).of(self.changed)

    def holds(self, at: Voxel) -> bool:
        """Tell whether a voxel is one of those that change."""
        inside = all(
            first <= index < end
            for index, first, end in zip(at, self.box[::2], self.box[1::2], strict=True)
        )
        shifted = tuple(i - first for i, first in zip(at, self.box[::2], strict=True))
        return inside and bool(self.changed[shifted])


class Lesions(QObject):
    """Finds a lesion on a worker; acts at once where all of it is seen, else marks it and waits.

    `marked_changed` comes when something is marked, or no more; `asked` says what it waits for.
    The same act there again, or `confirm`, does it.
    """

    marked_changed = Signal()
    asked = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, desk: CorrectionDesk) -> None:
        super().__init__()
        self._session, self._lanes, self._desk = session, lanes, desk
        self._task: Task[Marked | None] | None = None
        self.marked: Marked | None = None
        session.case_changed.connect(self.drop)
        session.correction_changed.connect(self.drop)
        session.mask_painted.connect(lambda _: self.drop())

    def act(self, act: LesionAct, at: Voxel, *, here: bool, plane: Plane = AXIAL) -> None:
        """Do something with the lesion at a voxel; `here` on its slice of `plane` alone."""
        cut = Cut(plane, at[plane.axis])
        marked = self.marked
        if marked is not None and marked.act == act and not here and self._again(marked, at):
            self.confirm()
            return
        self.drop()
        if self._desk.problem:
            self._desk.noted.emit(act, self._desk.problem)
            return
        mask, other = self._masks(act)
        if mask is None or (other is None and act.startswith("take")):
            self._desk.noted.emit(act, _NONE[act])
            return
        version, revision = self._session.case_version, self._revision()

        def show(found: Marked | None) -> None:
            self._task = None
            if version != self._session.case_version or revision != self._revision():
                return
            if found is None or not found.changed.any():
                self._desk.noted.emit(act, _NONE[act] if found is None else _KEPT)
            elif here or _is_seen(found, cut):
                self._apply(found, cut)
            else:
                self._mark(found)

        if act in _RELABELS:
            hand, values = self._session.labels.in_hand, self._session.labels.focus.values
            pieces = None if act == "relabel piece" else values
            self._find(lambda: _relabelled(act, mask, at, (hand, pieces)), show)
            return
        source = self._source(act)

        def find() -> Marked | None:
            found = _found(act, (mask, other), at, cut if here else None)
            return found if found is None or source is None else replace(found, source=source())

        self._find(find, show)

    def _find(
        self, find: Callable[[], Marked | None], show: Callable[[Marked | None], None]
    ) -> None:
        """Look for something on a worker; of several labels what may change of it counts."""
        known = self._session.correction

        def look() -> Marked | None:
            found = find()
            if found is None or known is None:
                return found
            aim = known.aim(_of(found.act), source=found.source)
            return found if aim is None else _allowed(found, known.label_map, aim)

        self._task = self._lanes.run("io", lambda _: look(), show)

    def confirm(self) -> bool:
        """Do what is marked; False when nothing is."""
        marked = self.marked
        if marked is None:
            return False
        self.drop()
        self._apply(marked)
        return True

    def drop(self) -> bool:
        """Mark nothing any more; False when nothing was marked or looked for."""
        there = self.marked is not None or self._task is not None
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self.marked is not None:
            self.marked = None
            self.marked_changed.emit()
        return there

    def _masks(self, act: LesionAct) -> tuple[Mask | None, Mask | None]:
        """Return the mask that is changed, and the one a lesion is taken from."""
        opened, mask = self._session.open_case, self._desk.mask_now()
        if opened is None:
            return None, None
        if act in _RELABELS:
            known = self._session.correction
            return (None if known is None else known.label_map), None
        other = None
        if act == "take component":
            other = predicted_mask(self._session)
        elif act == "take truth component":
            other = opened.loaded.ground_truth
        return mask, other

    def _source(self, act: LesionAct) -> Callable[[], LabelMap] | None:
        """Return what makes the label map that a lesion is taken from, on a worker."""
        labels = None if act != "take truth component" else true_values(self._session)
        if self._session.labels.labels.is_binary or not act.startswith("take"):
            return None
        if act == "take component":
            return predicted_values(self._session)
        return None if labels is None else lambda: labels

    def _again(self, marked: Marked, at: Voxel) -> bool:
        """Tell whether the same is meant once more: of what is kept, the marks lie around it."""
        return marked.holds(at) or (marked.act == "keep component" and at == marked.at)

    def _apply(self, marked: Marked, cut: Cut | None = None) -> None:
        writes = Writes(_of(marked.act), marked.source)
        self._desk.apply(marked.act, lambda _: marked.patch, cut=cut, writes=writes)

    def _mark(self, found: Marked) -> None:
        self.marked = found
        self.marked_changed.emit()
        volume = self._session.open_case
        numbers = () if volume is None else volume.loaded.volume.slice_numbers
        first, end = found.box[:2]
        count = int(np.count_nonzero(found.changed))
        where = f"slices {numbers[first]} to {numbers[end - 1]}"
        self.asked.emit(
            f"{count:,} voxels are marked",
            f"They lie on {where}. The same again, or Enter, {_DONE[found.act]}; Esc leaves it.",
        )

    def _revision(self) -> int:
        correction = self._session.correction
        return -1 if correction is None else correction.revision


def _relabelled(
    act: LesionAct, label_map: LabelMap, at: Voxel, of: tuple[int, tuple[int, ...] | None]
) -> Marked | None:
    """Find what gets the label `of[0]`: a piece of one label, or of all of `of[1]`."""
    value, values = of
    patch = regions.relabelled(label_map, at, value, values)
    if patch is None:
        return None
    return Marked(act, at, patch, label_map[box_slices(patch.box)] != patch.values)


def _of(act: LesionAct) -> Of:
    """Return what the patches of an act are of."""
    return "map" if act in _RELABELS else "focus"


def _allowed(found: Marked, label_map: LabelMap, aim: PatchAim) -> Marked:
    """Return it with the voxels alone whose label may change."""
    before = label_map[box_slices(found.box)]
    return replace(found, changed=aim.written(before, found.box, found.patch.values) != before)


def _is_seen(found: Marked, cut: Cut) -> bool:
    """Tell whether all that changes lies on the slice it was pointed at."""
    axis = cut.plane.axis
    return found.box[2 * axis : 2 * axis + 2] == (cut.index, cut.index + 1)


def _found(
    act: LesionAct, masks: tuple[Mask, Mask | None], at: Voxel, here: Cut | None
) -> Marked | None:
    """Find what an act would change, on one slice alone or everywhere."""
    patch = _patch(act, masks, at, here)
    if patch is None:
        return None
    return Marked(act, at, patch, masks[0][box_slices(patch.box)] != patch.values)


def _patch(
    act: LesionAct, masks: tuple[Mask, Mask | None], at: Voxel, here: Cut | None
) -> Patch | None:
    plane, shape = AXIAL if here is None else here.plane, masks[0].shape
    mask, other = (None if each is None else plane.apply(each) for each in masks)
    assert mask is not None, "there is a mask to be changed"
    at = plane.place(at, shape)
    makers: dict[LesionAct, Callable[[], Patch | None]] = {
        "delete component": lambda: regions.delete_lesion(mask, at, volumetric=here is None),
        "keep component": lambda: regions.keep_lesion(mask, at, volumetric=here is None),
    }
    if other is not None:
        source = other
        taken: Callable[[], Patch | None] = lambda: regions.add_lesion(  # noqa: E731
            mask, source, at, volumetric=here is None
        )
        makers["take component"] = makers["take truth component"] = taken
    return unturned(makers[act](), plane, shape)

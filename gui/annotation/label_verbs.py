"""What the commands of labels do: take one in hand, give pieces another, merge, delete, copy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
from PySide6.QtWidgets import QInputDialog

from core.annotation import regions
from core.annotation.correction import Writes
from core.annotation.patch import Patch, in_plane
from core.domain.label_set import LabelMap
from core.domain.overlaps import merging
from core.domain.plane import Cut
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.correction_start import filled_label, predicted_values, true_values
from gui.shell.context import Context, Handlers
from gui.shell.label_desk import LabelDesk
from gui.shell.session import Session
from gui.viewer.install import Viewer
from gui.viewer.labels.label_layer import corrected_labels, predicted_labels
from gui.viewer.slice.slice_view import SliceView

LabelSource: TypeAlias = Literal["prediction", "truth"]

LABELS = (
    *(f"label_{value}" for value in range(1, 10)),
    *("take_label", "take_truth_label", "relabel_piece", "relabel_lesion"),
    *("merge_label", "delete_label", "mask_fills"),
)
"""The commands that a case of one label has nothing of."""
_ONE = "This case has one label."
_NONE: dict[LabelSource, str] = {
    "prediction": "Run the model on this case first.",
    "truth": "This case came without a ground truth.",
}


@dataclass(frozen=True, eq=False)
class LabelBench:
    """What the verbs of labels take in hand."""

    context: Context
    desk: CorrectionDesk
    viewer: Viewer

    @property
    def labels(self) -> LabelDesk:
        """What the reader says of labels."""
        return self.viewer.labels.desk


def label_verbs(bench: LabelBench) -> Handlers:
    """Return the verb of every command of labels, and keep these with the case on screen."""
    session = bench.context.session
    bench.desk.relabelled.connect(bench.labels.put)
    bench.desk.reverted.connect(lambda _: bench.labels.resume())
    session.labels_changed.connect(partial(_show_commands, bench))

    def add_view(view: SliceView) -> None:
        view.picked.connect(lambda _: _pick(bench))

    bench.viewer.with_views(add_view)
    _show_commands(bench)
    hold: Handlers = {f"label_{v}": partial(bench.labels.hold, v) for v in range(1, 10)}
    return {
        **hold,
        "take_label": lambda: _copy(bench, "prediction"),
        "take_truth_label": lambda: _copy(bench, "truth"),
        "merge_label": lambda: _merge(bench),
        "delete_label": lambda: _drop(bench, 0, "delete label"),
    }


def _show_commands(bench: LabelBench) -> None:
    several = not bench.context.session.labels.labels.is_binary
    for name in LABELS:
        bench.context.actions[name].setVisible(several)


def _pick(bench: LabelBench) -> None:
    session, voxel = bench.context.session, bench.viewer.words.voxel
    opened = session.open_case
    if voxel is None or opened is None or session.labels.labels.is_binary:
        return
    maps = (corrected_labels(session), predicted_labels(session), opened.loaded.labels)
    there = next((each for each in maps if each is not None), None)
    value = 0 if there is None else int(there[voxel])
    if value:
        bench.labels.hold(value)
    else:
        bench.desk.noted.emit("No label there", "Alt and a click take the label under the pointer.")


def _copy(bench: LabelBench, source: LabelSource) -> None:
    """Make the label in hand what prediction or truth have of it, on all slices."""
    session = bench.context.session
    if session.labels.labels.is_binary:
        bench.desk.noted.emit("copy label", _ONE)
        return
    values = _values_of(session, source)
    if values is None:
        bench.desk.noted.emit("Nothing to take", _NONE[source])
        return
    make, value = values, session.labels.in_hand
    bench.desk.apply_later("copy label", lambda now: regions.taken(now, make(), (value,)), of="map")


def take_labels(
    context: Context, desk: CorrectionDesk, source: LabelSource, cut: Cut | None
) -> None:
    """Make the region in focus what prediction or truth have of it, on a slice or on all."""
    values, focus = _values_of(context.session, source), context.session.labels.focus.values
    if values is None:
        desk.noted.emit("Nothing to take", _NONE[source])
    elif cut is None:
        desk.apply_later(
            f"take {source}", lambda now: regions.taken(now, values(), focus), of="map"
        )
    else:
        there, index = cut.plane.apply(values()), cut.index
        take = in_plane(cut.plane, lambda now: regions.taken(now, there, focus, z=index))
        desk.apply(f"take {source}", take, cut=cut, writes=Writes("map"))


def _values_of(session: Session, source: LabelSource) -> Callable[[], LabelMap] | None:
    """Return what makes the label map of prediction or truth; a mask is of the focus."""
    if source == "prediction":
        return predicted_values(session)
    truth, opened = true_values(session), session.open_case
    if truth is not None:
        return lambda: truth
    mask = None if opened is None else opened.loaded.ground_truth
    fills = np.uint8(filled_label(session))
    return None if mask is None else lambda: mask * fills


def _merge(bench: LabelBench) -> None:
    """Ask for another label, and make the one in hand that one everywhere."""
    state = bench.context.session.labels
    others = [each for each in state.labels.labels if each.value != state.in_hand]
    if state.labels.is_binary or not others:
        bench.desk.noted.emit("merge label", _ONE)
        return
    merge = bench.desk.only_here("Nothing was merged", partial(_drop, bench))
    names = [each.name for each in others]
    title = f"Merge {state.labels.label(state.in_hand).name} into"
    name, chosen = QInputDialog.getItem(
        bench.context.window, "Merge the label in hand", title, names, 0, False
    )
    if chosen:
        merge(others[names.index(name)].value, "merge label")


def _drop(bench: LabelBench, into: int, tool: str) -> None:
    """Give all voxels of the label in hand another one, 0 for none, as one step of undo.

    The label goes with them, unless the ground truth of the case has it.
    """
    session = bench.context.session
    state = session.labels
    value = state.in_hand
    if state.labels.is_binary:
        bench.desk.noted.emit(tool, _ONE)
        return
    locked = [each for each in (value, into) if each in state.rule.locked]
    if locked:
        name = state.labels.label(locked[0]).name
        bench.desk.noted.emit(tool, f"{name} is locked. Unlock it, or take another.")
        return
    left, become = merging(state.labels, value, into)
    if _holds(true_values(session), become):
        left = state.labels.with_found(become.values(), left)

    def make(now: LabelMap) -> Patch | None:
        return regions.merged(now, become)

    drawn = session.correction is not None or _holds(predicted_labels(session), become)
    if not drawn and left != state.labels:
        bench.labels.drop(left)
    elif not bench.desk.change_labels(tool, left, make):
        bench.desk.noted.emit(tool, "Nothing there to change.")


def _holds(label_map: LabelMap | None, values: Iterable[int]) -> bool:
    return label_map is not None and any(bool((label_map == value).any()) for value in values)

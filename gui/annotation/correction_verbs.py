"""What the commands of the menu "Correct" do."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from core.annotation import regions, shapes
from core.annotation.patch import Make, in_plane
from core.domain.plane import Cut
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.correction_start import predicted_mask
from gui.annotation.correction.edit_names import edit_title
from gui.annotation.correction.versions_dialog import show_versions
from gui.annotation.label_verbs import LabelBench, label_verbs, take_labels
from gui.annotation.tools.lesion_marker import LesionAct
from gui.annotation.tools.paint_tools import PaintTools
from gui.shell.context import Context, Handlers
from gui.viewer.install import Viewer
from gui.viewer.slice.touch import Tool
from gui.widgets.labels import plain_tip

_FURTHEST = 50
_TOOLS: tuple[Tool, ...] = (
    "ruler",
    "ellipse",
    "rectangle",
    "brush",
    "eraser",
    "threshold",
    "lasso",
    "fill",
    "smart",
    "guided",
    "component",
)


@dataclass(frozen=True, eq=False)
class Bench:
    """What the verbs take in hand; `set_tool` takes a tool."""

    context: Context
    desk: CorrectionDesk
    paint_tools: PaintTools
    viewer: Viewer
    set_tool: Callable[[Tool], None]


def correction_verbs(bench: Bench) -> Handlers:
    """Return the verb of every command that corrects."""
    tools: Handlers = {f"{tool}_tool": partial(_toggle_tool, bench, tool) for tool in _TOOLS}
    labels = LabelBench(bench.context, bench.desk, bench.viewer)
    return {
        **tools,
        **_shape_verbs(bench),
        **_take_verbs(bench),
        **label_verbs(labels),
        **_keeping_verbs(bench),
    }


def _shape_verbs(bench: Bench) -> Handlers:
    def on_slice(tool: str, make: Callable[[int], Make]) -> Callable[[], object]:
        def act() -> None:
            cut = bench.context.session.view.cut
            bench.desk.apply(tool, in_plane(cut.plane, make(cut.index)), cut=cut)

        return act

    return {
        "smaller_brush": lambda: bench.paint_tools.resize(-1),
        "larger_brush": lambda: bench.paint_tools.resize(1),
        "ball_brush": lambda: bench.paint_tools.change(ball=not bench.paint_tools.settings.ball),
        "complete_fill": lambda: bench.paint_tools.complete(),
        "step_back": lambda: bench.paint_tools.take_back(),
        "grow": on_slice("grow", lambda z: partial(shapes.grow, by=1, z=z)),
        "shrink": on_slice("shrink", lambda z: partial(shapes.shrink, by=1, z=z)),
        "reshape": lambda: _reshape(bench, whole=False),
        "reshape_case": lambda: _reshape(bench, whole=True),
        "smooth": on_slice("smooth", lambda z: partial(shapes.smooth, z=z)),
        "fill_mask_holes": on_slice("fill holes", lambda z: partial(regions.fill_holes, z=z)),
        "copy_before": on_slice(
            "copy slice", lambda z: partial(regions.copy_slice, source=z - 1, target=z)
        ),
        "copy_after": on_slice(
            "copy slice", lambda z: partial(regions.copy_slice, source=z + 1, target=z)
        ),
        "clear_slice": on_slice("clear slice", lambda z: partial(regions.clear, z=z)),
        "replay_clicks": lambda: bench.paint_tools.guided.replay(),
        "interpolate": lambda: _interpolate(bench),
    }


def _take_verbs(bench: Bench) -> Handlers:
    return {
        "take_slice": lambda: _take(bench, "prediction", whole=False),
        "take_case": lambda: _take(bench, "prediction", whole=True),
        "take_truth_slice": lambda: _take(bench, "truth", whole=False),
        "take_truth_case": lambda: _take(bench, "truth", whole=True),
        "take_component": lambda: _at_pointer(bench, "take component"),
        "take_truth_component": lambda: _at_pointer(bench, "take truth component"),
        "delete_component": lambda: _delete(bench),
        "delete_here": lambda: _at_pointer(bench, "delete component", here=True),
        "keep_component": lambda: _at_pointer(bench, "keep component"),
        "relabel_piece": lambda: _at_pointer(bench, "relabel piece"),
        "relabel_lesion": lambda: _at_pointer(bench, "relabel lesion"),
    }


def _keeping_verbs(bench: Bench) -> Handlers:
    return {
        "undo": lambda: _undo(bench),
        "redo": lambda: _redo(bench),
        "save_version": lambda: bench.context.readers.named(bench.desk.save_version),
        "versions": lambda: _show_versions(bench),
        "export_correction": lambda: _export(bench),
        "discard_correction": lambda: _discard(bench),
    }


def _toggle_tool(bench: Bench, tool: Tool) -> None:
    """Take a tool in hand; its key pressed again puts it back."""
    bench.set_tool("pan" if bench.paint_tools.tool == tool else tool)


def _show_versions(bench: Bench) -> None:
    """Show the versions of the case on screen for as long as it is there."""
    beside = bench.viewer.show_beside
    dialog = show_versions(
        bench.context.window,
        bench.desk,
        lambda version, found: beside(f"Version {version.number}", found.mask, found.values),
    )
    bench.context.session.case_changed.connect(dialog.reject)


def _interpolate(bench: Bench) -> None:
    """Fill the gaps between painted slices of the plane the reader works in."""
    made = in_plane(bench.context.session.view.plane, shapes.interpolate_gaps)
    bench.desk.apply_later("interpolate", made)


def _take(bench: Bench, source: Literal["prediction", "truth"], *, whole: bool) -> None:
    session = bench.context.session
    opened = session.open_case
    other = None if opened is None else opened.loaded.ground_truth
    missing = "This case came without a ground truth."
    if source == "prediction":
        other, missing = predicted_mask(session), "Run the model on this case first."
    if other is None:
        bench.desk.noted.emit("Nothing to take", missing)
        return
    mask, cut = other, session.view.cut
    name = f"take {source}"
    if not session.labels.labels.is_binary:
        take_labels(bench.context, bench.desk, source, None if whole else cut)
        return
    if whole:
        bench.desk.apply_later(name, lambda before: regions.replace(before, mask))
    else:
        taken = cut.plane.apply(mask)
        made = in_plane(cut.plane, lambda before: regions.replace(before, taken, z=cut.index))
        bench.desk.apply(name, made, cut=cut)


def _reshape(bench: Bench, *, whole: bool) -> None:
    """Ask by how many voxels, and grow or shrink by as many."""
    apply = bench.desk.only_here("Grow or shrink", partial(_reshape_by, bench, whole=whole))
    by, chosen = QInputDialog.getInt(
        bench.context.window, "Grow or shrink", "Voxels; below 0 shrinks", 2, -_FURTHEST, _FURTHEST
    )
    if chosen and by:
        apply(by)


def _reshape_by(bench: Bench, by: int, *, whole: bool) -> None:
    tool, reshape = ("grow", shapes.grow) if by > 0 else ("shrink", shapes.shrink)
    if whole:
        bench.desk.apply_later(tool, lambda mask: reshape(mask, by=abs(by)))
    else:
        cut = bench.context.session.view.cut
        made = in_plane(cut.plane, lambda mask: reshape(mask, by=abs(by), z=cut.index))
        bench.desk.apply(tool, made, cut=cut)


def _at_pointer(bench: Bench, act: LesionAct, *, here: bool = False) -> None:
    """Do something with the lesion under the pointer; asks for a click where it is elsewhere."""
    lesions, at = bench.paint_tools.lesions, bench.viewer.words.voxel
    marked = lesions.marked
    if at is not None:
        lesions.act(act, at, here=here, plane=bench.viewer.words.cut.plane)
    elif marked is not None and marked.act == act:
        lesions.confirm()
    else:
        bench.paint_tools.pick(edit_title(act), lambda voxel: lesions.act(act, voxel, here=here))


def _undo(bench: Bench) -> None:
    """Take back what is in hand; only when nothing is, the last edit."""
    if not (bench.context.in_hand.undo() or bench.paint_tools.take_back()):
        _step(bench, bench.desk.undo)


def _redo(bench: Bench) -> None:
    """Do again what was taken back last, of what is in hand first."""
    if not bench.context.in_hand.redo():
        _step(bench, bench.desk.redo)


def _delete(bench: Bench) -> None:
    """Delete what is chosen of what is in hand; only when nothing is, a lesion."""
    if not bench.context.in_hand.delete():
        _at_pointer(bench, "delete component")


def _step(bench: Bench, change: Callable[[], Cut | None]) -> None:
    """Undo or redo, and go to the slice that changed, in the plane it was drawn in."""
    cut = change()
    if cut is not None:
        bench.viewer.verbs.show_cut(cut)


def _export(bench: Bench) -> None:
    place = bench.context.session.place
    start = str(Path.home()) if place is None else str(place.dataset.root.parent)
    desk = bench.desk

    def write(folder: Path) -> None:
        desk.finish(partial(desk.versions.export, folder))

    export = desk.only_here("Nothing was exported", write)
    folder = QFileDialog.getExistingDirectory(
        bench.context.window, "Export the correction into a folder outside the dataset", start
    )
    if folder:
        export(Path(folder))


def _discard(bench: Bench) -> None:
    if bench.context.session.correction is None and not bench.desk.damage:
        return
    discard = bench.desk.only_here("Nothing was discarded", bench.desk.discard)
    answer = QMessageBox.question(
        bench.context.window,
        "Discard the correction",
        plain_tip(
            f"Forget the correction of {bench.context.session.current} with its undo history? "
            "Versions that were saved stay."
        ),
    )
    if answer == QMessageBox.StandardButton.Yes:
        discard()

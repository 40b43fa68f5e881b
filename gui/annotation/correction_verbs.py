"""What the commands of the menu "Correct" do."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from core.annotation import regions, shapes
from core.annotation.patch import Patch
from core.domain.mask import Mask
from gui.annotation.versions_dialog import show_versions
from gui.viewer.touch import Tool

if TYPE_CHECKING:
    from gui.app.program import Program

Verbs = Mapping[str, Callable[[], object]]
_FURTHEST = 50
_TOOLS: tuple[Tool, ...] = (
    "brush",
    "eraser",
    "threshold",
    "lasso",
    "fill",
    "smart",
    "component",
)


def correction_verbs(program: "Program") -> Verbs:
    """Return the verb of every command that corrects."""
    tools: Verbs = {f"{tool}_tool": partial(_toggle_tool, program, tool) for tool in _TOOLS}
    return {**tools, **_shape_verbs(program), **_take_verbs(program), **_keeping_verbs(program)}


def _shape_verbs(program: "Program") -> Verbs:
    def on_slice(tool: str, make: Callable[[Mask, int], Patch | None]) -> Callable[[], object]:
        return lambda: program.correcting.apply(tool, lambda mask: make(mask, _index(program)))

    return {
        "smaller_brush": lambda: program.drawing.resize(-1),
        "larger_brush": lambda: program.drawing.resize(1),
        "complete_fill": lambda: program.drawing.complete(),
        "grow": on_slice("grow", lambda mask, z: shapes.grow(mask, by=1, z=z)),
        "shrink": on_slice("shrink", lambda mask, z: shapes.shrink(mask, by=1, z=z)),
        "reshape": lambda: _reshape(program, whole=False),
        "reshape_case": lambda: _reshape(program, whole=True),
        "smooth": on_slice("smooth", lambda mask, z: shapes.smooth(mask, z=z)),
        "fill_mask_holes": on_slice("fill holes", lambda mask, z: regions.fill_holes(mask, z=z)),
        "copy_before": on_slice(
            "copy slice", lambda mask, z: regions.copy_slice(mask, source=z - 1, target=z)
        ),
        "copy_after": on_slice(
            "copy slice", lambda mask, z: regions.copy_slice(mask, source=z + 1, target=z)
        ),
        "clear_slice": on_slice("clear slice", lambda mask, z: regions.clear(mask, z=z)),
        "interpolate": lambda: program.correcting.apply_later(
            "interpolate", shapes.interpolate_gaps
        ),
    }


def _take_verbs(program: "Program") -> Verbs:
    return {
        "take_slice": lambda: _take(program, whole=False),
        "take_case": lambda: _take(program, whole=True),
        "take_component": lambda: _at_pointer(program, "take component"),
        "delete_component": lambda: _at_pointer(program, "delete component"),
        "keep_component": lambda: _at_pointer(program, "keep component"),
    }


def _keeping_verbs(program: "Program") -> Verbs:
    return {
        "undo": lambda: _step(program, program.correcting.undo),
        "redo": lambda: _step(program, program.correcting.redo),
        "save_version": lambda: program.correcting.save_version(),
        "versions": lambda: show_versions(
            program.window, program.correcting, program.show_version_beside
        ),
        "export_correction": lambda: _export(program),
        "discard_correction": lambda: _discard(program),
        "toggle_correction": lambda: program.view_verbs.toggle_layer("correction"),
    }


def _toggle_tool(program: "Program", tool: Tool) -> None:
    """Take a tool in hand; its key pressed again puts it back."""
    program.set_tool("pan" if program.drawing.tool == tool else tool)


def _index(program: "Program") -> int:
    return program.session.view.slice_index


def _take(program: "Program", *, whole: bool) -> None:
    result = program.session.result
    comparison = None if result is None else result.comparison
    if comparison is None:
        program.correcting.noted.emit("Nothing to take", "Run the model on this case first.")
        return
    z = None if whole else _index(program)
    program.correcting.apply(
        "take prediction", lambda mask: regions.replace(mask, comparison.mask, z=z)
    )


def _reshape(program: "Program", *, whole: bool) -> None:
    """Ask by how many voxels, and grow or shrink by as many."""
    by, chosen = QInputDialog.getInt(
        program.window, "Grow or shrink", "Voxels; below 0 shrinks", 2, -_FURTHEST, _FURTHEST
    )
    if not chosen or not by:
        return
    tool, reshape = ("grow", shapes.grow) if by > 0 else ("shrink", shapes.shrink)
    if whole:
        program.correcting.apply_later(tool, lambda mask: reshape(mask, by=abs(by)))
    else:
        z = _index(program)
        program.correcting.apply(tool, lambda mask: reshape(mask, by=abs(by), z=z))


def _at_pointer(program: "Program", tool: str) -> None:
    at, result = program.canvas.voxel, program.session.result
    if at is None:
        program.correcting.noted.emit(tool.capitalize(), "Point at it in the image first.")
        return
    comparison = None if result is None else result.comparison
    makers: dict[str, Callable[[Mask], Patch | None]] = {
        "delete component": lambda mask: regions.delete_component(mask, at),
        "keep component": lambda mask: regions.keep_component(mask, at),
    }
    if comparison is not None:
        predicted = comparison.mask
        makers["take component"] = lambda mask: regions.add_component(mask, predicted, at)
    if tool in makers:
        program.correcting.apply(tool, makers[tool])


def _step(program: "Program", change: Callable[[], int | None]) -> None:
    """Undo or redo, and go to the slice that changed."""
    index = change()
    if index is not None:
        program.view_verbs.go_to_slice(index)


def _export(program: "Program") -> None:
    place = program.session.place
    start = str(Path.home()) if place is None else str(place.dataset.root.parent)
    folder = QFileDialog.getExistingDirectory(
        program.window, "Export the correction into a folder outside the dataset", start
    )
    if folder:
        program.correcting.export(Path(folder))


def _discard(program: "Program") -> None:
    if program.session.correction is None and not program.correcting.damage:
        return
    answer = QMessageBox.question(
        program.window,
        "Discard the correction",
        f"Forget the correction of {program.session.opening} with its undo history? "
        "Versions that were saved stay.",
    )
    if answer == QMessageBox.StandardButton.Yes:
        program.correcting.discard()

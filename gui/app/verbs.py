"""What every command of the table does, by its id."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from gui.annotation.correction_verbs import correction_verbs
from gui.review.review_verbs import review_verbs
from gui.shell.help import show_about, show_guide
from gui.studies.study_verbs import study_verbs

if TYPE_CHECKING:
    from gui.app.program import Program

Verbs = Mapping[str, Callable[[], object]]
_ZOOM = 1.25


def verbs(program: "Program") -> Verbs:
    """Return the verb of every command for one window."""
    return {
        **_slice_verbs(program),
        **_view_verbs(program),
        **_overlay_verbs(program),
        **correction_verbs(program),
        **review_verbs(program),
        **study_verbs(program),
        **_file_and_model_verbs(program),
        **_help_verbs(program),
    }


def _slice_verbs(program: "Program") -> Verbs:
    view = program.view_verbs
    return {
        "previous_slice": lambda: view.step_slice(-1),
        "next_slice": lambda: view.step_slice(1),
        "back_five": lambda: view.step_slice(-5),
        "on_five": lambda: view.step_slice(5),
        "first_slice": lambda: view.go_to_slice(0),
        "last_slice": view.last_slice,
        "worst_slice": view.worst_slice,
        "next_likely": lambda: program.triaging.step(1),
        "previous_likely": lambda: program.triaging.step(-1),
        "previous_case": lambda: program.operations.step_case(-1),
        "next_case": lambda: program.operations.step_case(1),
        "find_case": lambda: program.window.find_case(),
    }


def _view_verbs(program: "Program") -> Verbs:
    view = program.view_verbs
    return {
        "pan_tool": lambda: program.set_tool("pan"),
        "window_tool": lambda: program.set_tool("window"),
        "auto_window": view.auto_window,
        "reset_window": view.reset_window,
        "zoom_in": lambda: program.window.view.zoom_by(_ZOOM),
        "zoom_out": lambda: program.window.view.zoom_by(1 / _ZOOM),
        "fit": lambda: program.window.view.fit(),
        "one_view": lambda: program.window.grid.set_count(1),
        "two_views": lambda: program.window.grid.set_count(2),
        "swipe_view": lambda: program.window.grid.set_swipe(),
        "four_views": lambda: program.window.grid.set_count(4),
        "exact_voxels": lambda: program.set_exact_voxels(not program.session.view.exact_voxels),
        "light_theme": program.toggle_theme,
        "safe_colours": program.toggle_overlay_colours,
    }


def _overlay_verbs(program: "Program") -> Verbs:
    view = program.view_verbs
    return {
        "toggle_truth": lambda: view.toggle_layer("truth"),
        "toggle_prediction": lambda: view.toggle_layer("prediction"),
        "toggle_uncertainty": lambda: view.toggle_layer("uncertainty"),
        "toggle_false_positive": lambda: view.toggle_errors("false_positive"),
        "toggle_false_negative": lambda: view.toggle_errors("false_negative"),
        "less_opacity": lambda: view.change_opacity(-1),
        "more_opacity": lambda: view.change_opacity(1),
    }


def _file_and_model_verbs(program: "Program") -> Verbs:
    operations = program.operations
    return {
        "open_dataset": lambda: _ask_for_folder(program),
        "open_demo": operations.open_demo,
        "quit": lambda: program.window.quit(),
        "run_case": operations.run_case,
        "run_all": operations.run_all,
        "flips": lambda: program.set_flips(not program.session.settings.flips),
        "train": lambda: program.training.new_job(),
        "gate": lambda: program.training.show_gate(),
        "toggle_jobs": lambda: program.training.toggle_drawer(),
        "cancel_runs": lambda: _stop(program),
    }


def _stop(program: "Program") -> None:
    """Drop what is half drawn or being computed; only when nothing is, stop the runs."""
    if not program.drawing.drop():
        program.operations.runs.cancel()


def _help_verbs(program: "Program") -> Verbs:
    return {
        "guide": lambda: show_guide(program.window),
        "shortcuts": program.show_shortcuts,
        "about": lambda: show_about(program.window),
        "next_region": lambda: program.window.next_region(1),
        "previous_region": lambda: program.window.next_region(-1),
    }


def _ask_for_folder(program: "Program") -> None:
    place = program.session.place
    start = str(place.dataset.root.parent) if place is not None else str(Path.home())
    chosen = QFileDialog.getExistingDirectory(program.window, "Open a folder of cases", start)
    if chosen:
        program.operations.open_dataset(Path(chosen))

"""Data in a window: which folder is open."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from gui.shell.context import Context, Handlers


def install(context: Context) -> Handlers:
    """Return the commands that ask for a folder and open it."""
    return {
        "open_dataset": lambda: _ask_for_cases(context),
        "open_demo": context.operations.open_demo,
        "open_predictions": lambda: _ask_for_predictions(context),
    }


def _ask_for_cases(context: Context) -> None:
    place = context.session.place
    start = str(place.dataset.root.parent) if place is not None else str(Path.home())
    chosen = QFileDialog.getExistingDirectory(context.window, "Open a folder of cases", start)
    if chosen:
        context.operations.open_dataset(Path(chosen))


def _ask_for_predictions(context: Context) -> None:
    if context.session.place is None:
        return
    chosen = QFileDialog.getExistingDirectory(
        context.window, "Open a folder of predictions of these cases", str(Path.home())
    )
    if chosen:
        context.operations.open_predictions(Path(chosen))

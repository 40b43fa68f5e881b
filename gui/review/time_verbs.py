"""What the command "Time spent…" does."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog
from shiboken6 import isValid

from core.io.write_guard import refuse_inside
from core.review.time_spent import times_spent, write_times
from gui.review.review_desk import ReviewDesk
from gui.review.time_dialog import TimeDialog
from gui.shell.context import Context, Handlers

_FILE = "time.csv"
_FAILED = "The time was not read"


class TimeDesk:
    """Shows how long readers had cases before them, and writes it as a file."""

    def __init__(self, context: Context, review_desk: ReviewDesk) -> None:
        self._context, self._review_desk = context, review_desk

    @property
    def handlers(self) -> Handlers:
        """What its command does."""
        return {"time_spent": self._show}

    def _show(self) -> None:
        context = self._context
        place = context.session.place
        if place is None:
            return
        self._review_desk.keep_time()  # what is on screen counts too; it is written first
        dialog, store = TimeDialog(context.window), place.workspace.store
        dialog.export_asked.connect(self._ask_file)
        context.session.place_changed.connect(dialog.reject)
        dialog.open()
        context.lanes.run(
            "journal",
            lambda _: times_spent(store),
            lambda times: dialog.show_times(times) if isValid(dialog) else None,
            failed=lambda sentence: context.toasts.show_error(_FAILED, sentence),
        )

    def _ask_file(self) -> None:
        context = self._context
        place, toasts = context.session.place, context.toasts
        if place is None:
            return
        start = str(Path.home() / f"{place.dataset.name} {_FILE}")
        chosen, _ = QFileDialog.getSaveFileName(
            context.window, "Write the time as a CSV file", start, "CSV (*.csv)"
        )
        if not chosen:
            return
        path, store, root = Path(chosen), place.workspace.store, place.dataset.root

        def work() -> Path:
            refuse_inside(root, path.parent)
            write_times(path, times_spent(store))
            return path

        context.lanes.run(
            "journal",
            lambda _: work(),
            lambda written: toasts.show_toast("Time written", str(written), kind="ok"),
            failed=lambda sentence: toasts.show_error("The time was not written", sentence),
        )

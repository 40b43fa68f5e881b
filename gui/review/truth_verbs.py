"""The third answer, that the ground truth is wrong; what is too small to ask about; the parcel."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog

from core.domain.progress import Progress
from core.io.cases.case_reader import read_case
from core.review.questions import Question
from core.review.truth_errors import count_truth_errors, truth_errors
from core.studies.export.error_parcel import ParcelSource, write_error_parcel
from gui.review.disagreement_panel import DisagreementPanel
from gui.review.disagreement_queue import DisagreementQueue
from gui.shell.context import Context, Handlers

_FAILED = "No error parcel was written"
_DIALOG_WIDTH = 340
_MOST_VOXELS, _MOST_ML = 100_000, 100.0
_MISSING, _NARROW = "Lesion not marked", "Marked too narrow"
_TOO_MUCH, _WIDE = "No lesion there", "Marked too wide"
_ANY = ("An artefact", "Mask of another slice")


class TruthDesk:
    """Asks why the ground truth is wrong, counts what was marked, and writes the parcel."""

    def __init__(
        self, context: Context, queue: DisagreementQueue, panel: DisagreementPanel
    ) -> None:
        self._context, self._queue, self._panel = context, queue, panel
        queue.marked.connect(self.count)
        context.session.place_changed.connect(self.count)

    @property
    def handlers(self) -> Handlers:
        """What its commands do."""
        return {
            "truth_wrong": lambda: self._context.readers.named(self._ask_why),
            "small_disagreements": self._ask_limit,
            "export_error_parcel": self._ask_folder,
        }

    def count(self) -> None:
        """Say how many regions were marked in all cases."""
        place = self._context.session.place
        if place is not None:
            store = place.workspace.store
            self._context.lanes.run(
                "journal", lambda _: count_truth_errors(store), self._panel.set_marked
            )

    def _ask_why(self) -> None:
        question, problem = self._queue.asked, self._queue.why_truth_stands
        if question is None or problem:
            self._queue.noted.emit("Nothing to judge", problem)
            return
        dialog = self._dialog("The ground truth is wrong here", "Why?")
        dialog.setComboBoxItems(reasons(question))
        dialog.setComboBoxEditable(True)
        dialog.textValueSelected.connect(
            lambda reason: self._queue.call_truth_wrong(question, " ".join(reason.split()))
        )
        dialog.open()

    def _ask_limit(self) -> None:
        """Ask below which size pieces are answered together."""
        session, change = self._context.session, self._context.operations.change_settings
        opened = session.open_case
        known = opened is not None and opened.loaded.volume.geometry.voxel_ml is not None
        dialog = self._dialog("Small disagreements", "")
        if known:
            dialog.setLabelText("Below this volume, in mL, they are answered together")
            dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
            dialog.setDoubleDecimals(3)
            dialog.setDoubleRange(0.001, _MOST_ML)
            dialog.setDoubleValue(session.settings.small_ml)
            dialog.doubleValueSelected.connect(lambda value: change(small_ml=value))
        else:
            dialog.setLabelText("Below this many voxels they are answered together")
            dialog.setInputMode(QInputDialog.InputMode.IntInput)
            dialog.setIntRange(1, _MOST_VOXELS)
            dialog.setIntValue(session.settings.small_voxels)
            dialog.intValueSelected.connect(lambda value: change(small_voxels=value))
        dialog.open()

    def _dialog(self, title: str, label: str) -> QInputDialog:
        dialog = QInputDialog(self._context.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setLabelText(label)
        dialog.setMinimumWidth(_DIALOG_WIDTH)
        return dialog

    def _ask_folder(self) -> None:
        place = self._context.session.place
        if place is None:
            return
        start = str(place.dataset.root.parent)
        folder = QFileDialog.getExistingDirectory(
            self._context.window, "Write the error parcel into a folder outside the dataset", start
        )
        if folder:
            self._write(Path(folder) / f"{place.dataset.name} errors of the ground truth")

    def _write(self, out: Path) -> None:
        place, toasts = self._context.session.place, self._context.toasts
        if place is None:
            return
        dataset, store = place.dataset, place.workspace.store
        source = ParcelSource(
            dataset.name, dataset.root, lambda case_id: read_case(dataset.case(case_id))
        )

        def work(progress: Progress) -> list[Path]:
            return write_error_parcel(out, source, truth_errors(store), progress=progress)

        self._context.lanes.run(
            "io",
            work,
            lambda files: toasts.show_toast("Error parcel written", str(files[0]), kind="ok"),
            failed=lambda sentence: toasts.show_error(_FAILED, sentence),
        )


def reasons(question: Question) -> list[str]:
    """Return why a ground truth may be wrong there, the likeliest first."""
    (piece,) = question.pieces
    whole, part = (_MISSING, _NARROW) if piece.kind == "false_positive" else (_TOO_MUCH, _WIDE)
    return [*((part, whole) if piece.on_border else (whole, part)), *_ANY]

"""The verbs of comparison, report and blinded reading; what is behind them is made when asked."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from gui.app.program import Program
    from gui.blinded.blinded_presenter import BlindedPresenter
    from gui.studies.export_presenter import ExportPresenter
    from gui.studies.study_presenter import StudyPresenter


class StudyDesk:
    """Comparison, report and blinded reading of one window.

    Each is imported when it is first asked for: the first picture need not wait for plots.
    """

    def __init__(self, program: "Program") -> None:
        self._program = program

    @cached_property
    def study(self) -> "StudyPresenter":
        """The comparison of models."""
        from gui.studies.study_presenter import StudyPresenter

        made = StudyPresenter(self._program)
        made.export_asked.connect(lambda: self.export.ask_report())
        return made

    @cached_property
    def export(self) -> "ExportPresenter":
        """Reports and pictures."""
        from gui.studies.export_presenter import ExportPresenter

        return ExportPresenter(self._program)

    @cached_property
    def blinded(self) -> "BlindedPresenter":
        """Blinded reading."""
        from gui.blinded.blinded_presenter import BlindedPresenter

        return BlindedPresenter(self._program)


def study_verbs(program: "Program") -> Mapping[str, Callable[[], object]]:
    """Return the verbs that begin at the desk of one window."""
    return {
        "compare_models": lambda: program.desk.study.show(),
        "export_report": lambda: program.desk.export.ask_report(),
        "export_pictures": lambda: program.desk.export.ask_pictures(),
        "open_predictions": lambda: _ask_for_predictions(program),
        "blinded": lambda: program.desk.blinded.show(),
    }


def _ask_for_predictions(program: "Program") -> None:
    place = program.session.place
    if place is None:
        return
    chosen = QFileDialog.getExistingDirectory(
        program.window, "Open a folder of predictions of these cases", str(Path.home())
    )
    if chosen:
        program.operations.open_predictions(Path(chosen))

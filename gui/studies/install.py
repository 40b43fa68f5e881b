"""Studies in a window: comparisons of models, reports and pictures."""

from functools import cached_property
from typing import TYPE_CHECKING

from gui.shell.context import Context, Handlers

if TYPE_CHECKING:
    from gui.studies.export_presenter import ExportPresenter
    from gui.studies.study_presenter import StudyPresenter


class StudiesFeature:
    """What was installed; each part is made when it is first asked for.

    The first picture need not wait for plots.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.handlers: Handlers = {
            "compare_models": lambda: self.study.show(),
            "export_report": lambda: self.export.ask_report(),
            "export_cases": lambda: self.export.ask_cases(),
            "export_pictures": lambda: self.export.ask_pictures(),
        }

    @cached_property
    def study(self) -> "StudyPresenter":
        """The comparison of models."""
        from gui.studies.study_presenter import StudyPresenter

        made = StudyPresenter(self._context)
        made.export_asked.connect(lambda: self.export.ask_report())
        return made

    @cached_property
    def export(self) -> "ExportPresenter":
        """Reports and pictures."""
        from gui.studies.export_presenter import ExportPresenter

        return ExportPresenter(self._context)


def install(context: Context) -> StudiesFeature:
    """Make what compares models and exports; its dialogs are windows of their own."""
    return StudiesFeature(context)

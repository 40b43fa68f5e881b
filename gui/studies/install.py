"""Studies in a window: comparisons of models, reports and pictures."""

from functools import cached_property
from typing import TYPE_CHECKING

from gui.shell.context import Context, Handlers
from gui.studies.studies_views import StudiesViews

if TYPE_CHECKING:
    from gui.studies.compare_mode import CompareMode
    from gui.studies.export_presenter import ExportPresenter
    from gui.studies.study_presenter import StudyPresenter


class StudiesFeature:
    """What was installed; each part is made when it is first asked for.

    The first picture need not wait for plots.
    """

    def __init__(self, context: Context, views: StudiesViews) -> None:
        self._context, self._views = context, views
        self._entered = False
        self.handlers: Handlers = {
            "compare_models": lambda: self.compare.toggle(),
            "review_mode": self._review,
            "export_report": lambda: self.export.ask_report(),
            "export_cases": lambda: self.export.ask_cases(),
            "export_pictures": lambda: self.export.ask_pictures(),
        }

    @cached_property
    def study(self) -> "StudyPresenter":
        """The comparison of models over all cases."""
        from gui.studies.compare_side import CompareSide
        from gui.studies.study_panel import StudyPanel
        from gui.studies.study_presenter import StudyPresenter

        panel = StudyPanel()
        panel.export_asked.connect(lambda: self.export.ask_report())
        return StudyPresenter(self._context, panel, CompareSide())

    @cached_property
    def compare(self) -> "CompareMode":
        """The window while models are compared."""
        from gui.studies.compare_mode import CompareMode

        self._entered = True
        return CompareMode(self._context, self._views, self.study)

    @cached_property
    def export(self) -> "ExportPresenter":
        """Reports and pictures."""
        from gui.studies.export_presenter import ExportPresenter

        return ExportPresenter(self._context)

    def _review(self) -> None:
        if self._entered:
            self.compare.leave()


def install(context: Context, views: StudiesViews) -> StudiesFeature:
    """Make what compares models and exports."""
    return StudiesFeature(context, views)

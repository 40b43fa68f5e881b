"""Training in a window: jobs, the gate, and champion and candidate side by side."""

from dataclasses import dataclass

from gui.shell.context import Context, Handlers
from gui.training.jobs_drawer import JobsDrawer
from gui.training.side_by_side import SideBySide
from gui.training.training_presenter import TrainingPresenter
from gui.viewer.install import Viewer


@dataclass(frozen=True, eq=False)
class TrainingViews:
    """What of the window shows jobs, and where a case of the gate is shown."""

    jobs: JobsDrawer
    viewer: Viewer


@dataclass(frozen=True, eq=False)
class TrainingFeature:
    """What was installed."""

    handlers: Handlers
    presenter: TrainingPresenter
    beside: SideBySide

    def close(self) -> None:
        """Follow jobs no longer; those that run go on without the window."""
        self.presenter.close()


def install(context: Context, views: TrainingViews) -> TrainingFeature:
    """Make what starts and follows jobs, and connect it."""
    training = TrainingPresenter(context.session, context.lanes, views.jobs)
    beside = SideBySide(context, views.viewer, training.gate.show_again)
    toasts = context.toasts
    training.told.connect(lambda title, said, kind: toasts.show_toast(title, said, kind=kind))
    training.went_on.connect(toasts.withdraw)
    training.failed.connect(toasts.show_error)
    training.model_wanted.connect(context.wishes.model_wanted)
    training.case_asked.connect(beside.show)
    handlers: Handlers = {
        "train": training.new_job,
        "teach_clicks": training.teach_clicks,
        "gate": training.show_gate,
        "toggle_jobs": training.toggle_drawer,
    }
    return TrainingFeature(handlers, training, beside)

"""The composition root: makes the context and the window, installs the features, closes them."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from core.inference.engine import Engine
from core.workspace.settings import home, prepare_home, read_settings, settings_path
from gui.annotation import install as annotation
from gui.annotation.clicks_presenter import ClickViews
from gui.annotation.correction_presenter import AnnotationViews
from gui.app.close_guard import CloseGuard
from gui.app.frame_presenter import FramePresenter
from gui.app.main_window import MainWindow
from gui.app.tour import Tour
from gui.blinded import install as blinded
from gui.data import install as data
from gui.data.data_presenter import DataViews
from gui.measurement import install as measurement
from gui.measurement.measurement_presenter import MeasurementViews
from gui.prediction import install as prediction
from gui.prediction.prediction_presenter import PredictionViews
from gui.review import install as review
from gui.review.review_presenter import ReviewViews
from gui.shell.actions import is_typing
from gui.shell.context import Context, Handlers, Wishes
from gui.shell.in_hand import InHand
from gui.shell.lock_takeover import LockTakeover
from gui.shell.look import look_of
from gui.shell.mask_finder import MaskFinder
from gui.shell.operations import Operations
from gui.shell.reader_name import Readers
from gui.shell.readiness import Readiness
from gui.shell.session import Session
from gui.shell.stop_guard import StopGuard
from gui.shell.tasks import Lanes
from gui.studies import install as studies
from gui.studies.studies_views import StudiesViews
from gui.training import install as training
from gui.viewer import install as viewer
from gui.viewer.labels.labels_presenter import LabelViews
from gui.viewer.viewer_views import ViewerViews
from gui.widgets.theme import finish_theme, prepare_theme
from gui.worklist import install as worklist
from gui.worklist.worklist_presenter import WorklistViews


class Program:
    """One window and everything behind it; `close` ends all work.

    Models run in a process of the window's own, unless it is given an engine.
    """

    def __init__(self, application: QApplication, engine: Engine | None = None) -> None:
        prepare_home()
        # Every sample of the pointer, or a quick circle has corners. The platform turns this on
        # while the application is made, so it is turned off only now.
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
        settings, self._damage = read_settings(settings_path())
        self.session = session = Session(home(), settings)
        theme = look_of(session.settings)[0]
        prepare_theme(application, theme)
        self.window = window = MainWindow()
        finish_theme(application, theme)
        self.lanes = Lanes()
        self.operations = Operations(session, self.lanes, engine or Engine())
        self.context = context = self._make_context()
        self.lanes.reports.faulted.connect(context.on_fault)
        self.lanes.reports.failed.connect(lambda said: context.say_failed("Not done", said))
        self.viewer = viewer.install(context, self._viewer_views())
        self.worklist = worklist.install(
            context, WorklistViews(window.worklist, window.header, window.find_case)
        )
        self.prediction = prediction.install(context, self._prediction_views())
        clicks = ClickViews(window.film, window.clicks, window.show_film)
        self.annotation = annotation.install(context, self._annotation_views(), clicks)
        self.measurement = measurement.install(
            context, MeasurementViews(self.viewer, window.measurements)
        )
        self._close_guard = CloseGuard(window, self.lanes, self.annotation)
        window.may_close = self._may_close
        self.operations.guard = lambda go_on: context.stopping.ask(
            go_on, doing="Stop them and open"
        )
        review_views = ReviewViews(self.viewer, window.review, window.disagreements)
        self.review = review.install(context, review_views, self.annotation.desk)
        self.training = training.install(context, training.TrainingViews(window.jobs, self.viewer))
        line = window.study_line
        self.studies = studies.install(context, StudiesViews(window, self.viewer, line))
        self.blinded = blinded.install(context)
        self.frame = FramePresenter(context, window, application)
        self.data = data.install(context, self._data_views())
        self.tour = Tour(context, window)
        features = (
            self.data, self.viewer, self.worklist, self.prediction, self.annotation, self.review,
            self.training, self.studies, self.blinded, self.frame, self.tour, self.measurement,
        )  # fmt: skip
        handlers: Handlers = {"cancel_runs": self._cancel}
        for feature in features:
            handlers |= feature.handlers
        gated, say = context.readiness.gated, self._say_early
        window.view.painted.connect(context.readiness.note_drawn)
        window.actions.set_verbs({name: gated(name, verb, say) for name, verb in handlers.items()})
        window.overlays_held.connect(self.viewer.verbs.hide_overlays)
        window.closing.connect(self.close)
        self.annotation.set_tool("pan")

    def open(
        self,
        folder: Path | None,
        *,
        predictions: Sequence[Path] = (),
        resample: bool | None = None,
    ) -> None:
        """Show the window on `folder`, else on what was open last, else on the demo.

        With `predictions` of that folder they are reviewed, and nothing is run; `resample` says
        whether those on another grid are brought onto their image.
        """
        settings = self.session.settings
        self.window.show_in_place(settings.windows, settings.last_screen)
        if self._damage:
            self.context.say_failed("A setting was left out", self._damage)
        last = Path(settings.last_dataset) if settings.last_dataset else None
        if folder is not None and predictions:
            self.operations.open_predictions(*predictions, over=folder, resample=resample)
        elif folder is not None:
            self.operations.open_dataset(folder)
        elif last is not None and _is_there(last):
            self.operations.open_dataset(last)
        else:
            self.operations.open_demo()

    def close(self) -> None:
        """Keep the window's size, stop all work and close the workspace."""
        screen, place = self.window.place()
        kept = {**self.session.settings.windows, screen: place}
        self.operations.change_settings(windows=kept, last_screen=screen)
        self.review.close()
        self.training.close()
        self.prediction.desk.list_scores.cancel()
        self.prediction.desk.runs.cancel()
        self.operations.close()

    def _say_early(self, why: str) -> None:
        """Say why a key that decides or edits did nothing."""
        said = f"{why} Nothing was said or changed."
        self.context.toasts.show_toast("Too early", said, subject="early")

    def _cancel(self) -> None:
        """Leave a field for the image; else drop what is half drawn or asked about.

        Only when there is nothing of all that, stop the runs.
        """
        if is_typing():
            self.window.view.setFocus()
        elif not any(
            leave()
            for leave in (
                self.measurement.tools.drop,
                self.annotation.paint_tools.drop,
                self.review.desks.walk.leave,
            )
        ):
            self.context.stopping.ask(self.prediction.desk.runs.cancel)

    def _may_close(self) -> bool:
        """Ask about runs first, and about what could not be written then."""
        stopping = self.context.stopping
        if stopping.has_question:
            stopping.ask(self._close_with_runs, doing="Stop them and close")
            return False
        return self._close_guard.may_close()

    def _close_with_runs(self) -> None:
        self.context.stopping.asks = False
        self.context.stopping.asks = not self.window.close()

    def _make_context(self) -> Context:
        session, lanes, window = self.session, self.lanes, self.window
        return Context(
            session,
            lanes,
            self.operations,
            masks=MaskFinder(session, lanes, self.operations.engine),
            takeover=LockTakeover(session, lanes, self.operations, window.toasts),
            readers=Readers(session, self.operations, window.toasts, window),
            readiness=Readiness(session),
            stopping=StopGuard(session, window),
            toasts=window.toasts,
            actions=window.actions,
            wishes=Wishes(),
            in_hand=InHand(),
            window=window,
            closing=window.closing,
        )

    def _viewer_views(self) -> ViewerViews:
        window = self.window
        return ViewerViews(
            window.view,
            window.empty,
            window.grid,
            window.strip,
            window.header,
            window.notices,
            window.layers,
            window.top_bar,
            window.planes,
            LabelViews(window.label_rows, window.region_rows),
            window.surfaces,
        )

    def _data_views(self) -> DataViews:
        window = self.window
        return DataViews(window.empty, window.status, window.recent, window.dropped)

    def _prediction_views(self) -> PredictionViews:
        window = self.window
        return PredictionViews(
            window.metrics,
            window.model_panel,
            window.drawer,
            window.layers,
            window.top_bar,
            window.status,
            self.viewer.verbs,
        )

    def _annotation_views(self) -> AnnotationViews:
        window = self.window
        return AnnotationViews(
            self.viewer, window.card, window.rail, window.status, window.metrics, window.set_tool
        )


def _is_there(path: Path) -> bool:
    """Tell whether there is a folder or file; a name that the system refuses is none."""
    try:
        return path.exists()
    except OSError:
        return False

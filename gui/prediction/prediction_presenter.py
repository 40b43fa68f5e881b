"""Keeps figures, model, devices and runs on screen in step with the session."""

from dataclasses import dataclass

from PySide6.QtCore import QObject

from core.inference.engine_messages import NetworkCost
from gui.prediction.case_fit import CaseFit
from gui.prediction.metrics import MetricsPanel
from gui.prediction.model_panel import ModelPanel
from gui.prediction.prediction_views import metrics_views, model_view, queue_words
from gui.shell.context import Context
from gui.shell.status_bar import StatusBar
from gui.shell.thread_share import GestureDelay
from gui.shell.top_bar import TopBar
from gui.viewer.layers import LayersPanel
from gui.viewer.slice.view_verbs import ViewVerbs
from gui.widgets.run_line import RunLine


@dataclass(frozen=True, eq=False)
class PredictionViews:
    """What of the window runs models and shows what they found."""

    metrics: MetricsPanel
    model_panel: ModelPanel
    drawer: RunLine
    layers: LayersPanel
    top_bar: TopBar
    status: StatusBar
    verbs: ViewVerbs


class PredictionPresenter(QObject):
    """Listens to the session; each change redraws only what shows it."""

    def __init__(self, context: Context, views: PredictionViews) -> None:
        super().__init__()
        self._session, self._views = context.session, views
        self._measured: dict[str, NetworkCost] = {}
        self._engines: tuple[tuple[str, str], ...] = ()
        self._fit = CaseFit(context)
        self._fit.changed.connect(self._on_fit_changed)
        # The window's child: nothing is shown in one that has gone.
        self._result = GestureDelay(self._show_figures, context.window)
        session = self._session
        session.place_changed.connect(self._show_figures)
        session.models_changed.connect(self.show_model)
        session.case_changed.connect(self._on_case_changed)
        session.result_changed.connect(self._on_result_changed)
        session.part_arrived.connect(lambda _: self._result.do(can_wait=True))
        session.view_changed.connect(self._on_view_changed)
        session.post_changed.connect(self._on_view_changed)
        session.case_state_changed.connect(self._on_case_state_changed)
        session.queue_changed.connect(self._on_queue_changed)
        session.device_changed.connect(self._show_devices)
        session.settings_changed.connect(self._show_devices)

    def show_measured(self, found: tuple[str, NetworkCost]) -> None:
        """Show what a model costs."""
        self._measured[found[0]] = found[1]
        self.show_model()

    def _on_fit_changed(self) -> None:
        self._show_figures()
        self.show_model()

    def _on_case_changed(self) -> None:
        if self._session.open_case is None:
            self._show_figures()
            return
        self._on_result_changed()
        self._on_view_changed()

    def _on_result_changed(self) -> None:
        self._result.do(can_wait=False)

    def _on_view_changed(self) -> None:
        self._result.note_gesture()
        self._show_threshold()
        self._show_figures()

    def _show_threshold(self) -> None:
        model, post = self._session.models.current, self._session.post
        own = post if model is None else model.spec.postprocessing
        self._views.top_bar.set_threshold(post.threshold, own.threshold)

    def _on_case_state_changed(self, case_id: str) -> None:
        if case_id == self._session.current and self._session.result is None:
            self._show_figures()

    def _on_queue_changed(self) -> None:
        queue = self._session.queue
        self._views.drawer.setVisible(queue.active)
        if queue.active:
            self._views.drawer.set_progress(*queue_words(queue))

    def show_model(self) -> None:
        """Show which models there are and which is in use."""
        models = self._session.models
        offered = [(m.spec.id, m.spec.title) for m in models.available]
        current = "" if models.current is None else models.current.spec.id
        self._views.top_bar.set_models(offered, current, models.champion_id)
        measured = self._measured.get(current)
        self._views.model_panel.set_model(
            None
            if models.current is None
            else model_view(models.current, models.champion_id, measured, self._fit.view)
        )

    def _show_devices(self) -> None:
        chosen, used = self._session.settings.device, self._session.device_used
        self._views.top_bar.set_devices(self._session.devices, chosen, used)
        self._views.top_bar.set_engines(self._engines, self._session.settings.engine)
        self._views.status.set_device((used or chosen).upper())

    def show_engines(self, engines: tuple[tuple[str, str], ...]) -> None:
        """Offer what computes models, as (id, title)."""
        self._engines = engines
        self._show_devices()

    def _show_figures(self) -> None:
        self._views.metrics.set_metrics(*metrics_views(self._session, self._fit.view))

"""Prediction in a window: runs, figures, models and triage."""

from dataclasses import dataclass
from functools import partial

from core.domain.plane import Cut
from gui.prediction.case_confidence import CaseConfidence
from gui.prediction.case_triage import CaseTriage
from gui.prediction.foreign_grid import ForeignGrid
from gui.prediction.prediction_desk import PredictionDesk
from gui.prediction.prediction_presenter import PredictionPresenter, PredictionViews
from gui.shell.context import Context, Handlers


@dataclass(frozen=True, eq=False)
class PredictionFeature:
    """What was installed."""

    handlers: Handlers
    desk: PredictionDesk
    panels: PredictionPresenter
    case_triage: CaseTriage
    confidence: CaseConfidence
    foreign_grid: ForeignGrid


def install(context: Context, views: PredictionViews) -> PredictionFeature:
    """Make the desk that runs models and the presenter of what it finds, and connect them."""
    session, lanes, operations = context.session, context.lanes, context.operations
    desk = PredictionDesk(session, lanes, operations)
    panels = PredictionPresenter(context, views)
    case_triage = CaseTriage(session, lanes, operations.triager)
    confidence = CaseConfidence(session, lanes)
    choosing = partial(_choose_model, context, desk, panels)
    _connect_bars(desk, views)
    views.top_bar.model_chosen.connect(choosing)
    views.drawer.stop_asked.connect(lambda: context.stopping.ask(desk.runs.cancel))
    foreign_grid = ForeignGrid(context, desk.runs.is_off_grid)
    desk.failed.connect(foreign_grid.say_failed)
    desk.measured.connect(panels.show_measured)
    desk.engines_found.connect(panels.show_engines)
    desk.runs.finished_all.connect(lambda done, failed: _tell_done(context, done, failed))
    context.wishes.model_wanted.connect(choosing)
    context.wishes.prediction_wanted.connect(desk.runs.show)
    views.top_bar.device_chosen.connect(desk.set_device)
    views.top_bar.engine_chosen.connect(desk.set_engine)
    case_triage.slice_wanted.connect(lambda z: views.verbs.show_cut(Cut(index=z)))
    for part in (case_triage, confidence):
        part.failed.connect(context.toasts.show_toast)
    case_triage.doubted.connect(context.toasts.show_toast)

    def measure() -> None:
        if views.model_panel.section.expanded:
            desk.measure_model()

    views.model_panel.expanded_changed.connect(lambda _: measure())
    session.models_changed.connect(measure)

    def toggle_flips() -> None:
        flips = not session.settings.flips
        context.actions["flips"].setChecked(not flips)
        context.stopping.ask(lambda: set_flips(flips), doing="Stop them and go on")

    def set_flips(flips: bool) -> None:
        context.actions["flips"].setChecked(flips)
        desk.set_flips(flips)

    handlers: Handlers = {
        "run_case": desk.run_case,
        "run_all": desk.run_all,
        "flips": toggle_flips,
        "next_likely": lambda: case_triage.step(1),
        "previous_likely": lambda: case_triage.step(-1),
    }
    return PredictionFeature(handlers, desk, panels, case_triage, confidence, foreign_grid)


def _connect_bars(desk: PredictionDesk, views: PredictionViews) -> None:
    bar, layers = views.top_bar, views.layers
    bar.run_case_asked.connect(desk.run_case)
    bar.run_all_asked.connect(desk.run_all)
    bar.threshold_moved.connect(desk.set_threshold)
    bar.threshold_reset.connect(desk.reset_threshold)
    layers.largest_changed.connect(desk.set_largest_component)
    layers.no_small_changed.connect(desk.set_no_small)
    layers.holes_changed.connect(desk.set_fill_holes)
    views.metrics.run_requested.connect(desk.run_case)


def _choose_model(
    context: Context, desk: PredictionDesk, panels: PredictionPresenter, model_id: str
) -> None:
    """Take another model, which ends the runs of the one before; the reader is asked first."""
    current = context.session.models.current
    if current is not None and current.spec.id == model_id:
        desk.choose_model(model_id)  # no other one, whose figures may be on their way
        return
    context.stopping.ask(
        lambda: desk.choose_model(model_id),
        otherwise=panels.show_model,
        doing="Stop them and change the model",
    )


def _tell_done(context: Context, done: int, failed: int) -> None:
    if done + failed > 1:
        said = f"{done} cases predicted" + (f", {failed} failed" if failed else "")
        toasts = context.toasts
        toasts.show_toast("All runs are done", said, kind="error" if failed else "ok")

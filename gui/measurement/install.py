"""Measurement in a window: rulers, diameters, regions, and the spacing that no file tells."""

from dataclasses import dataclass

from core.domain.plane import Cut
from core.review.measurements import Measurement
from gui.measurement.diameter_finder import DiameterFinder
from gui.measurement.measure_desk import MeasureDesk
from gui.measurement.measure_tools import MeasureTools
from gui.measurement.measurement_presenter import (
    MeasurementPresenter,
    MeasurementViews,
)
from gui.measurement.voxel_size_choice import SpacingChoice
from gui.shell.context import Context, Handlers
from gui.viewer.slice.slice_view import SliceView


@dataclass(frozen=True, eq=False)
class MeasurementFeature:
    """What was installed."""

    handlers: Handlers
    desk: MeasureDesk
    tools: MeasureTools
    finder: DiameterFinder
    presenter: MeasurementPresenter
    spacing: SpacingChoice


def install(context: Context, views: MeasurementViews) -> MeasurementFeature:
    """Make desk, tools, list and the choice of a spacing, and connect them."""
    session = context.session

    def where(view: SliceView) -> Cut:
        return session.view.cut_in(views.viewer.planes.plane_of(view))

    desk = MeasureDesk(session, context.lanes, context.in_hand)
    tools = MeasureTools(session, desk)
    views.viewer.with_views(lambda view: tools.add_view(view, lambda: where(view)))
    finder = DiameterFinder(session, context.lanes)
    presenter = MeasurementPresenter(context, views, desk)
    spacing = SpacingChoice(context)

    def keep(found: Measurement) -> None:
        desk.keep(found)
        presenter.go_to(desk.chosen)

    finder.found.connect(keep)
    finder.noted.connect(context.toasts.show_toast)
    context.closing.connect(finder.drop)
    handlers: Handlers = {
        "diameters": lambda: finder.find(session.view.plane, views.viewer.words.voxel),
        "give_spacing": spacing.ask,
    }
    return MeasurementFeature(handlers, desk, tools, finder, presenter, spacing)

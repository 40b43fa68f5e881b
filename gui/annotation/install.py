"""The correction of a window: tools, undo, journal and versions."""

from collections.abc import Callable
from dataclasses import dataclass

from gui.annotation.correction_desk import Correcting
from gui.annotation.correction_presenter import AnnotationViews, CorrectionPresenter
from gui.annotation.correction_verbs import Bench, correction_verbs
from gui.annotation.paint_tools import Drawing
from gui.shell.context import Context, Handlers
from gui.viewer.touch import Tool


@dataclass(frozen=True, eq=False)
class AnnotationFeature:
    """What was installed; `set_tool` takes a tool in hand."""

    handlers: Handlers
    desk: Correcting
    drawing: Drawing
    presenter: CorrectionPresenter
    set_tool: Callable[[Tool], None]


def install(context: Context, views: AnnotationViews) -> AnnotationFeature:
    """Make desk, tools and presenter of the correction, and connect them."""
    desk = Correcting(context.session, context.lanes)
    drawing = Drawing(context.session, desk, views.viewer.views.view)
    presenter = CorrectionPresenter(context, desk, drawing, views)
    desk.saved.connect(context.operations.keep_place)
    context.operations.leaving.connect(desk.end)
    views.rail.command_asked.connect(context.trigger)

    def set_tool(tool: Tool) -> None:
        views.show_tool(tool)
        drawing.set_tool(tool)

    context.wishes.tool_wanted.connect(set_tool)
    handlers: Handlers = {
        "pan_tool": lambda: set_tool("pan"),
        "window_tool": lambda: set_tool("window"),
        **correction_verbs(Bench(context, desk, drawing, views.viewer, set_tool)),
    }
    return AnnotationFeature(handlers, desk, drawing, presenter, set_tool)

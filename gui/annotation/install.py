"""The correction of a window: tools, undo, journal and versions."""

from collections.abc import Callable
from dataclasses import dataclass

from gui.annotation.correction_desk import CorrectionDesk
from gui.annotation.correction_presenter import AnnotationViews, CorrectionPresenter
from gui.annotation.correction_verbs import Bench, correction_verbs
from gui.annotation.paint_tools import PaintTools
from gui.shell.context import Context, Handlers
from gui.viewer.touch import Tool


@dataclass(frozen=True, eq=False)
class AnnotationFeature:
    """What was installed; `set_tool` takes a tool in hand."""

    handlers: Handlers
    desk: CorrectionDesk
    paint_tools: PaintTools
    presenter: CorrectionPresenter
    set_tool: Callable[[Tool], None]


def install(context: Context, views: AnnotationViews) -> AnnotationFeature:
    """Make desk, tools and presenter of the correction, and connect them."""
    desk = CorrectionDesk(context.session, context.lanes)
    paint_tools = PaintTools(context.session, desk, views.viewer.views.view)
    presenter = CorrectionPresenter(context, desk, paint_tools, views)
    desk.saved.connect(context.operations.keep_place)
    context.operations.leaving.connect(desk.end)
    views.rail.command_asked.connect(context.trigger)

    def set_tool(tool: Tool) -> None:
        views.show_tool(tool)
        paint_tools.set_tool(tool)

    context.wishes.tool_wanted.connect(set_tool)
    handlers: Handlers = {
        "pan_tool": lambda: set_tool("pan"),
        "window_tool": lambda: set_tool("window"),
        **correction_verbs(Bench(context, desk, paint_tools, views.viewer, set_tool)),
    }
    return AnnotationFeature(handlers, desk, paint_tools, presenter, set_tool)

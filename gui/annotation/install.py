"""The correction of a window: tools, undo, journal and versions."""

from collections.abc import Callable
from dataclasses import dataclass

from gui.annotation.click_tool import make_guided, show_clicks
from gui.annotation.clicks_presenter import ClicksPresenter, ClickViews
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.edit_names import edit_title
from gui.annotation.correction.shown_grey import ShownGrey
from gui.annotation.correction_presenter import AnnotationViews, CorrectionPresenter
from gui.annotation.correction_verbs import Bench, correction_verbs
from gui.annotation.tools.lesion_marker import Lesions
from gui.annotation.tools.paint_tools import PaintTools
from gui.annotation.tools.range_preview import Preview, taken_by
from gui.annotation.tools.tool_presenter import ToolPresenter
from gui.shell.context import Context, Handlers
from gui.viewer.install import Viewer
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import Tool


@dataclass(frozen=True, eq=False)
class AnnotationFeature:
    """What was installed; `set_tool` takes a tool in hand."""

    handlers: Handlers
    desk: CorrectionDesk
    paint_tools: PaintTools
    presenters: tuple[CorrectionPresenter, ToolPresenter, ClicksPresenter]
    set_tool: Callable[[Tool], None]


def install(context: Context, views: AnnotationViews, clicks: ClickViews) -> AnnotationFeature:
    """Make desk, tools and presenter of the correction, and connect them."""
    session, lanes = context.session, context.lanes
    desk = CorrectionDesk(session, lanes)
    grey, preview = ShownGrey(session), Preview(lanes, taken_by)
    guided = make_guided(context, grey, desk)
    paint_tools = PaintTools(grey, desk, (Lesions(session, lanes, desk), preview, guided))
    views.viewer.with_views(paint_tools.add_view)
    presenter = CorrectionPresenter(context, desk, paint_tools, views)
    tools = ToolPresenter(context, (desk, paint_tools, grey, preview), (views.card, views.status))
    desk.saved.connect(context.operations.keep_place)
    desk.noted.connect(lambda of, said: context.toasts.show_toast(edit_title(of), said))
    context.operations.leaving.connect(desk.end)
    shown, film_verbs = show_clicks(context, (desk, paint_tools, grey), views.viewer, clicks)
    views.rail.command_asked.connect(context.trigger)
    context.closing.connect(preview.drop)
    _follow_hands(context, views.viewer)

    views.card.over.chosen.connect(views.viewer.labels.desk.write_over)
    views.card.over.clears_changed.connect(views.viewer.labels.desk.clear_all)

    def set_tool(tool: Tool) -> None:
        views.show_tool(tool)
        paint_tools.set_tool(tool)

    def take_wanted(tool: Tool) -> None:
        if not paint_tools.clicking:  # else the clicks in hand would go out of sight
            set_tool(tool)

    context.wishes.tool_wanted.connect(take_wanted)
    handlers: Handlers = {
        "pan_tool": lambda: set_tool("pan"),
        "window_tool": lambda: set_tool("window"),
        "swap_buttons": lambda: _swap_buttons(context),
        **film_verbs,
        **correction_verbs(Bench(context, desk, paint_tools, views.viewer, set_tool)),
    }
    return AnnotationFeature(handlers, desk, paint_tools, (presenter, tools, shown), set_tool)


def _swap_buttons(context: Context) -> None:
    swapped = context.session.settings.swap_buttons
    context.operations.change_settings(swap_buttons=not swapped)


def _follow_hands(context: Context, viewer: Viewer) -> None:
    """Let the buttons of the mouse change their parts in every view, as the settings say."""
    views: list[SliceView] = []

    def follow() -> None:
        swapped = context.session.settings.swap_buttons
        context.actions["swap_buttons"].setChecked(swapped)
        for view in views:
            view.set_swapped(swapped)

    def add(view: SliceView) -> None:
        views.append(view)
        follow()

    viewer.with_views(add)
    context.session.settings_changed.connect(follow)

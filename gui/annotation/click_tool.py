"""The parts of the tool of guided clicks: what answers, the film, the list."""

from gui.annotation.clicks.click_film import ClickFilm
from gui.annotation.clicks.guided_clicks import GuidedClicks
from gui.annotation.clicks.taught_guide import taught_guide
from gui.annotation.clicks_presenter import ClicksPresenter, ClickViews
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.shown_grey import ShownGrey
from gui.annotation.tools.paint_tools import PaintTools
from gui.shell.context import Context, Handlers
from gui.viewer.install import Viewer


def make_guided(context: Context, grey: ShownGrey, desk: CorrectionDesk) -> GuidedClicks:
    """Return the clicks in hand of a window; they are dropped when it closes."""
    guided = GuidedClicks(grey, desk, context.lanes, taught_guide(context))
    context.closing.connect(guided.drop)
    return guided


def show_clicks(
    context: Context,
    parts: tuple[CorrectionDesk, PaintTools, ShownGrey],
    viewer: Viewer,
    views: ClickViews,
) -> tuple[ClicksPresenter, Handlers]:
    """Keep film and list in step with the clicks; returns what does, and the verbs of the film."""
    desk, tools, grey = parts
    film = ClickFilm(tools.guided, grey)
    shown = ClicksPresenter(context.lanes, (desk, tools, film, grey), viewer.verbs, views)
    context.closing.connect(shown.close)
    verbs: Handlers = {
        "film_before": lambda: shown.step(-1),
        "film_after": lambda: shown.step(1),
        "film_tick": lambda: film.mark_current("ticked"),
        "film_leave": lambda: film.mark_current("left"),
    }
    return shown, verbs

"""Keeps the film of carried clicks, and the list of clicks, in step with the clicks in hand."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from core.domain.plane import PLANES
from gui.annotation.clicks.click_film import ClickFilm, Film
from gui.annotation.clicks.click_list import ClickList, click_list
from gui.annotation.clicks.clicks_panel import ClicksPanel
from gui.annotation.clicks.film_pictures import FilmLook, FilmPictures, FilmRoll
from gui.annotation.clicks.film_strip import FilmStrip
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.shown_grey import ShownGrey
from gui.annotation.tools.paint_tools import PaintTools
from gui.shell.look import look_of
from gui.shell.tasks import Lanes
from gui.shell.view_state import current_range
from gui.viewer.slice.view_verbs import ViewVerbs

ClickParts = tuple[CorrectionDesk, PaintTools, ClickFilm, ShownGrey]


@dataclass(frozen=True, eq=False)
class ClickViews:
    """What of the window shows clicks; `show_film` puts the film in the place of the strip."""

    film: FilmStrip
    panel: ClicksPanel
    show_film: Callable[[bool], None]


class ClicksPresenter(QObject):
    """Shows them while the tool is in hand; pictures of slices are drawn on a worker."""

    def __init__(
        self, lanes: Lanes, parts: ClickParts, verbs: ViewVerbs, views: ClickViews
    ) -> None:
        super().__init__()
        self._desk, self._tools, self._film, self._grey = parts
        self._session, self._verbs, self._views = self._grey.session, verbs, views
        self._pictures = FilmPictures(lanes)
        self._pictures.drawn.connect(lambda _: views.film.show_picture())
        self._shown: Film | None = None
        self._connect()

    def close(self) -> None:
        """Want no pictures any more."""
        self._pictures.drop()

    def step(self, step: int) -> None:
        """Show the next slice that clicks reach, before or behind this one."""
        cut = self._film.beside(step)
        if cut is not None:
            self._verbs.show_cut(cut)

    def _connect(self) -> None:
        film, panel, session = self._views.film, self._views.panel, self._session
        film.slice_chosen.connect(self._go_to)
        film.turn_asked.connect(self._film.turn)
        film.limit_asked.connect(self._film.limit)
        film.step_asked.connect(self.step)
        film.seen.connect(self._want)
        panel.shown.connect(self._show_click)
        panel.removed.connect(self._tools.guided.remove)
        panel.replay_asked.connect(self._tools.guided.replay)
        self._film.changed.connect(self._show)
        for changed in (
            self._tools.settings_changed,
            session.view_changed,
            session.correction_changed,
            session.case_changed,
            session.settings_changed,
            self._desk.stepped,
        ):
            changed.connect(self._show)

    def _show(self) -> None:
        inside = self._tools.tool == "guided"
        film = self._film.film() if inside else None
        began = (film is None) != (self._shown is None)
        self._shown = film
        self._views.film.show_film(film, self._pictures.image)
        if began:
            self._views.show_film(film is not None)
        if film is None:
            self._pictures.drop()
        else:
            self._want()
        known = self._desk.known
        kept = () if known is None else known.clicks
        shown = click_list(self._tools.guided, kept, self._grey) if inside else ClickList()
        self._views.panel.show_list(shown)

    def _want(self) -> None:
        """Have the slices in view drawn."""
        roll = self._roll()
        if roll is not None:
            self._pictures.want(roll, self._views.film.tiles.in_view)

    def _roll(self) -> FilmRoll | None:
        film, opened, pixels = self._shown, self._session.open_case, self._grey.pixels
        state = self._tools.guided.state
        if film is None or opened is None or pixels is None or state is None:
            return None
        view, plane = self._session.view, PLANES[film.plane]
        geometry = opened.loaded.volume.geometry
        low, high = current_range(view, opened.automatic, self._grey.channel).limits
        _, row, column = self._grey.spacing(plane)
        look = FilmLook(
            (low, high),
            self._views.film.tiles.size_of_tile,
            (row, column),
            mirrored=view.neurological and geometry.is_known and film.plane != "sagittal",
            before=look_of(self._session.settings)[1].prediction,
            ratio=self._views.film.devicePixelRatioF(),
        )
        return FilmRoll(
            state, film.plane, pixels, replace(look, limits=(high, low)) if view.inverted else look
        )

    def _go_to(self, index: int) -> None:
        if self._shown is not None:
            self._verbs.go_to_slice(index, PLANES[self._shown.plane])
            self._verbs.work_in(PLANES[self._shown.plane])

    def _show_click(self, at: int) -> None:
        """Show the slice that a click was made on."""
        known = self._desk.known
        kept = () if known is None else known.clicks
        lines = click_list(self._tools.guided, kept, self._grey).lines
        if at < len(lines):
            self._verbs.show_cut(lines[at].cut)

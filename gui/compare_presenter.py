"""Keeps the compared views in step with the slice on screen: slice, zoom, window and cursor."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF

from gui.canvas.picture import Masks, PictureCache, make_picture
from gui.comparing import Compared
from gui.descriptions import shown
from gui.panels.compare_pane import ComparePane
from gui.view_state import Shown, resolve

if TYPE_CHECKING:
    from gui.program import Program


class ComparePresenter(QObject):
    """Gives every pane of the grid a source and draws it beside the main view."""

    def __init__(self, program: "Program") -> None:
        super().__init__()
        self._program = program
        self._session, self._grid = program.session, program.window.grid
        self._drawers: list[_PaneDrawer] = []
        self._grid.pane_added.connect(self._on_pane_added)
        self._grid.layout_changed.connect(self._on_layout_changed)
        self._session.case_changed.connect(self._look_up)
        self._session.models_changed.connect(self._offer)
        self._session.view_changed.connect(self._draw)
        self._session.result_changed.connect(self._draw)
        main = program.window.view
        main.moved.connect(self._follow)
        main.hovered.connect(self._point)
        program.comparing.failed.connect(program.window.toasts.show_toast)
        program.comparing.faulted.connect(program.on_fault)

    @property
    def _shown(self) -> list["_PaneDrawer"]:
        return self._drawers[: self._grid.count - 1]

    def show_source(self, number: int, source: str) -> None:
        """Lay `source` over the pane at position `number`."""
        drawer = self._drawers[number]
        drawer.pane.set_sources(self._program.comparing.sources(), source)
        drawer.look_up()

    def _on_pane_added(self, pane: ComparePane) -> None:
        drawer = _PaneDrawer(self._program, pane)
        pane.view.moved.connect(lambda centre, zoom: self._lead(pane, centre, zoom))
        pane.view.hovered.connect(self._program.window.view.point_at)
        pane.view.slice_stepped.connect(self._program.view_verbs.step_slice)
        self._drawers.append(drawer)
        self._offer()

    def _on_layout_changed(self, count: int) -> None:
        self._look_up()

    def _offer(self) -> None:
        sources = self._program.comparing.sources()
        current = self._session.models.current
        others = [key for key, _ in sources if current is None or key != current.spec.id]
        for number, drawer in enumerate(self._drawers):
            wanted = drawer.pane.source or others[min(number, len(others) - 1)]
            drawer.pane.set_sources(sources, wanted)

    def _look_up(self) -> None:
        self._offer()
        for drawer in self._shown:
            drawer.look_up()

    def _draw(self) -> None:
        for drawer in self._shown:
            drawer.draw()

    def _follow(self, centre: QPointF, zoom: float) -> None:
        for drawer in self._shown:
            drawer.pane.view.follow(centre, zoom)

    def _lead(self, pane: ComparePane, centre: QPointF, zoom: float) -> None:
        """A pane the reader moves takes all others along."""
        if pane.view.underMouse():
            self._program.window.view.follow(centre, zoom)
            self._follow(centre, zoom)

    def _point(self, at: QPointF | None) -> None:
        for drawer in self._shown:
            drawer.pane.view.point_at(at)


class _PaneDrawer:
    """Draws one pane."""

    def __init__(self, program: "Program", pane: ComparePane) -> None:
        self.pane = pane
        self._program = program
        self._pictures = PictureCache()
        self._compared: Compared | None = None
        pane.source_chosen.connect(lambda _: self.look_up())
        pane.run_asked.connect(self._run)

    def look_up(self) -> None:
        """Find what lies over this pane for the case on screen."""
        self._compared = None
        self._pictures.clear()
        self.draw()
        self._program.comparing.find(self.pane.source, self._show)

    def draw(self) -> None:
        """Draw the slice on screen with the mask of this pane."""
        session = self._program.session
        opened = session.open_case
        if opened is None:
            self.pane.view.clear_picture()
            return
        comparison = None if self._compared is None else self._compared.comparison
        what = self._what(comparison is not None)
        display = resolve(session.view, what)
        picture = self._pictures.get(display.picture)
        if picture is None:
            mask = None if comparison is None else comparison.mask
            masks = Masks(opened.loaded.ground_truth, mask)
            picture = make_picture(opened.loaded.volume, masks, display.picture)
            self._pictures.put(display.picture, picture)
        self.pane.view.show_display(display, picture)
        main = self._program.window.view
        self.pane.view.follow(main.centre, main.zoom)

    def _what(self, predicted: bool) -> Shown:
        session = self._program.session
        opened = session.open_case
        assert opened is not None
        comparison = None if self._compared is None else self._compared.comparison
        dsc = None
        if comparison is not None and comparison.has_truth:
            plane = comparison.counts.of_slice(session.view.slice_index)
            dsc = plane.dsc if plane.truth_voxels or plane.predicted_voxels else None
        title = "" if self._compared is None else self._compared.title
        return replace(
            shown(session, opened),
            model=(title,) if title else (),
            slice_dsc=dsc,
            has_prediction=predicted,
            has_correction=False,
            edit=0,
        )

    def _run(self) -> None:
        self.pane.empty.say("Running…", "The prediction appears here when it is done.")
        self._program.comparing.run(self.pane.source, self._show)

    def _show(self, compared: Compared) -> None:
        self._compared = compared
        self._pictures.clear()
        comparison = compared.comparison
        known = comparison is not None or compared.title.startswith("Ground truth")
        if known:
            self.pane.empty.hide()
        else:
            said = f"{compared.title} has not been run on this case."
            self.pane.empty.say("No prediction yet", said, icon="play", button="Run")
        score = ""
        if comparison is not None and comparison.has_truth:
            score = f"DSC {comparison.counts.pooled().dsc:.3f}"
        self.pane.set_score(score)
        self.draw()

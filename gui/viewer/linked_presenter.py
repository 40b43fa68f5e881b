"""Keeps the linked views in step with the slice on screen: slice, zoom, window and cursor."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QTimer

from core.domain.counted_mask import CountedMask
from core.domain.mask import Mask
from core.domain.metrics import SliceCounts, slice_counts
from gui.shell.context import Context
from gui.shell.mask_finder import MaskFinder, SourceMask
from gui.shell.mask_source import TRUTH, MaskSource
from gui.shell.session import Session
from gui.shell.view_state import Shown, resolve
from gui.viewer.agreement_item import AgreementItem, shares
from gui.viewer.linked_pane import LinkedPane
from gui.viewer.picture import Masks, PictureCache, make_picture
from gui.viewer.shown_case import shown
from gui.viewer.slice_view import SliceView
from gui.viewer.view_verbs import ViewVerbs
from gui.viewer.viewer_presenter import ViewerViews

_CUT_MS = 250


class LinkedPresenter(QObject):
    """Gives every pane of the grid a source and draws it beside the main view."""

    def __init__(self, context: Context, views: ViewerViews, verbs: ViewVerbs) -> None:
        super().__init__()
        self._session, self._finder, self._verbs = context.session, context.masks, verbs
        self._main, self._grid = views.view, views.grid
        self._drawers: list[_PaneDrawer] = []
        self._swipe: _PaneDrawer | None = None
        self._masks: dict[MaskSource, SourceMask] = {}
        self._grid.pane_added.connect(self._on_pane_added)
        self._grid.swipe_added.connect(self._on_swipe_added)
        self._grid.layout_changed.connect(self._on_layout_changed)
        self._session.case_changed.connect(self._on_case_changed)
        self._session.correction_changed.connect(self._name_main)
        self._session.mask_painted.connect(lambda _: self._name_main())
        self._session.models_changed.connect(self._offer)
        self._session.view_changed.connect(self._draw)
        self._session.result_changed.connect(self._draw)
        # A model has one threshold, wherever it is seen.
        self._cut = QTimer(self, singleShot=True, interval=_CUT_MS)
        self._cut.timeout.connect(self._look_up_cut)
        self._session.post_changed.connect(self._cut.start)
        context.closing.connect(self._cut.stop)
        self._main.moved.connect(self._follow)
        self._main.hovered.connect(self._point)
        self._finder.changed.connect(self._look_up)
        self._finder.failed.connect(context.toasts.show_toast)

    @property
    def _shown(self) -> list["_PaneDrawer"]:
        swiped = [self._swipe] if self._swipe is not None and self._grid.swiping else []
        return [*self._drawers[: self._grid.count - 1], *swiped]

    def show_source(self, number: int, source: MaskSource) -> None:
        """Lay `source` over the pane at position `number`."""
        drawer = self._drawers[number]
        drawer.pane.set_sources(self._sources(), source)
        drawer.look_up()

    def show_mask(self, title: str, mask: Mask) -> None:
        """Lay a mask (Z, Y, X) of the case on screen over a pane, and offer it in all of them.

        Masks shown before stay beside it as long as there are other panes.
        """
        opened = self._session.open_case
        if opened is None:
            return
        truth = opened.loaded.ground_truth
        reference = np.zeros_like(mask) if truth is None else truth
        counts = slice_counts(reference, mask)
        source = MaskSource("version", title)
        drawer = self._drawer_for(source)
        self._masks.pop(source, None)  # the one shown last comes last
        counted = CountedMask(mask, counts, truth is not None)
        self._masks[source] = SourceMask(source, title, counted)
        self._offer()
        drawer.pane.set_sources(self._sources(), source)
        drawer.look_up()

    @property
    def beside(self) -> list[SliceView]:
        """The views that are shown beside the main one, or over it."""
        return [drawer.pane.view for drawer in self._shown]

    def own(self, source: MaskSource) -> SourceMask | None:
        """Return a mask that was laid over a pane of this case."""
        return self._masks.get(source)

    def _drawer_for(self, source: MaskSource) -> "_PaneDrawer":
        """Return the pane that has this mask, else the first without one, else the oldest one's."""
        order = [source, *(mask for mask in self._masks if mask != source)]

        def rank(drawer: "_PaneDrawer") -> float:
            there = drawer.pane.source
            return order.index(there) if there in order else 0.5

        return min(self._drawers[: self._grid.count - 1], key=rank)

    def _sources(self) -> list[tuple[MaskSource, str]]:
        """Return what can lie over a pane, each with its title."""
        return [*self._finder.sources(), *((each, each.name) for each in self._masks)]

    def _on_case_changed(self) -> None:
        self._masks.clear()
        self._look_up()

    def _on_pane_added(self, pane: LinkedPane) -> None:
        self._drawers.append(self._make_drawer(pane))
        self._offer()

    def _on_swipe_added(self, pane: LinkedPane) -> None:
        self._swipe = self._make_drawer(pane)
        self._offer()

    def _make_drawer(self, pane: LinkedPane) -> "_PaneDrawer":
        drawer = _PaneDrawer(self._session, self._finder, (self._main, pane), self.own)
        pane.view.moved.connect(lambda centre, zoom: self._lead(pane, centre, zoom))
        pane.view.hovered.connect(lambda at: self._point_from(pane, at))
        pane.view.slice_stepped.connect(self._verbs.step_slice)
        return drawer

    def _on_layout_changed(self, count: int) -> None:
        self._look_up()

    def _offer(self) -> None:
        sources, current = self._sources(), self._session.models.current
        first = [source for source, _ in self._finder.sources()]
        here = None if current is None else MaskSource("model", current.spec.id)
        others: list[MaskSource | None] = [each for each in first if each != here]
        others = others or [*first] or [None]
        swiped = [] if self._swipe is None else [(0, self._swipe)]
        for number, drawer in (*enumerate(self._drawers), *swiped):
            there = drawer.pane.source in dict(sources)
            wanted = drawer.pane.source if there else others[min(number, len(others) - 1)]
            drawer.pane.set_sources(sources, wanted)

    def _look_up(self) -> None:
        self._offer()
        self._name_main()
        for drawer in self._shown:
            drawer.look_up()

    def _look_up_cut(self) -> None:
        """Find anew what the model in use has part in."""
        current = self._session.models.current
        name = "" if current is None else current.spec.id
        for drawer in self._shown:
            source = drawer.pane.source
            if source is not None and (source.kind in ("mean", "agreement") or source.name == name):
                drawer.look_up()

    def _draw(self) -> None:
        self._name_main()
        for drawer in self._shown:
            drawer.draw()

    def _name_main(self) -> None:
        """Say what lies over the main view: the correction, where there is one to see."""
        correction = self._session.correction
        if correction is not None and self._session.view.correction.visible:
            self._grid.set_main("Correction", _dsc(correction.truth_counts()))
            return
        model, result = self._session.models.current, self._session.result
        counted = None if result is None or result.ready is not None else result.counted
        self._grid.set_main("" if model is None else model.spec.title, _score(counted))

    def _follow(self, centre: QPointF, zoom: float) -> None:
        for drawer in self._shown:
            drawer.pane.view.follow(centre, zoom)

    def _lead(self, pane: LinkedPane, centre: QPointF, zoom: float) -> None:
        """A pane the reader moves takes all others along."""
        if pane.view.underMouse():
            self._main.follow(centre, zoom)
            self._follow(centre, zoom)

    def _point_from(self, pane: LinkedPane, at: QPointF | None) -> None:
        """Show in every other view where the pointer is in one of the panes."""
        self._main.point_at(at)
        for drawer in self._shown:
            if drawer.pane is not pane:
                drawer.pane.view.point_at(at)

    def _point(self, at: QPointF | None) -> None:
        for drawer in self._shown:
            drawer.pane.view.point_at(at)


class _PaneDrawer:
    """Draws one pane."""

    def __init__(
        self,
        session: Session,
        finder: MaskFinder,
        views: tuple[SliceView, LinkedPane],
        own: Callable[[MaskSource], SourceMask | None],
    ) -> None:
        self._session, self._finder, self._own = session, finder, own
        self._main, self.pane = views
        self._pictures = PictureCache()
        self._compared: SourceMask | None = None
        self._heat = AgreementItem()
        self.pane.view.add_item(self._heat)
        self.pane.source_chosen.connect(self.look_up)
        self.pane.run_asked.connect(self._run)

    def look_up(self) -> None:
        """Find what lies over this pane for the case on screen."""
        self._compared = None
        self._pictures.clear()
        self.draw()
        source = self.pane.source
        own = None if source is None else self._own(source)
        if own is not None:
            self.show(own)
        elif source is not None:
            self._finder.find(source, self.show)
        else:
            said = "There is no model, and this case has no ground truth."
            self.pane.empty.say("Nothing to lay over it", said)

    def draw(self) -> None:
        """Draw the slice on screen with the mask of this pane."""
        session = self._session
        opened = session.open_case
        if opened is None:
            self.pane.view.clear_picture()
            self._heat.show_counts(None, 0)
            return
        counted = None if self._compared is None else self._compared.counted
        what = self._what(counted is not None)
        display = resolve(session.view, what)
        picture = self._pictures.get(display.picture)
        if picture is None:
            mask = None if counted is None else counted.mask
            masks = Masks(opened.loaded.ground_truth, mask)
            picture = make_picture(opened.loaded.volume, masks, display.picture)
            self._pictures.put(display.picture, picture)
        self.pane.view.show_display(display, picture)
        plane = None if session.view.overlays_hidden else self._plane
        self._heat.show_counts(plane, 0 if self._compared is None else self._compared.models)
        main = self._main
        self.pane.view.follow(main.centre, main.zoom)

    def _what(self, predicted: bool) -> Shown:
        session = self._session
        opened = session.open_case
        assert opened is not None
        counted = None if self._compared is None else self._compared.counted
        dsc = None
        if counted is not None and counted.has_truth:
            plane = counted.counts.of_slice(session.view.slice_index)
            dsc = plane.dsc if plane.truth_voxels or plane.predicted_voxels else None
        title = "" if self._compared is None else self._compared.title
        said: tuple[str, ...] = (title,) if title else ()
        if self._compared is not None and self._compared.threshold is not None:
            said += (f"Threshold {self._compared.threshold:.2f}",)
        if self._compared is not None and self._plane is not None:
            said += shares(self._plane, self._compared.models)
        return replace(
            shown(session, opened),
            case_id="",  # the main view says it; here it would lie over the head
            model=said,
            slice_dsc=dsc,
            has_prediction=predicted,
            has_correction=False,
            edit=0,
        )

    @property
    def _plane(self) -> NDArray[np.uint8] | None:
        """How many models agree on the slice on screen."""
        volume = None if self._compared is None else self._compared.agreement
        return None if volume is None else volume[self._session.view.slice_index]

    def _run(self) -> None:
        source = self.pane.source
        if source is not None:
            self.pane.empty.say("Running…", "The prediction appears here when it is done.")
            self._finder.run(source, self.show)

    def show(self, compared: SourceMask) -> None:
        """Draw what was found for a source, unless another was chosen meanwhile."""
        if compared.source != self.pane.source:
            return
        self._compared = compared
        self._pictures.clear()
        counted = compared.counted
        drawn = counted is not None or compared.agreement is not None
        known = drawn or compared.source == TRUTH
        if known:
            self.pane.empty.hide()
        else:
            said = f"{compared.title} has not been run on this case."
            self.pane.empty.say("No prediction yet", said, icon="play", button="Run")
        self.pane.set_score(_score(counted))
        self.draw()


def _score(counted: CountedMask | None) -> str:
    """Say the DSC of the whole volume, nothing without ground truth."""
    return _dsc(counted.counts if counted is not None and counted.has_truth else None)


def _dsc(counts: SliceCounts | None) -> str:
    return "" if counts is None else f"DSC {counts.pooled().dsc:.3f}"

"""Keeps the linked views in step with the slice on screen: slice, zoom, window and cursor."""

import numpy as np
from PySide6.QtCore import QObject, QPointF

from core.domain.counted_mask import CountedMask
from core.domain.label_set import LabelMap
from core.domain.mask import Mask
from core.domain.metrics import slice_counts
from gui.shell.context import Context
from gui.shell.mask_finder import SourceMask
from gui.shell.mask_source import AGREEMENT, MEAN, TRUTH, MaskSource
from gui.viewer.figures.mask_figures import MaskMeasures
from gui.viewer.labels.label_painter import LabelPainter
from gui.viewer.planes.linked_pane import LinkedPane
from gui.viewer.planes.pane_drawer import PaneDrawer, dsc_words, score
from gui.viewer.slice.view_verbs import ViewVerbs
from gui.viewer.viewer_views import ViewerViews
from gui.widgets.later import Later

_CUT_MS = 250


class LinkedPresenter(QObject):
    """Gives every pane of the grid a source and draws it beside the main view."""

    def __init__(self, context: Context, views: ViewerViews, verbs: ViewVerbs) -> None:
        super().__init__()
        self._session, self._finder, self._verbs = context.session, context.masks, verbs
        self._lanes = context.lanes
        self.measures = MaskMeasures(context.session, context.lanes, context.masks)
        self.measures.changed.connect(self._on_measured)
        self._main, self._grid = views.view, views.grid
        self._drawers: list[PaneDrawer] = []
        self._swipe: PaneDrawer | None = None
        self._masks: dict[MaskSource, SourceMask] = {}
        self._chosen: MaskSource | None = None
        self._found: set[MaskSource] = set()
        self._grid.pane_added.connect(self._on_pane_added)
        self._grid.swipe_added.connect(self._on_swipe_added)
        self._grid.layout_changed.connect(self._on_layout_changed)
        self._session.case_changed.connect(self._on_case_changed)
        self._session.correction_changed.connect(self._name_main)
        self._session.mask_painted.connect(lambda _: self._name_main())
        self._session.models_changed.connect(self._offer)
        self._session.view_changed.connect(self._draw)
        self._session.result_changed.connect(self._draw)
        self._session.labels_changed.connect(self._draw)
        # A model has one threshold, wherever it is seen.
        self._cut = Later(self, _CUT_MS, self._look_up_cut)
        self._session.post_changed.connect(self._cut.start)
        context.closing.connect(self._cut.stop)
        self._main.moved.connect(self._follow)
        self._main.hovered.connect(self._point)
        self._finder.changed.connect(self._look_up)
        self._finder.failed.connect(context.toasts.show_toast)

    @property
    def _shown(self) -> list[PaneDrawer]:
        swiped = [self._swipe] if self._swipe is not None and self._grid.swiping else []
        return [*self._drawers[: self._grid.count - 1], *swiped]

    def show_source(self, number: int, source: MaskSource) -> None:
        """Lay `source` over the pane at position `number`."""
        drawer = self._drawers[number]
        if number == 0:
            self._chosen = source
        drawer.pane.set_sources(self._sources(), source)
        drawer.look_up()

    def show_mask(self, title: str, mask: Mask, labels: LabelMap | None = None) -> None:
        """Lay a mask (Z, Y, X) of the case on screen over a pane, and offer it in all of them.

        `labels` (Z, Y, X) is the map it is the region in focus of, where it tells labels.

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
        self._masks[source] = SourceMask(source, title, counted, labels=labels)
        self._offer()
        if drawer is self._drawers[0]:
            self._chosen = source
        drawer.pane.set_sources(self._sources(), source)
        drawer.look_up()

    def own(self, source: MaskSource) -> SourceMask | None:
        """Return a mask that was laid over a pane of this case."""
        return self._masks.get(source)

    def _drawer_for(self, source: MaskSource) -> PaneDrawer:
        """Return the pane that has this mask, else the first without one, else the oldest one's."""
        order = [source, *(mask for mask in self._masks if mask != source)]

        def rank(drawer: PaneDrawer) -> float:
            there = drawer.pane.source
            return order.index(there) if there in order else 0.5

        return min(self._drawers[: self._grid.count - 1], key=rank)

    def _sources(self) -> list[tuple[MaskSource, str]]:
        """Return what can lie over a pane, each with its title; what has to be run comes last."""
        found, there = self._finder.sources(), self._there()
        ready = [(each, title) for each, title in found if each in there]
        rest = [(each, f"{title} · not run") for each, title in found if each not in there]
        return [*ready, *((each, each.name) for each in self._masks), *rest]

    def _there(self) -> set[MaskSource]:
        """Return the sources whose mask of the case on screen needs no run."""
        session = self._session
        state, current = session.case_states.get(session.current), session.models.current
        models = {*(() if state is None else state.models)}
        if current is not None and session.result is not None and session.result.ready is None:
            models.add(current.spec.id)
        there = {TRUTH, *self._found, *(MaskSource("model", name) for name in models)}
        if all(MaskSource("model", each.spec.id) in there for each in self._finder.together):
            there |= {MEAN, AGREEMENT}
        return there

    def _on_measured(self, source: MaskSource) -> None:
        for drawer in self._shown:
            if drawer.pane.source == source:
                drawer.draw()

    def _on_found(self, found: SourceMask) -> None:
        """The mask of a source is there now, and is offered so."""
        source = found.source
        self.measures.note(found)
        if source not in self._there() and source.kind == "model":
            self._found.add(source)
            self._offer()

    def _on_chosen(self, pane: LinkedPane) -> None:
        """What the reader chose goes over to the swipe, and back."""
        self._chosen = pane.source

    def _on_case_changed(self) -> None:
        self._masks.clear()
        self._found.clear()
        self._look_up()

    def _on_pane_added(self, pane: LinkedPane) -> None:
        self._drawers.append(self._make_drawer(pane))
        if len(self._drawers) == 1:
            pane.source_chosen.connect(lambda: self._on_chosen(pane))
        self._offer()

    def _on_swipe_added(self, pane: LinkedPane) -> None:
        self._swipe = self._make_drawer(pane)
        pane.source_chosen.connect(lambda: self._on_chosen(pane))
        self._offer()

    def _make_drawer(self, pane: LinkedPane) -> PaneDrawer:
        labels = LabelPainter(self._session, self._lanes, pane.view, edited=False)
        drawer = PaneDrawer(self._session, self._finder, (self._main, pane), self.own, labels)
        drawer.measured = self.measures.of
        drawer.found = self._on_found
        pane.view.moved.connect(lambda centre, zoom: self._lead(pane, centre, zoom))
        pane.view.hovered.connect(lambda at: self._point_from(pane, at))
        pane.view.slice_stepped.connect(self._verbs.step_slice)
        return drawer

    def _on_layout_changed(self, count: int) -> None:
        self._look_up()

    def _offer(self) -> None:
        sources, current = self._sources(), self._session.models.current
        first = [source for source, _ in sources if source not in self._masks]
        here = None if current is None else MaskSource("model", current.spec.id)
        others: list[MaskSource | None] = [each for each in first if each != here]
        others = others or [*first] or [None]
        swiped = [] if self._swipe is None else [(0, self._swipe)]
        for number, drawer in (*enumerate(self._drawers), *swiped):
            chosen = self._chosen if number == 0 and self._chosen else drawer.pane.source
            there = chosen in dict(sources)
            wanted = chosen if there else others[min(number, len(others) - 1)]
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
            self._grid.set_main("Correction", dsc_words(correction.truth_counts()))
            return
        model, result = self._session.models.current, self._session.result
        counted = None if result is None or result.ready is not None else result.counted
        said = [score(counted)]
        if result is not None and result.hd95 is not None and said[0]:
            said.insert(0, f"HD95 {result.hd95.pooled:.1f}")
        self._grid.set_main("" if model is None else model.spec.title, " · ".join(said))

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

"""Draws one of the compared views: the slice on screen with the mask of its own choosing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.domain.counted_mask import CountedMask
from core.domain.metrics import SliceCounts
from gui.shell.mask_finder import MaskFinder, SourceMask
from gui.shell.mask_source import TRUTH, MaskSource
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.view_state import Display, Shown, resolve
from gui.viewer.drawn.label_picture import LabelMaps
from gui.viewer.drawn.picture import Masks, PictureCache, make_picture
from gui.viewer.drawn.shown_case import shown, slice_dsc
from gui.viewer.figures.mask_figures import MaskFigures, figure_words
from gui.viewer.items.agreement_item import AgreementItem, shares
from gui.viewer.labels.label_painter import LabelPainter, seen_labels
from gui.viewer.planes.linked_pane import LinkedPane
from gui.viewer.slice.slice_view import SliceView


class PaneDrawer:
    """Draws one pane."""

    def __init__(
        self,
        session: Session,
        finder: MaskFinder,
        views: tuple[SliceView, LinkedPane],
        own: Callable[[MaskSource], SourceMask | None],
        labels: LabelPainter,
    ) -> None:
        self._session, self._finder, self._own = session, finder, own
        self._main, self.pane = views
        self._labels = labels
        self._pictures = PictureCache()
        self._compared: SourceMask | None = None
        self.found: Callable[[SourceMask], None] = lambda _: None
        self.measured: Callable[[MaskSource], MaskFigures | None] = lambda _: None
        self._heat = AgreementItem()
        self.pane.view.add_item(self._heat)
        self.pane.source_chosen.connect(self.look_up)
        self.pane.channel_chosen.connect(self.draw)
        self.pane.run_asked.connect(self._run)

    def look_up(self) -> None:
        """Find what lies over this pane for the case on screen."""
        self._compared = None
        self._forget()
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
            self._labels.show_nothing()
            return
        counted = None if self._compared is None else self._compared.counted
        what = self._what(counted is not None)
        source = self.pane.source
        figures = None if source is None else self.measured(source)
        said = figure_words(figures, opened)
        self.pane.set_channels(opened.loaded.volume.channels)
        view = replace(session.view, channel=self.pane.channel or session.view.channel)
        display = replace(resolve(view, what), bottom_left=said, zoom_said=False)
        picture = self._pictures.get(display.picture)
        if picture is None:
            mask = None if counted is None else counted.mask
            masks = Masks(opened.loaded.ground_truth, mask)
            picture = make_picture(opened.loaded.volume, masks, display.picture)
            self._pictures.put(display.picture, picture)
        self.pane.view.show_display(display, picture)
        self._fill_labels(display, opened)
        plane = None if session.view.overlays_hidden else self._plane
        self._heat.show_counts(plane, 0 if self._compared is None else self._compared.models)
        main = self._main
        self.pane.view.follow(main.centre, main.zoom)

    def _fill_labels(self, display: Display, opened: OpenCase) -> None:
        """Fill the labels of this pane's mask, else of the truth, as the main view does."""
        labels, compared = self._session.labels, self._compared
        if labels.labels.is_binary or display.hidden or self._plane is not None:
            self._labels.show_nothing()
            return
        truth = opened.loaded.labels
        predicted = None if compared is None else compared.labels
        layers = (("prediction", predicted, display.prediction), ("truth", truth, display.truth))
        maps = LabelMaps(labels.focus, truth=truth, judged=predicted)
        self._labels.show(display, seen_labels(layers, maps))

    def _forget(self) -> None:
        self._pictures.clear()
        self._labels.forget()

    def _what(self, predicted: bool) -> Shown:
        session = self._session
        opened = session.open_case
        assert opened is not None
        counted = None if self._compared is None else self._compared.counted
        cut = session.view.cut_in(session.view.main)
        dsc = slice_dsc(counted, opened.loaded.ground_truth, cut)
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
        view = self._session.view
        return None if volume is None else view.cut_in(view.main).of(volume)

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
        self._forget()
        counted = compared.counted
        drawn = counted is not None or compared.agreement is not None
        known = drawn or compared.source == TRUTH
        if drawn:
            self.found(compared)
        if known:
            self.pane.empty.hide()
        else:
            said = f"{compared.title} has not been run on this case."
            self.pane.empty.say("No prediction yet", said, icon="play", button="Run")
        self.pane.set_score(score(counted))
        self.draw()


def score(counted: CountedMask | None) -> str:
    """Say the DSC of the whole volume, nothing without ground truth."""
    return dsc_words(counted.counts if counted is not None and counted.has_truth else None)


def dsc_words(counts: SliceCounts | None) -> str:
    return "" if counts is None else f"DSC {counts.pooled().dsc:.3f}"

"""Draws a case of a blinded reading under its letters: slice, zoom, window and cursor linked."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QPointF

from gui.blinded.blinded_pane import BlindedPane
from gui.blinded.pair_loader import BlindedCase
from gui.shell.session_parts import OpenCase
from gui.shell.view_state import RGB, Shown, ViewState, current_range, resolve, shown_channel
from gui.viewer.drawn.picture import Masks, PictureCache, make_picture
from gui.viewer.slice.slice_view import SliceView

_WINDOW_PER_PIXEL = 0.004


class BlindedCanvas(QObject):
    """Keeps the panes of one reading in step; draws no truth, and outlines in one colour only."""

    def __init__(self, panes: Sequence[BlindedPane], *, exact_voxels: bool) -> None:
        super().__init__()
        self._panes = panes
        self._case: BlindedCase | None = None
        self._pictures = {pane.letter: PictureCache() for pane in panes}
        self.view = ViewState(exact_voxels=exact_voxels)
        for pane in panes:
            view = pane.view
            view.moved.connect(lambda at, zoom, view=view: self._follow(view, at, zoom))
            view.hovered.connect(lambda at, view=view: self._point(view, at))
            view.window_level_dragged.connect(self._on_window_level_dragged)

    def show_case(self, case: BlindedCase) -> None:
        """Draw another case, at the slice where the outlines are largest."""
        self._case = case
        for cache in self._pictures.values():
            cache.clear()
        areas = sum(mask.sum(axis=(1, 2), dtype=np.int64) for mask in case.masks.values())
        largest = int(np.argmax(areas)) if np.any(areas) else case.opened.loaded.volume.slices // 2
        self.view = replace(self.view, at=(largest, 0, 0), window_levels=())
        self.draw()

    def show_nothing(self) -> None:
        """Draw no case any more."""
        self._case = None
        for pane in self._panes:
            pane.view.clear_picture()

    def go_to_slice(self, index: int) -> None:
        """Draw another slice."""
        case = self._case
        if case is not None:
            last = case.opened.loaded.volume.slices - 1
            self._set_view(self.view.on_slice(min(max(index, 0), last)))

    def hide_overlays(self, hidden: bool) -> None:
        """Take the outlines away for as long as they are not wanted."""
        self._set_view(replace(self.view, overlays_hidden=hidden))

    def draw(self) -> None:
        """Draw every pane as it is now."""
        case = self._case
        if case is None:
            return
        display = resolve(self.view, _shown(case))
        for pane in self._panes:
            pictures = self._pictures[pane.letter]
            picture = pictures.get(display.picture)
            if picture is None:
                masks = Masks(None, case.masks[pane.letter])
                picture = make_picture(case.opened.loaded.volume, masks, display.picture)
                pictures.put(display.picture, picture)
            pane.view.show_display(display, picture)

    def _set_view(self, view: ViewState) -> None:
        if view != self.view:
            self.view = view
            self.draw()

    def _follow(self, leader: SliceView, centre: QPointF, zoom: float) -> None:
        if leader.underMouse():
            for pane in self._panes:
                if pane.view is not leader:
                    pane.view.follow(centre, zoom)

    def _point(self, leader: SliceView, at: QPointF | None) -> None:
        for pane in self._panes:
            if pane.view is not leader:
                pane.view.point_at(at)

    def _on_window_level_dragged(self, right: float, up: float) -> None:
        case = self._case
        if case is None:
            return
        opened: OpenCase = case.opened
        channel = shown_channel(self.view, opened.loaded.volume)
        if channel != RGB:
            now = current_range(self.view, _shown(case).automatic, channel)
            scale = dict(opened.automatic)[channel].window * _WINDOW_PER_PIXEL
            moved = now.moved(right * scale, -up * scale)
            self._set_view(self.view.with_window_level(channel, moved))


def _shown(case: BlindedCase) -> Shown:
    """Return what is there to draw: no model, no figure, no truth."""
    opened = case.opened
    return Shown(
        case_version=case.presentation.number,
        mask_version=0,
        case_id=opened.loaded.case.id,
        volume=opened.loaded.volume,
        automatic=opened.automatic,
        has_prediction=True,
        head=opened.head,
    )

"""The pictures of one view: those that were drawn, and those of the slices around, made ahead."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from core.domain.components import Box
from core.domain.plane import Cut
from core.domain.progress import Progress
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes, Part, Task
from gui.shell.view_state import Display, PictureKey
from gui.viewer.drawn.picture import Masks, Picture, PictureCache, make_picture, with_edit
from gui.viewer.drawn.screen import Screen
from gui.viewer.items.overlay_item import OverlayRaster
from gui.viewer.slice.picture_view import PictureView

_AHEAD = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """A picture to be ready: `known` where it is made, drawn ahead for `screen` where there is."""

    key: PictureKey
    known: Picture | None
    like: Picture | None
    screen: Screen | None


class PicturesAhead:
    """Makes pictures on a worker before they are asked for; one that is not there yet at once.

    Of a case of several labels the overlays are drawn ahead as well: they take longer than all
    else of a step through slices.
    """

    def __init__(self, session: Session, lanes: Lanes, view: PictureView) -> None:
        self._session, self._lanes, self._view = session, lanes, view
        self._pictures = PictureCache()
        self._rasters: OrderedDict[PictureKey, OverlayRaster] = OrderedDict()
        self._ahead: Task[None] | None = None
        self._missed: tuple[Display, OpenCase] | None = None

    def clear(self) -> None:
        """Forget all pictures."""
        self._pictures.clear()
        self._rasters.clear()
        self._missed = None

    def of(
        self, key: PictureKey, opened: OpenCase, before: PictureKey | None, painted: Box | None
    ) -> tuple[Picture, OverlayRaster | None]:
        """Return a picture, and its overlays where they were drawn ahead.

        `before` is what was shown before it, `painted` where alone it differs, when known.
        """
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._make(opened, key, before, painted)
            self._pictures.put(key, picture)
        return picture, self._rasters.get(key)

    def prepare(self, display: Display, opened: OpenCase) -> None:
        """Make the pictures around the one on screen, on a worker."""
        if self._ahead is not None and not self._ahead.cancelled:
            self._missed = display, opened
            return
        wanted = self._wanted(display, opened)
        if not wanted:
            return
        volume, masks = opened.loaded.volume, self._masks(opened)
        drawn = self._view.overlays_ahead(display)

        def work(progress: Progress, part: Part) -> None:
            for number, each in enumerate(wanted):
                picture = each.known or make_picture(volume, masks, each.key, before=each.like)
                raster = None if each.screen is None else drawn(picture, each.screen)
                part((each.key, picture, raster))
                progress(number / len(wanted), "")

        self._ahead = self._lanes.run_in_parts(
            "idle", work, parted=self._keep, finished=self._on_prepared
        )

    def _make(
        self, opened: OpenCase, key: PictureKey, before: PictureKey | None, painted: Box | None
    ) -> Picture:
        """Make a picture; of a slice just painted on, only the outlines that have changed."""
        masks = self._masks(opened)
        if before is not None and replace(before, edit=key.edit) == key:
            kept = self._pictures.take(before)
            if kept is not None:
                return with_edit(kept, masks, key, painted)
        like = self._pictures.like(key)
        return make_picture(opened.loaded.volume, masks, key, before=like)

    def _masks(self, opened: OpenCase) -> Masks:
        result, correction = self._session.result, self._session.correction
        counted = None if result is None else result.counted
        mask = None if counted is None else counted.mask
        corrected = None if correction is None else correction.mask
        return Masks(opened.loaded.ground_truth, mask, corrected)

    def _wanted(self, display: Display, opened: OpenCase) -> list[_Wanted]:
        """Return what is not ready around the slice on screen, the next ones first."""
        key, session = display.picture, self._session
        plane = key.cut.plane
        count = opened.loaded.volume.geometry.shape[plane.axis]
        screen, found = self._screen(), list[_Wanted]()
        for step in _AHEAD:
            cut = Cut(plane, key.slice_index + step)
            if not 0 <= cut.index < count:
                continue
            there = key.beside(cut.index, session.masks_of(cut), session.edits_of(cut))
            on = screen if screen is not None and abs(step) <= screen.reach else None
            if not self._is_ready(there, display, on):
                known, like = self._pictures.get(there), self._pictures.like(there)
                found.append(_Wanted(there, known, like, on))
        return found

    def _screen(self) -> Screen | None:
        """Return what overlays are drawn ahead for, if they are."""
        screen = self._view.drawn_for
        several = not self._session.labels.labels.is_binary
        return screen if several else None

    def _is_ready(self, key: PictureKey, display: Display, screen: Screen | None) -> bool:
        if key not in self._pictures:
            return False
        return screen is None or self._view.has_ahead(self._rasters.get(key), display)

    def _keep(self, made: tuple[PictureKey, Picture, OverlayRaster | None]) -> None:
        key, picture, raster = made
        self._pictures.put(key, picture)
        if raster is None:
            return
        self._rasters[key] = raster
        self._rasters.move_to_end(key)
        while len(self._rasters) > raster.screen.kept:
            self._rasters.popitem(last=False)

    def _on_prepared(self) -> None:
        """Go on at once where the reader has gone by now, without waiting for the next step."""
        missed, self._missed, self._ahead = self._missed, None, None
        if missed is not None and missed[1] is self._session.open_case:
            self.prepare(*missed)

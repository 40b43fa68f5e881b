"""Draws the labels of one view, with those of the slices around it made and drawn ahead."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from core.domain.label_set import LabelMap
from core.domain.plane import Cut
from core.domain.progress import Progress
from gui.shell.session import Session
from gui.shell.tasks import Lanes, Part, Task
from gui.shell.view_state import Display, LayerStyle, PictureKey
from gui.viewer.drawn.label_picture import LabelMaps, LabelPicture, make_label_picture
from gui.viewer.drawn.screen import Screen
from gui.viewer.items.label_item import (
    LabelItem,
    LabelRaster,
    LabelStyle,
    rasterised,
)
from gui.viewer.slice.picture_view import PictureView

_KEPT = 48
_AHEAD = (1, -1, 2, -2, 3, -3)


@dataclass(frozen=True, eq=False)
class FilledLabels:
    """What is filled in a view: `of` names whose labels, `opacity` is that of their layer."""

    of: str
    maps: LabelMaps
    opacity: float


def seen_labels(
    layers: Iterable[tuple[str, LabelMap | None, LayerStyle]], maps: LabelMaps
) -> FilledLabels:
    """Fill the first map whose layer is visible, none where there is none.

    `maps` are the two that are compared, whichever is filled.
    """
    for of, values, style in layers:
        if values is not None and style.visible:
            return FilledLabels(of, replace(maps, shown=values), style.opacity)
    return FilledLabels("", maps, 1.0)


@dataclass(frozen=True)
class _Key:
    """Names one prepared picture of labels: of which map, under which picture."""

    picture: PictureKey
    of: str
    labels: tuple[int, ...]
    focus: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Wanted:
    """A picture to be ready: `known` where it is made, drawn ahead for `screen` where there is."""

    key: _Key
    known: LabelPicture | None
    screen: Screen | None


class LabelPainter(QObject):
    """Fills labels in one view; `forget` what is kept when its maps are others.

    A `small` view has thin contours; one that is not `edited` shows maps that no stroke changes.
    """

    def __init__(
        self,
        session: Session,
        lanes: Lanes,
        view: PictureView,
        *,
        small: bool = False,
        edited: bool = True,
    ) -> None:
        super().__init__(view)
        self._small, self._edited = small, edited
        self._session, self._lanes = session, lanes
        self.item = LabelItem()
        view.add_item(self.item, below=True)
        self._pictures: OrderedDict[_Key, LabelPicture] = OrderedDict()
        self._rasters: OrderedDict[_Key, LabelRaster] = OrderedDict()
        self._ahead: Task[None] | None = None
        self._missed: tuple[LabelMaps, _Key, LabelStyle] | None = None

    def forget(self) -> None:
        """Forget all pictures that were made; what is on screen stays."""
        self._pictures.clear()
        self._rasters.clear()
        self._missed = None

    def show_nothing(self) -> None:
        """Leave the image without labels."""
        self._missed = None
        self.item.set_picture(None, None)

    def show(self, display: Display, filled: FilledLabels) -> None:
        """Draw labels on the slice that `display` shows."""
        state, maps = self._session.labels, filled.maps
        key = _Key(display.picture, filled.of, state.labels.values, state.focus.values)
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._make(maps, key)
        drawn = LabelStyle(
            state.labels,
            filled.opacity,
            state.hidden,
            wrong=self._session.view.wrong_label and display.errors.visible,
            smooth=display.smooth,
            small=self._small,
        )
        self.item.set_picture(picture, drawn, self._rasters.get(key))
        self._prepare(maps, key, drawn)

    def _make(self, maps: LabelMaps, key: _Key) -> LabelPicture | None:
        """Make a picture; what a stroke has not changed is taken from the one before it."""
        last = self.item.picture
        made = make_label_picture(maps, key.picture.cut, exact=key.picture.exact, before=last)
        if made is not None:
            self._keep((key, made))
        return made

    def _prepare(self, maps: LabelMaps, key: _Key, style: LabelStyle) -> None:
        """Make the labels of the slices around the one on screen, on a worker."""
        opened = self._session.open_case
        if opened is None:
            return
        if self._ahead is not None and not self._ahead.cancelled:
            self._missed = maps, key, style
            return
        count = opened.loaded.volume.geometry.shape[key.picture.cut.plane.axis]
        wanted = self._wanted(key, style, count)
        if not wanted:
            return

        def work(progress: Progress, part: Part) -> None:
            for number, each in enumerate(wanted):
                cut, exact = each.key.picture.cut, each.key.picture.exact
                made = each.known or make_label_picture(maps, cut, exact=exact)
                part((each.key, made, _drawn_ahead(made, style, each.screen)))
                progress(number / len(wanted), "")

        self._ahead = self._lanes.run_in_parts(
            "idle", work, parted=self._keep_ahead, finished=self._on_prepared
        )

    def _wanted(self, key: _Key, style: LabelStyle, count: int) -> list[_Wanted]:
        """Return what is not ready around the slice on screen, the next ones first."""
        found = list[_Wanted]()
        for step in _AHEAD:
            cut = Cut(key.picture.cut.plane, key.picture.slice_index + step)
            if not 0 <= cut.index < count:
                continue
            there, screen = self._key_at(key, cut), self._screen(step)
            if not self._is_ready(there, style, screen):
                found.append(_Wanted(there, self._pictures.get(there), screen))
        return found

    def _screen(self, step: int) -> Screen | None:
        """Return what a slice so many steps away is drawn ahead for, if it is."""
        screen = self.item.screen
        return None if screen is None or abs(step) > screen.reach else screen

    def _key_at(self, key: _Key, cut: Cut) -> _Key:
        edit = self._session.edits_of(cut) if self._edited else 0
        there = key.picture.beside(cut.index, self._session.masks_of(cut), edit)
        return _Key(there, key.of, key.labels, key.focus)

    def _is_ready(self, key: _Key, style: LabelStyle, screen: Screen | None) -> bool:
        """Tell whether a slice was made and drawn ahead for the screen as it is."""
        if key not in self._pictures:
            return False
        if screen is None:
            return True
        ahead = self._rasters.get(key)
        return ahead is not None and ahead.style == style and ahead.screen == screen

    def _keep_ahead(self, made: tuple[_Key, LabelPicture | None, LabelRaster | None]) -> None:
        key, picture, raster = made
        self._keep((key, picture))
        if raster is None or key not in self._pictures:
            return
        self._rasters[key] = raster
        self._rasters.move_to_end(key)
        while len(self._rasters) > raster.screen.kept:
            self._rasters.popitem(last=False)

    def _keep(self, made: tuple[_Key, LabelPicture | None]) -> None:
        key, picture = made
        if picture is None or key.picture.case != self._session.case_version:
            return
        self._pictures[key] = picture
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)

    def _on_prepared(self) -> None:
        """Go on at once where the reader has gone by now, without waiting for the next step."""
        missed, self._missed, self._ahead = self._missed, None, None
        if missed is not None:
            self._prepare(*missed)


def _drawn_ahead(
    picture: LabelPicture | None, style: LabelStyle, screen: Screen | None
) -> LabelRaster | None:
    """Return labels drawn for a screen, where there is one."""
    if picture is None or screen is None:
        return None
    return rasterised(picture, style, screen)

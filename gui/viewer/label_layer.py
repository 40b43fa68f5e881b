"""Lays the labels of the case on screen under the contours of a view, and keeps them in step."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from core.domain.label_set import LabelMap
from core.domain.plane import Cut
from core.domain.progress import Progress
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes, Part, Task
from gui.shell.view_state import Display, LayerStyle, PictureKey
from gui.viewer.canvas_presenter import CanvasPresenter
from gui.viewer.label_item import (
    LabelItem,
    LabelRaster,
    LabelScreen,
    LabelStyle,
    rasterised,
)
from gui.viewer.label_picture import LabelMaps, LabelPicture, make_label_picture

_KEPT = 48
_AHEAD = (1, -1, 2, -2, 3, -3)
_DRAWN_AHEAD = 12  # images of a whole view: a few megabytes each


@dataclass(frozen=True)
class _Key:
    """Names one prepared picture of labels: of which map, under which picture."""

    picture: PictureKey
    of: str
    labels: tuple[int, ...]
    focus: tuple[int, ...]


class LabelLayer(QObject):
    """Fills the labels of the correction, else the prediction, else the truth: of what is shown.

    A binary case has nothing of it.
    """

    def __init__(
        self, session: Session, lanes: Lanes, canvas: CanvasPresenter, *, small: bool = False
    ) -> None:
        super().__init__(canvas)
        self._small = small
        self._session, self._lanes = session, lanes
        self.item = LabelItem()
        canvas.view.add_item(self.item, below=True)
        self._pictures: OrderedDict[_Key, LabelPicture] = OrderedDict()
        self._rasters: OrderedDict[_Key, LabelRaster] = OrderedDict()
        self._ahead: Task[None] | None = None
        self._drawn: Display | None = None
        canvas.drawn.connect(lambda _, display, __: self.draw(display))
        session.labels_changed.connect(self._draw_again)
        session.case_changed.connect(self._on_case_changed)

    def draw(self, display: Display) -> None:
        """Draw the labels of the slice that `display` shows."""
        self._drawn = display
        opened, state = self._session.open_case, self._session.labels
        if opened is None or state.labels.is_binary or display.hidden:
            self.item.set_picture(None, None)
            return
        of, style = self._shown(opened, display)
        maps = self._maps(opened, of)
        key = _Key(display.picture, of, state.labels.values, state.focus.values)
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._make(maps, key)
        shown = self._session.view.wrong_label and display.errors.visible
        drawn = LabelStyle(
            state.labels,
            style.opacity,
            state.hidden,
            wrong=shown,
            smooth=display.smooth,
            small=self._small,
        )
        self.item.set_picture(picture, drawn, self._rasters.get(key))
        self._prepare(maps, key, opened, drawn)

    def _make(self, maps: LabelMaps, key: _Key) -> LabelPicture | None:
        """Make a picture; what a stroke has not changed is taken from the one before it."""
        last = self.item.picture
        made = make_label_picture(maps, key.picture.cut, exact=key.picture.exact, before=last)
        if made is not None:
            self._keep((key, made))
        return made

    def _draw_again(self) -> None:
        if self._drawn is not None:
            self.draw(self._drawn)

    def _on_case_changed(self) -> None:
        self._pictures.clear()
        self._rasters.clear()
        if self._session.open_case is None:
            self._drawn = None
            self.item.set_picture(None, None)

    def _shown(self, opened: OpenCase, display: Display) -> tuple[str, LayerStyle]:
        """Return whose labels are filled, and the layer they belong to."""
        there = (
            ("correction", corrected_labels(self._session), display.correction),
            ("prediction", predicted_labels(self._session), display.prediction),
            ("truth", opened.loaded.labels, display.truth),
        )
        for name, label_map, style in there:
            if label_map is not None and style.visible:
                return name, style
        return "", display.truth

    def _maps(self, opened: OpenCase, of: str) -> LabelMaps:
        state, truth = self._session.labels, opened.loaded.labels
        corrected, predicted = corrected_labels(self._session), predicted_labels(self._session)
        every = {"correction": corrected, "prediction": predicted, "truth": truth}
        judged = corrected if corrected is not None else predicted
        return LabelMaps(state.focus, every.get(of), truth, judged)

    def _prepare(self, maps: LabelMaps, key: _Key, opened: OpenCase, style: LabelStyle) -> None:
        """Make the labels of the slices around the one on screen, on a worker."""
        plane, session = key.picture.cut.plane, self._session
        count = opened.loaded.volume.geometry.shape[plane.axis]
        near = [key.picture.slice_index + step for step in _AHEAD]
        keys = [
            replace(
                key,
                picture=replace(
                    key.picture,
                    slice_index=index,
                    masks=session.masks_of(Cut(plane, index)),
                    edit=session.edits_of(Cut(plane, index)),
                ),
            )
            for index in near
            if 0 <= index < count
        ]
        screen = self.item.screen
        wanted = [each for each in keys if not self._is_ready(each, style, screen)]
        known = {each: self._pictures.get(each) for each in wanted}
        if not wanted or (self._ahead is not None and not self._ahead.cancelled):
            return

        def work(progress: Progress, part: Part) -> None:
            for number, each in enumerate(wanted):
                cut, exact = each.picture.cut, each.picture.exact
                made = known[each] or make_label_picture(maps, cut, exact=exact)
                raster = _drawn_ahead(made, style, screen)
                part((each, made, raster))
                progress(number / len(wanted), "")

        self._ahead = self._lanes.run_in_parts(
            "idle", work, parted=self._keep_ahead, finished=self._on_prepared
        )

    def _is_ready(self, key: _Key, style: LabelStyle, screen: LabelScreen | None) -> bool:
        """Tell whether a slice was made and drawn ahead for the screen as it is."""
        if key not in self._pictures:
            return False
        if screen is None or screen.size.isEmpty():
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
        while len(self._rasters) > _DRAWN_AHEAD:
            self._rasters.popitem(last=False)

    def _keep(self, made: tuple[_Key, LabelPicture | None]) -> None:
        key, picture = made
        if picture is None or key.picture.case != self._session.case_version:
            return
        self._pictures[key] = picture
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)

    def _on_prepared(self) -> None:
        self._ahead = None


def _drawn_ahead(
    picture: LabelPicture | None, style: LabelStyle, screen: LabelScreen | None
) -> LabelRaster | None:
    """Return labels drawn for a screen; None while nothing was drawn on it yet."""
    if picture is None or screen is None or screen.size.isEmpty():
        return None
    return rasterised(picture, style, screen)


def predicted_labels(session: Session) -> LabelMap | None:
    """Return the labels (Z, Y, X) of the prediction on screen, None where it tells none."""
    result = session.result
    return None if result is None else result.label_map


def corrected_labels(session: Session) -> LabelMap | None:
    """Return the labels (Z, Y, X) of the correction on screen, None where it has none."""
    correction = session.correction
    return correction.label_map if correction is not None and correction.several else None


def tells_labels(session: Session) -> bool:
    """Whether what is judged against the truth, the correction or the prediction, has labels."""
    if session.correction is not None:
        return session.correction.several
    return predicted_labels(session) is not None

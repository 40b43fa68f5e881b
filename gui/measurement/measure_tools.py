"""Ruler, ellipse, rectangle, and the ends that are dragged: what the pointer does becomes figures.

Each view has its plane and its slice; a gesture is measured there, wherever the others are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec
from PySide6.QtCore import QObject, QPointF

from core.domain.diameters import at_right_angles
from core.domain.plane import PLANES, Cut
from core.domain.plane_metric import PlanePlace, plane_metric
from core.domain.region_values import region_values
from core.domain.volume import Pixels
from core.review.measurements import (
    Kind,
    Measurement,
    measurement_text,
    steps_of,
    values_of,
)
from gui.measurement.measure_desk import MeasureDesk
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.view_state import RGB, shown_channel
from gui.viewer.items.measure_item import DrawnKind, DrawnMeasure, MeasureItem
from gui.viewer.slice.scale_bar import ScaleBar
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import MEASURING, Tool, Touch

_NEAR = 9.0  # pixels of the screen
_SMALLEST = 4.0
_DRAWN: dict[Kind, DrawnKind] = {
    "ruler": "lines",
    "diameters": "lines",
    "ellipse": "ellipse",
    "rectangle": "rectangle",
}
_KINDS: dict[Tool, Kind] = {"ruler": "ruler", "ellipse": "ellipse", "rectangle": "rectangle"}

CutOf = Callable[[], Cut]
"""Gives the plane of a view and the slice it shows."""


@dataclass(eq=False)
class _Eye:
    """A view with what is drawn in it."""

    view: SliceView
    where: CutOf
    item: MeasureItem
    bar: ScaleBar


@dataclass(eq=False)
class _Grip:
    """A measurement in hand: which of its places follows the pointer, and where it was taken."""

    found: Measurement
    place: int
    at: PlanePlace
    new: bool


class MeasureTools(QObject):
    """Draws what is measured in every view, and measures what is dragged there."""

    def __init__(self, session: Session, desk: MeasureDesk) -> None:
        super().__init__()
        self._session, self._desk = session, desk
        self._eyes: list[_Eye] = []
        self._grip: _Grip | None = None
        desk.changed.connect(self.show)
        session.view_changed.connect(self.show)
        session.case_changed.connect(self._on_case_changed)

    def add_view(self, view: SliceView, where: CutOf) -> None:
        """Measure in one more view of the case, which shows a plane and a slice of it."""
        eye = _Eye(view, where, MeasureItem(), ScaleBar())
        view.add_item(eye.bar)
        view.add_item(eye.item)
        view.grabs = lambda at: self._held_at(eye, _place(at)) is not None
        view.touched.connect(partial(self._on_touched, eye))
        self._eyes.append(eye)
        self.show()

    def show(self) -> None:
        """Draw what lies on the slice of each view."""
        opened, hidden = self._session.open_case, self._session.view.overlays_hidden
        for eye in self._eyes:
            if opened is None or hidden:
                eye.item.show_measures(())
                eye.bar.set_metric(None)
                continue
            cut = eye.where()
            eye.bar.set_metric(plane_metric(opened.loaded.volume.geometry, cut.plane))
            eye.item.show_measures(
                [
                    _drawn(each, selected=each.id == self._desk.chosen or self._is_held(each))
                    for each in self._desk.shown
                    if _is_on(each, cut)
                ]
            )

    def drawn(self, view: SliceView) -> tuple[DrawnMeasure, ...]:
        """Return what is drawn of measurements in a view."""
        return next((eye.item.measures for eye in self._eyes if eye.view is view), ())

    def has_scale(self, view: SliceView) -> bool:
        """Return whether a view has a scale: none where the spacing is unknown."""
        return any(eye.bar.metric is not None for eye in self._eyes if eye.view is view)

    def drop(self) -> bool:
        """Drop what is in hand; False when nothing is."""
        self._grip = None
        return self._desk.leave()

    def _is_held(self, found: Measurement) -> bool:
        return self._grip is not None and found is self._desk.draft

    def _on_touched(self, eye: _Eye, touch: Touch) -> None:
        at = (touch.y, touch.x)
        if touch.kind == "press":
            self._press(eye, at)
        elif self._grip is None:
            return
        elif touch.kind == "cancel":
            self.drop()
        else:
            found = self._dragged(self._grip, at)
            if touch.kind == "move":
                self._desk.draw(found)
            else:
                self._let_go(eye, found)

    def _press(self, eye: _Eye, at: PlanePlace) -> None:
        held = self._held_at(eye, at)
        if held is not None:
            found, place = held
            self._grip = _Grip(found, place, found.points[place], new=False)
            self._desk.choose(found.id)
        elif eye.view.tool in MEASURING:
            begun = self._begun(_KINDS[eye.view.tool], eye.where(), at)
            if begun is not None:
                self._desk.choose(0)
                self._grip = _Grip(begun, 1, at, new=True)

    def _let_go(self, eye: _Eye, found: Measurement) -> None:
        grip, self._grip = self._grip, None
        assert grip is not None
        moved = found.points[grip.place]
        if self._apart(eye, moved, grip.at) < _SMALLEST:  # no more than a click
            self._desk.draw(None)
        else:
            self._desk.keep(found)

    def _held_at(self, eye: _Eye, at: PlanePlace) -> tuple[Measurement, int] | None:
        """Return the end of a measurement that lies under the pointer, of the chosen one first."""
        cut = eye.where()
        there = [
            (each.id != self._desk.chosen, self._apart(eye, point, at), each, number)
            for each in self._desk.measurements
            if _is_on(each, cut)
            for number, point in enumerate(each.points)
        ]
        near = [found for found in there if found[1] <= _NEAR]
        if not near or self._session.view.overlays_hidden:
            return None
        _, _, found, number = min(near, key=lambda found: found[:2])
        return found, number

    def _apart(self, eye: _Eye, one: PlanePlace, other: PlanePlace) -> float:
        """Return how far two places are apart on the screen."""
        across, down = eye.view.pixels_a_voxel
        return max(abs(one[0] - other[0]) * down, abs(one[1] - other[1]) * across)

    def _begun(self, kind: Kind, cut: Cut, at: PlanePlace) -> Measurement | None:
        opened = self._session.open_case
        if opened is None:
            return None
        return Measurement(
            case_id=opened.loaded.case.id,
            kind=kind,
            plane=cut.plane.name,
            index=cut.index,
            slice_number=slice_number(opened, cut),
            points=(at, at),
            steps=steps_of(plane_metric(opened.loaded.volume.geometry, cut.plane)),
            subject=self._session.subject(opened.loaded.case.id),
        )

    def _dragged(self, grip: _Grip, at: PlanePlace) -> Measurement:
        """Return what is in hand with the place that follows the pointer at `at`."""
        points = list(grip.found.points)
        points[grip.place] = at
        if grip.found.kind == "diameters":
            first = (points[0], points[1])
            held = grip.place - 2 if grip.place > 1 else None
            across = at_right_angles(first, (points[2], points[3]), grip.found.metric, moved=held)
            points[2:] = across
        found = msgspec.structs.replace(grip.found, points=tuple(points))
        return self._with_values(found) if _DRAWN[found.kind] != "lines" else found

    def _with_values(self, found: Measurement) -> Measurement:
        """Return a region with what the channel on screen holds in it."""
        opened = self._session.open_case
        if opened is None or found.kind not in ("ellipse", "rectangle"):
            return found
        channel, pixels = _shown_slice(self._session, opened, found)
        corners = (found.points[0], found.points[1])
        values = region_values(pixels, found.kind, corners, found.metric)
        return msgspec.structs.replace(found, values=values_of(values, channel))

    def _on_case_changed(self) -> None:
        self._grip = None
        self.show()


def slice_number(opened: OpenCase, cut: Cut) -> int:
    """Return what readers call a slice: the number of its file, or its place in another plane."""
    numbers = opened.loaded.volume.slice_numbers
    return numbers[cut.index] if cut.plane.name == "axial" else cut.index + 1


def _shown_slice(session: Session, opened: OpenCase, found: Measurement) -> tuple[str, Pixels]:
    """Return the channel on screen and its pixels on the slice; of RGB the first."""
    volume = opened.loaded.volume
    name = shown_channel(session.view, volume)
    name = volume.channels[0] if name == RGB else name
    pixels = volume.pixels[volume.channels.index(name)]
    return name, PLANES[found.plane].apply(pixels)[found.index]


def _drawn(found: Measurement, *, selected: bool) -> DrawnMeasure:
    said = measurement_text(found).figures
    kind = _DRAWN[found.kind]
    texts = tuple(text for _, text in said)
    if kind != "lines" and said:
        texts = (f"{said[0][0].split(',')[0]} {texts[0]}", texts[2])
    return DrawnMeasure(found.id, kind, found.points, texts, selected)


def _is_on(found: Measurement, cut: Cut) -> bool:
    return (found.plane, found.index) == (cut.plane.name, cut.index)


def _place(at: QPointF) -> PlanePlace:
    return at.y(), at.x()

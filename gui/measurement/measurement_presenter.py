"""Keeps the list of measurements in step with what is measured and which slice is shown."""

from dataclasses import dataclass

from PySide6.QtCore import QObject

from core.domain.plane import PLANES, Cut
from core.review.measurements import Kind, Measurement, measurement_text
from gui.measurement.measure_desk import MeasureDesk
from gui.measurement.measurement_panel import MeasurementPanel, MeasurementRow
from gui.shell.context import Context
from gui.shell.view_state import plane_title
from gui.viewer.install import Viewer
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import MEASURING

_ICONS: dict[Kind, str] = {
    "ruler": "ruler",
    "diameters": "ruler",
    "ellipse": "circle",
    "rectangle": "rectangle",
}


@dataclass(frozen=True, eq=False)
class MeasurementViews:
    """What of the window shows and makes measurements."""

    viewer: Viewer
    panel: MeasurementPanel


class MeasurementPresenter(QObject):
    """Lists what was measured, that on the slice the reader works on first."""

    def __init__(self, context: Context, views: MeasurementViews, desk: MeasureDesk) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self._views, self._desk = views, desk
        self._tool_view: SliceView = views.viewer.views.view
        session, panel = context.session, views.panel
        desk.changed.connect(self.show)
        desk.failed.connect(context.say_failed)
        desk.refused.connect(context.takeover.ask)
        session.view_changed.connect(self.show)
        session.case_changed.connect(self.show)
        panel.chosen.connect(self.go_to)
        panel.delete_asked.connect(self._delete)
        panel.spacing_asked.connect(lambda: context.trigger("give_spacing"))

    def show(self) -> None:
        """List what there is."""
        opened = self._session.open_case
        unknown = opened is not None and opened.loaded.volume.geometry.spacing_mm is None
        here = self._session.view.cut
        rows = [self._row(each, here) for each in self._desk.shown]
        measuring = opened is not None and self._tool_view.tool in MEASURING
        self._views.panel.set_rows(rows, unknown=unknown, measuring=measuring)

    def go_to(self, measurement_id: int) -> None:
        """Show the slice of a measurement, bring it into view and choose it."""
        found = next((m for m in self._desk.measurements if m.id == measurement_id), None)
        if found is None:
            return
        plane = PLANES[found.plane]
        self._views.viewer.verbs.show_cut(Cut(plane, found.index))
        self._views.viewer.planes.bring_into_view(plane, found.box)
        self._desk.choose(found.id)

    def _plane_name(self, found: Measurement) -> str:
        """Return what goes before the slice: the plane as its view calls it, none for axial."""
        opened, plane = self._session.open_case, PLANES[found.plane]
        if not plane.axis:
            return ""
        if opened is None or opened.loaded.volume.geometry.is_known:
            return f"{plane.name} "
        return f"{plane_title(plane, opened.loaded.volume.geometry)} "

    def _delete(self, measurement_id: int) -> None:
        self._desk.choose(measurement_id)
        self._desk.delete()

    def _row(self, found: Measurement, here: Cut) -> MeasurementRow:
        told = measurement_text(found)
        place = f"{self._plane_name(found)}slice {found.slice_number}"
        subject = found.subject.said() if found.subject is not None else ""
        of = f"Of {found.of}" if found.of else ""
        if found.mask in ("prediction", "correction") and subject:
            of = f"{of} ({subject})"
        who = f"{found.reader}, {found.time}" if found.reader else found.time
        lines = (f"{told.title}, {place}", of, *(f"{n}: {v}" for n, v in told.figures), who)
        return MeasurementRow(
            found.id,
            told.title,
            told.figures,
            place,
            "\n".join(filter(None, lines)),
            icon=_ICONS[found.kind],
            here=(found.plane, found.index) == (here.plane.name, here.index),
            chosen=found.id == self._desk.chosen,
        )

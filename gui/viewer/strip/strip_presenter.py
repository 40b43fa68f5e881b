"""Shows the slices of the plane that the reader works in as bars of the strip."""

from PySide6.QtCore import QObject, Signal

from core.domain.mask import Mask
from core.domain.metrics import SliceCounts
from core.domain.plane import PLANES, Plane
from gui.shell.session import Session
from gui.shell.tasks import Lanes
from gui.shell.view_state import plane_title
from gui.viewer.figures.plane_counts import CountsWanted, PlaneCounts
from gui.viewer.strip.case_strip import BarCounts, predicted_of, strip_data
from gui.viewer.strip.strip import SliceStrip


class StripPresenter(QObject):
    """Keeps the strip in step with the plane and the prediction.

    `plane_changed` comes when it is to show another plane, or what was counted of it meanwhile:
    who shows other bars then shows them anew.
    """

    plane_changed = Signal()

    def __init__(self, session: Session, lanes: Lanes, strip: SliceStrip) -> None:
        super().__init__()
        self._session, self._strip = session, strip
        self._counts = PlaneCounts(session, lanes)
        self._counts.changed.connect(self._show_again)
        self._shown: tuple[int, Plane] | None = None

    def show(self) -> None:
        """Show the bars of the prediction, unless those of the correction are wanted."""
        opened, result = self._session.open_case, self._session.result
        if opened is None or self._strip.of_correction:
            return
        counted = None if result is None or result.ready is not None else result.counted
        known = self.counts(None if counted is None else counted.mask)
        self.show_bars(predicted_of(opened, result, self._session.view.plane, known))

    def counts(self, mask: Mask | None, revision: int = 0) -> SliceCounts | None:
        """Return the counts of a mask in the plane worked in; None for the axial one, or not yet.

        A mask that changes in place has another `revision` each time.
        """
        opened, plane = self._session.open_case, self._session.view.plane
        if opened is None or not plane.axis:
            return None
        return self._counts.of(plane, CountsWanted(opened.loaded.ground_truth, mask, revision))

    def show_bars(self, of: BarCounts) -> None:
        """Show other bars, of slices of the plane worked in."""
        opened = self._session.open_case
        if opened is not None:
            plane, triage = self._session.view.plane, self._session.triage
            self._strip.set_data(strip_data(opened, of, plane, triage))

    def follow(self) -> None:
        """Mark the slice on screen; another plane has other bars."""
        view, opened = self._session.view, self._session.open_case
        which = (self._session.case_version, view.plane)
        if opened is not None and which != self._shown:
            self._shown = which
            geometry = opened.loaded.volume.geometry
            titles = [plane_title(plane, geometry) for plane in PLANES.values()]
            self._strip.set_planes(titles, list(PLANES).index(view.active))
            self._show_again()
        self._strip.set_current(view.slice_index)

    def _show_again(self) -> None:
        self.show()
        self.plane_changed.emit()
        self._strip.set_current(self._session.view.slice_index)

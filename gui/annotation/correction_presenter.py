"""Keeps tool card, figures, strip and status bar in step with the correction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject

from core.annotation.versions import Version
from core.domain.metrics import Hd95, hd95
from gui.annotation.correction.corrected_figures import corrected_of, corrected_views
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.version_reader import EXPORTING, SAVING
from gui.annotation.tools.paint_tools import PaintTools
from gui.annotation.tools.tool_card import ToolCard
from gui.annotation.tools.tool_rail import ToolRail
from gui.shell.context import Context
from gui.shell.correction_origin import other_origin
from gui.shell.status_bar import StatusBar
from gui.viewer.install import Viewer
from gui.viewer.slice.touch import Tool
from gui.widgets.later import Later
from gui.widgets.metrics_view import MetricsView, PendingFigure

_EDIT = "edit"  # the subject of one that was not saved
_IN_HAND = "in hand"  # and of what the reader is asked to do with what is half drawn or marked
_FIGURES_MS = 8  # figures of a sample come with its frame
_BEGUN_MS = 35
_BARS_MS = 150
_DISTANCE_MS = 400


class CorrectedFigures(Protocol):
    """Shows the figures of a correction beside those of the prediction."""

    def set_corrected(self, views: tuple[MetricsView, MetricsView] | None) -> None: ...


@dataclass(frozen=True, eq=False)
class AnnotationViews:
    """What of the window shows tools and correction; `show_tool` shows which one is in hand."""

    viewer: Viewer
    card: ToolCard
    rail: ToolRail
    status: StatusBar
    metrics: CorrectedFigures
    show_tool: Callable[[Tool], None]


class CorrectionPresenter(QObject):
    """Listens to the correction; figures follow a sample within `_FIGURES_MS`, bars later."""

    def __init__(
        self, context: Context, desk: CorrectionDesk, drawing: PaintTools, views: AnnotationViews
    ) -> None:
        super().__init__()
        self._context, self._views = context, views
        self._session, self._toasts = context.session, context.toasts
        self._correction_desk, self._paint_tools = desk, drawing
        self._panels, self._strip = views.viewer.panels, views.viewer.views.strip
        self._hd95: Hd95 | PendingFigure | None = None
        self._saved = ""
        self._saved_of: object = None  # the correction it was said of
        self._just_opened = False
        self._begun = Later(self, _BEGUN_MS, self._show_correction)
        self._figures = Later(self, _FIGURES_MS, self._show_numbers)
        self._bars = Later(self, _BARS_MS, self._show_bars)
        self._distance = Later(self, _DISTANCE_MS, self._measure)
        self._connect()
        self._show_state()

    def _connect(self) -> None:
        session, correcting, drawing = self._session, self._correction_desk, self._paint_tools
        session.correction_changed.connect(self._on_correction_changed)
        session.case_changed.connect(self._on_correction_changed)
        session.mask_painted.connect(self._on_mask_painted)
        session.view_changed.connect(self._show_numbers)
        session.post_changed.connect(self._show_numbers)
        session.result_changed.connect(self._show_figures)
        session.triage_changed.connect(self._show_figures)
        session.models_changed.connect(self._on_models_changed)
        drawing.held_changed.connect(self._on_held_changed)
        self._context.in_hand.changed.connect(self._enable_steps)
        drawing.asked.connect(lambda *said: self._toasts.show_toast(*said, subject=_IN_HAND))
        correcting.stepped.connect(self._enable_steps)
        for ready in (session.result_changed, session.seeking_changed, session.case_state_changed):
            ready.connect(lambda *_: self._enable_steps())
        correcting.saved.connect(self._on_saved)
        correcting.save_failed.connect(self._on_save_failed)
        correcting.versions.version_saved.connect(self._on_version_saved)
        correcting.versions.exported.connect(self._on_exported)
        correcting.failed.connect(self._toasts.show_error)
        correcting.refused.connect(self._context.takeover.ask)
        correcting.found.connect(self._on_found)
        session.place_changed.connect(self._on_place_changed)
        self._strip.scope_chosen.connect(self._show_figures)
        self._panels.strip.plane_changed.connect(self._show_bars)
        correcting.later.changed.connect(self._views.status.show_work)
        self._views.status.stop_asked.connect(correcting.later.cancel)
        for timer in (self._begun, self._figures, self._bars, self._distance):
            self._context.closing.connect(timer.stop)

    def _on_models_changed(self) -> None:
        self._panels.show_layers()
        self._show_figures()

    def _on_correction_changed(self) -> None:
        """Show another correction; after the first sample of one that is just begun."""
        self._withdraw_when_saved()
        correction = self._session.correction
        self._hd95 = None if correction is None else "pending"
        if correction is not None and correction.painting:
            self._begun.start()
        else:
            self._show_correction()

    def _show_correction(self) -> None:
        there = self._session.correction is not None
        self._strip.offer_correction(there)
        if there:
            self._distance.start()
        else:
            self._panels.show_strip()
        self._panels.show_layers()
        self._show_figures()
        self._show_state()

    def _on_mask_painted(self) -> None:
        for timer in (self._figures, self._bars):
            if not timer.isActive():
                timer.start()
        self._hd95 = "pending"
        self._distance.start()

    def _show_figures(self) -> None:
        self._show_numbers()
        self._show_bars()

    def _show_numbers(self) -> None:
        correction, opened = self._session.correction, self._session.open_case
        if correction is None or opened is None:
            self._views.metrics.set_corrected(None)
            return
        cut = self._session.view.cut
        other = other_origin(self._session)
        views = corrected_views(correction, opened, cut, hd95=self._hd95, other=other)
        self._views.metrics.set_corrected(views)
        self._show_state()

    def _show_bars(self) -> None:
        correction, opened = self._session.correction, self._session.open_case
        if correction is None or opened is None:
            return
        if self._strip.of_correction:
            bars, plane = self._panels.strip, self._session.view.plane
            known = bars.counts(correction.mask, correction.revision)
            bars.show_bars(corrected_of(correction, plane, known))
        else:
            self._panels.show_strip()
        self._strip.set_current(self._session.view.slice_index)

    def _on_held_changed(self) -> None:
        """Ask for nothing any more once nothing is in hand."""
        self._enable_steps()
        if not self._paint_tools.holds:
            self._toasts.withdraw(_IN_HAND)

    def _enable_steps(self) -> None:
        held, in_hand = self._paint_tools.holds, self._context.in_hand
        can = {
            "undo": held or in_hand.can_undo or self._correction_desk.can_undo,
            "redo": in_hand.can_redo or self._correction_desk.can_redo,
        }
        for name, on in can.items():
            self._context.actions[name].setEnabled(on)
            self._views.rail.enable(name, on)

    def _show_state(self) -> None:
        correction, known = self._session.correction, self._correction_desk.known
        # Another region of the same correction is as well kept as the one before.
        saved = self._saved if known is not None and known is self._saved_of else ""
        self._enable_steps()
        if correction is None:
            self._views.status.set_correction(saved)
            return
        figures = correction.figures()
        minutes, seconds = divmod(int(figures.seconds), 60)
        spent = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        said = f"{figures.voxels_changed:,} voxels changed"
        if figures.seconds >= 1:  # what came before the first edit is not counted
            said += f" · {spent} on this case"
        agrees = figures.dsc_prediction
        if agrees is not None:
            other = other_origin(self._session)
            said += f", begun from {other}" if other else ""
            said += f" · DSC with the prediction {agrees:.3f}"
        self._views.status.set_correction(" · ".join(t for t in (saved, said) if t))

    def _measure(self) -> None:
        """Measure the distance of the correction as it is now, on a worker."""
        correction, opened = self._session.correction, self._session.open_case
        if correction is None or opened is None or opened.loaded.ground_truth is None:
            self._hd95 = None
            return
        mask, revision = correction.mask, correction.revision
        truth = opened.loaded.ground_truth
        spacing = opened.loaded.volume.geometry.spacing_mm

        def show(value: Hd95 | None) -> None:
            if self._session.correction is correction and correction.revision == revision:
                self._hd95 = value
                self._show_figures()

        # Copied by the worker: what is painted meanwhile is measured again, and this is dropped.
        self._context.lanes.run("io", lambda _: hd95(truth, mask.copy(), spacing_mm=spacing), show)

    def _on_place_changed(self) -> None:
        self._just_opened = True

    def _on_found(self, edits: int) -> None:
        """Say what a crash would have cost, when a dataset comes back with a correction."""
        place, first = self._session.place, self._just_opened
        self._just_opened = False
        if first and edits and place is not None and not place.held:
            them = "it" if edits == 1 else "them"
            said = f"In {self._session.current}. No version holds {them} yet."
            self._toasts.show_toast(f"{_edits(edits)} found again", said)

    def _on_saved(self) -> None:
        correction = self._correction_desk.known
        if correction is not None:
            undone = f", {correction.undone} undone" if correction.undone else ""
            edits = f"{_edits(correction.applied)} in the journal{undone}"
            self._tell_kept(f"Saved {datetime.now():%H:%M:%S} · {edits}")
        self._withdraw_when_saved()
        self._show_state()

    def _tell_kept(self, said: str) -> None:
        """Remember how the correction at hand is kept."""
        self._saved, self._saved_of = said, self._correction_desk.known

    def _withdraw_when_saved(self) -> None:
        """Say no longer that an edit was not saved, once none of any case is in memory only."""
        if not self._correction_desk.unsaved:
            self._toasts.withdraw(_EDIT)

    def _on_save_failed(self, sentence: str) -> None:
        self._tell_kept("Not saved: your work is in memory only")
        self._show_state()
        self._toasts.show_toast(
            "The edit was not saved",
            sentence,
            kind="error",
            action=("Export…", self._context.actions["export_correction"].trigger),
            subject=_EDIT,
        )

    def _on_version_saved(self, version: Version) -> None:
        self._toasts.withdraw(SAVING)
        said = f"Version {version.number} of {version.case_id}"
        if version.far_smaller:
            few = (
                f"{said} has {version.voxels:,} voxels, the ground truth {version.truth_voxels:,}. "
                "It looks only begun, and no training offers it ticked."
            )
            self._toasts.show_toast("Version saved, far smaller than the truth", few)
            return
        self._toasts.show_toast("Version saved", said, kind="ok")

    def _on_exported(self, manifest: Path) -> None:
        self._toasts.withdraw(EXPORTING)
        said = f"Into {manifest.parent}; {manifest.name} says who made it from what."
        self._toasts.show_toast("Mask exported", said, kind="ok")


def _edits(count: int) -> str:
    return "1 edit" if count == 1 else f"{count} edits"

"""One window and everything behind it."""

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from core.annotation.versions import Version
from core.domain.mask import Mask
from core.inference.engine import Engine
from core.workspace.settings import home, load_settings, settings_path
from gui.annotation.correction_desk import Correcting
from gui.annotation.correction_presenter import CorrectionPresenter
from gui.annotation.paint_tools import Drawing
from gui.app.close_guard import Leaving
from gui.app.main_window import MainWindow
from gui.app.verbs import verbs
from gui.prediction.case_confidence import Doubting
from gui.prediction.case_triage import Triaging
from gui.prediction.panel_presenter import PanelPresenter
from gui.review.contradiction_queue import Contradicting, QueueWalk
from gui.review.disagreement_queue import Disagreeing
from gui.review.review_desk import Reviewing
from gui.review.review_presenter import ReviewPresenter
from gui.shell.lock_takeover import TakingOver
from gui.shell.mask_finder import Comparing
from gui.shell.messages import show_fault
from gui.shell.operations import Operations
from gui.shell.session import Session
from gui.shell.shortcuts import ShortcutSheet
from gui.shell.tasks import Fault, Lanes
from gui.studies.study_verbs import StudyDesk
from gui.training.side_by_side import SideBySide
from gui.training.training_presenter import TrainingPresenter
from gui.viewer.canvas_presenter import CanvasPresenter
from gui.viewer.compare_presenter import ComparePresenter
from gui.viewer.touch import Tool
from gui.viewer.view_verbs import ViewVerbs
from gui.widgets.icons import icon
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS
from gui.widgets.theme import apply_theme


class Program:
    """Makes session, operations and window, and connects them; `close` ends all work."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self.session = Session(home(), load_settings(settings_path()))
        self.lanes = Lanes()
        self.operations = Operations(self.session, self.lanes, Engine())
        self.view_verbs = ViewVerbs(self.session)
        # Before the window, so that its parts measure themselves in the right font.
        apply_theme(application, DARK if self.session.settings.theme == "dark" else LIGHT)
        self.window = MainWindow(verbs(self))
        self.canvas = CanvasPresenter(self.session, self.lanes, self.window.view, self.window.empty)
        self.panels = PanelPresenter(self.session, self.lanes, self.window, self.view_verbs)
        self.correcting = Correcting(self.session, self.lanes)
        self.drawing = Drawing(self.session, self.correcting, self.window.view)
        self.taking_over = TakingOver(self.session, self.lanes, self.operations, self.window.toasts)
        self.corrections = CorrectionPresenter(self)
        self.window.may_close = Leaving(self.window, self.lanes, self.correcting).may_close
        self.correcting.saved.connect(self.operations.keep_place)
        self.reviewing = Reviewing(self.session, self.lanes, self.window.worklist.order)
        self.comparing = Comparing(self.session, self.lanes, self.operations.engine)
        self.disagreeing = Disagreeing(self.session, self.lanes, self.correcting, self.comparing)
        self.contradicting = Contradicting(self.session, self.lanes)
        self.walk = QueueWalk(self.disagreeing, self.contradicting)
        self.reviews = ReviewPresenter(self)
        self.triaging = Triaging(self.session, self.lanes, self.operations.triager)
        self.doubting = Doubting(self.session, self.lanes)
        self.compared = ComparePresenter(self)
        self.training = TrainingPresenter(self.session, self.lanes, self.window.jobs)
        self.beside = SideBySide(self)
        self.desk = StudyDesk(self)
        self._connect_view()
        self._connect_bars()
        self._connect_inspector()
        self._connect_messages()
        self._connect_training()
        self._connect_triage()
        self._apply_look()
        self.set_tool("pan")
        self.window.set_keys(self.session.settings.keys)
        self.window.enable_commands(self.session)

    def open(self, folder: Path | None, *, predictions: Path | None = None) -> None:
        """Show the window on `folder`, else on what was open last, else on the demo.

        With `predictions` of that folder they are reviewed, and nothing is run.
        """
        settings = self.session.settings
        self.window.resize(QSize(*settings.window_size))
        if settings.window_maximised:
            self.window.showMaximized()
        else:
            self.window.show()
        last = Path(settings.last_dataset) if settings.last_dataset else None
        if folder is not None and predictions is not None:
            self.operations.open_predictions(predictions, over=folder)
        elif folder is not None:
            self.operations.open_dataset(folder)
        elif last is not None and last.is_dir():
            self.operations.open_dataset(last)
        else:
            self.operations.open_demo()

    def close(self) -> None:
        """Keep the window's size, stop all work and close the workspace."""
        size = self.window.normalGeometry().size()
        self.operations.change_settings(
            window_size=(size.width(), size.height()),
            window_maximised=self.window.isMaximized(),
        )
        self.window.review.keep_note()
        self.reviewing.keep_time()
        self.training.close()
        self.operations.close()

    def set_tool(self, tool: Tool) -> None:
        """Take a tool in hand."""
        self.window.set_tool(tool)
        self.drawing.set_tool(tool)

    def show_shortcuts(self) -> None:
        """Show the sheet of all keys, where they can be changed; one sheet is enough."""
        there = self.window.findChildren(ShortcutSheet)
        sheet = there[0] if there else ShortcutSheet(self.window, self.session.settings.keys)
        if not there:
            sheet.changed.connect(self._set_keys)
        sheet.show()
        sheet.raise_()
        sheet.activateWindow()

    def _set_keys(self, keys: dict[str, tuple[str, ...]]) -> None:
        self.operations.change_settings(keys=keys)
        self.window.set_keys(keys)

    def toggle_theme(self) -> None:
        """Change between the dark and the light theme."""
        theme = "light" if self.session.settings.theme == "dark" else "dark"
        self.operations.change_settings(theme=theme)
        self._apply_look()

    def toggle_overlay_colours(self) -> None:
        """Change between the usual and the colour-blind-safe overlays."""
        colours = "safe" if self.session.settings.overlay_colours == "default" else "default"
        self.operations.change_settings(overlay_colours=colours)
        self._apply_look()
        self.panels.redraw_thumbnails()

    def set_exact_voxels(self, exact: bool) -> None:
        """Show voxels as they are, and remember it."""
        self.view_verbs.set_exact_voxels(exact)
        self.window.actions["exact_voxels"].setChecked(exact)
        self.operations.change_settings(exact_voxels=exact)

    def set_flips(self, flips: bool) -> None:
        """Average predictions with those of the mirrored slice, or not, from now on."""
        self.window.actions["flips"].setChecked(flips)
        self.operations.set_flips(flips)

    def _connect_view(self) -> None:
        window, view = self.window, self.view_verbs
        window.view.slice_stepped.connect(view.step_slice)
        window.strip.slice_chosen.connect(view.go_to_slice)
        window.overlays_held.connect(view.hide_overlays)
        window.closing.connect(self.close)
        window.worklist.case_chosen.connect(self._on_case_chosen)
        window.worklist.expand_requested.connect(window.unfold_worklist)
        self.operations.follow_order(window.worklist.order)
        self.session.case_changed.connect(self._on_case_changed)
        self.session.place_changed.connect(self._on_place_changed)

    def _connect_bars(self) -> None:
        bar, operations = self.window.top_bar, self.operations
        bar.run_case_asked.connect(operations.run_case)
        bar.run_all_asked.connect(operations.run_all)
        bar.model_chosen.connect(operations.choose_model)
        bar.threshold_moved.connect(operations.set_threshold)
        bar.channel_chosen.connect(self.view_verbs.show_channel)
        bar.device_chosen.connect(operations.choose_device)
        bar.dataset_asked.connect(self.window.actions["open_dataset"].trigger)
        for asker in (self.window.header, self.window.rail):
            asker.command_asked.connect(lambda name: self.window.actions[name].trigger())
        self.window.drawer.stop_asked.connect(operations.runs.cancel)

    def _connect_inspector(self) -> None:
        layers, view = self.window.layers, self.view_verbs
        layers.visibility_changed.connect(lambda key, on: view.set_layer(key, visible=on))
        layers.opacity_changed.connect(lambda key, value: view.set_layer(key, opacity=value))
        layers.filled_changed.connect(lambda key, on: view.set_layer(key, filled=on))
        layers.largest_changed.connect(self.operations.set_largest_component)
        layers.no_small_changed.connect(self.operations.set_no_small)
        layers.holes_changed.connect(self.operations.set_fill_holes)
        layers.exact_changed.connect(self.set_exact_voxels)
        self.window.metrics.run_requested.connect(self.operations.run_case)
        self.window.model_panel.expanded_changed.connect(self._on_model_panel)
        self.session.models_changed.connect(self._on_models_changed)

    def _connect_messages(self) -> None:
        operations, toasts = self.operations, self.window.toasts
        operations.failed.connect(lambda title, said: toasts.show_toast(title, said, kind="error"))
        operations.faulted.connect(self.on_fault)
        operations.opening.connect(self._on_opening)
        operations.measured.connect(self.panels.show_measured)
        operations.runs.finished_all.connect(self._on_runs_finished)

    def _connect_training(self) -> None:
        training, toasts = self.training, self.window.toasts
        training.told.connect(
            lambda title, said, kind: toasts.show_toast(title, said, kind=kind, subject=title)
        )
        training.went_on.connect(toasts.withdraw)
        training.failed.connect(toasts.show_error)
        training.faulted.connect(self.on_fault)
        training.promoted.connect(self.operations.choose_model)
        training.case_asked.connect(self.beside.show)

    def show_version_beside(self, version: Version, mask: Mask) -> None:
        """Show a version of the correction in a view beside the one on screen."""
        if self.window.grid.count == 1:
            self.window.grid.set_count(2)
        self.compared.show_mask(f"Version {version.number}", mask)

    def _connect_triage(self) -> None:
        self.triaging.slice_wanted.connect(self.view_verbs.go_to_slice)
        for part in (self.triaging, self.doubting):
            part.failed.connect(self.window.toasts.show_toast)
            part.faulted.connect(self.on_fault)

    def _on_case_chosen(self, case_id: str) -> None:
        self.window.fold_worklist()
        self.operations.choose_case(case_id)

    def _on_case_changed(self) -> None:
        opened = self.session.open_case
        if opened is not None:
            self.window.status.set_message(f"{opened.loaded.case.id} is open, originals read-only")
        else:
            self.window.status.set_message(f"{self.session.opening} cannot be opened")
        self.window.enable_commands(self.session)
        self.window.view.setFocus()

    def _on_place_changed(self) -> None:
        place = self.session.place
        if place is not None:
            self.window.setWindowTitle(f"{place.dataset.name} – Overread")
            for notice in place.dataset.notices[:3]:
                self.window.toasts.show_toast("Left out", notice, kind="error")

    def _on_opening(self, name: str, fraction: float) -> None:
        self.window.status.set_message(f"Opening {name}… {fraction:.0%}")
        if self.session.place is None:
            self.window.empty.say("Opening…", f"{name}, {fraction:.0%}", icon="folder-open")

    def _on_model_panel(self, expanded: bool) -> None:
        if expanded:
            self.operations.measure_model()

    def _on_models_changed(self) -> None:
        if self.window.model_panel.section.expanded:
            self.operations.measure_model()

    def _on_runs_finished(self, done: int, failed: int) -> None:
        if done + failed > 1:
            said = f"{done} cases predicted" + (f", {failed} failed" if failed else "")
            toasts = self.window.toasts
            toasts.show_toast("All runs are done", said, kind="error" if failed else "ok")

    def on_fault(self, fault: Fault) -> None:
        """Show a fault of Overread's own."""
        show_fault(self.window, fault.details)

    def _apply_look(self) -> None:
        settings = self.session.settings
        theme = DARK if settings.theme == "dark" else LIGHT
        safe = settings.overlay_colours == "safe"
        apply_theme(self._application, theme)
        self.window.set_look(theme, SAFE_OVERLAYS if safe else DEFAULT_OVERLAYS)
        self.window.setWindowIcon(icon("mark", colour=DARK.acc, size=64))
        self.window.actions["light_theme"].setChecked(settings.theme == "light")
        self.window.actions["safe_colours"].setChecked(safe)
        self.window.actions["exact_voxels"].setChecked(settings.exact_voxels)
        self.window.actions["flips"].setChecked(settings.flips)

"""Keeps the frame of the window in step: title, status, look, keys, and what can be done now."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from gui.app.main_window import MainWindow
from gui.shell.context import Context, Handlers
from gui.shell.help import show_about, show_guide
from gui.shell.look import look_of
from gui.shell.shortcuts import ShortcutSheet
from gui.widgets.icons import icon
from gui.widgets.palette import DARK
from gui.widgets.theme import apply_theme


class FramePresenter(QObject):
    """Listens to the session for all that belongs to no feature."""

    def __init__(self, context: Context, window: MainWindow, application: QApplication) -> None:
        super().__init__()
        self._context, self._window, self._application = context, window, application
        self._session, self._operations = context.session, context.operations
        self.handlers: Handlers = {
            "light_theme": self._toggle_theme,
            "safe_colours": self._toggle_overlay_colours,
            "quit": window.quit,
            "guide": lambda: show_guide(window),
            "shortcuts": self._show_shortcuts,
            "reader": lambda: context.readers.ask(),
            "about": lambda: show_about(window),
            "next_region": lambda: window.next_region(1),
            "previous_region": lambda: window.next_region(-1),
        }
        session, operations = self._session, self._operations
        session.place_changed.connect(self._on_place_changed)
        session.settings_changed.connect(self._show_reader)
        session.case_opening.connect(self._on_case_opening)
        session.case_changed.connect(self._on_case_changed)
        session.models_changed.connect(self._enable)
        session.labels_changed.connect(self._on_labels_changed)
        session.queue_changed.connect(self._enable)
        operations.failed.connect(context.say_failed)
        self._apply_look()
        window.set_keys(session.settings.keys)
        self._show_reader()
        self._enable()

    def _enable(self) -> None:
        self._window.enable_commands(self._session)

    def _on_place_changed(self) -> None:
        place = self._session.place
        if place is not None:
            self._window.top_bar.set_dataset(place.dataset.name, synthetic=place.synthetic)
            self._window.setWindowTitle(f"{place.dataset.name} – Overread")
            for notice in place.dataset.notices[:3]:
                self._context.say_failed("Left out", notice)

    def _show_reader(self) -> None:
        self._window.top_bar.set_reader(self._session.settings.reader)

    def _on_case_opening(self) -> None:
        self._window.status.set_message(f"Opening {self._session.pending}…")

    def _on_case_changed(self) -> None:
        opened = self._session.open_case
        if opened is not None:
            self._window.status.set_message(f"{opened.loaded.case.id} is open, originals read-only")
        elif self._session.preview is not None:
            self._window.status.set_message(f"Reading {self._session.current}…")
        else:
            self._window.status.set_message(f"{self._session.current} cannot be opened")
        self._enable()
        self._window.view.setFocus()

    def _on_labels_changed(self) -> None:
        self._window.set_several(not self._session.labels.labels.is_binary)

    def _show_shortcuts(self) -> None:
        """Show the sheet of all keys, where they can be changed; one sheet is enough."""
        there = self._window.findChildren(ShortcutSheet)
        sheet = there[0] if there else ShortcutSheet(self._window, self._session.settings.keys)
        if not there:
            sheet.changed.connect(self._set_keys)
        sheet.show()
        sheet.raise_()
        sheet.activateWindow()

    def _set_keys(self, keys: dict[str, tuple[str, ...]]) -> None:
        self._operations.change_settings(keys=keys)
        self._window.set_keys(keys)

    def _toggle_theme(self) -> None:
        """Change between the dark and the light theme."""
        theme = "light" if self._session.settings.theme == "dark" else "dark"
        self._operations.change_settings(theme=theme)
        self._apply_look()

    def _toggle_overlay_colours(self) -> None:
        """Change between the usual and the colour-blind-safe overlays."""
        colours = "safe" if self._session.settings.overlay_colours == "default" else "default"
        self._operations.change_settings(overlay_colours=colours)
        self._apply_look()

    def _apply_look(self) -> None:
        settings, actions = self._session.settings, self._window.actions
        theme, overlays = look_of(settings)
        apply_theme(self._application, theme)
        self._window.set_look(theme, overlays)
        self._window.setWindowIcon(icon("mark", colour=DARK.acc, size=64))
        actions["light_theme"].setChecked(settings.theme == "light")
        actions["safe_colours"].setChecked(settings.overlay_colours == "safe")
        actions["exact_voxels"].setChecked(settings.exact_voxels)
        actions["interpolate_slices"].setChecked(settings.interpolate_slices)
        actions["neurological"].setChecked(settings.neurological)
        actions["patient_names"].setChecked(settings.patient_names)
        actions["flips"].setChecked(settings.flips)

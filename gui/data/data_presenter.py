"""Says which dataset is opened and what cannot be; takes what was open before and what drops."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, SignalInstance

from gui.data.organise_presenter import OrganisePresenter
from gui.data.recent_menu import RecentMenu
from gui.shell.context import Context
from gui.shell.status_bar import StatusBar
from gui.viewer.slice.empty_state import EmptyState

_SLICE = re.compile(r"_\d+(_mask)?\.tiff?$|\.(dcm|ima|dicom)$|^[^.]+$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class DataViews:
    """What of the window says which dataset is open; `dropped` gives paths."""

    empty: EmptyState
    status: StatusBar
    recent: RecentMenu
    dropped: SignalInstance


class DataPresenter(QObject):
    """Says how opening goes, and opens what was open before or is dropped on the window."""

    def __init__(self, context: Context, views: DataViews) -> None:
        super().__init__()
        self._context, self._session, self._views = context, context.session, views
        self._refused = False
        operations = context.operations
        operations.opening.connect(self._on_opening)
        operations.not_opened.connect(self._on_not_opened)
        operations.unorganised.connect(self._on_unorganised)
        self.organise = OrganisePresenter(context)
        self._session.place_changed.connect(self._on_place_changed)
        self._session.settings_changed.connect(self._show_recent)
        views.recent.chosen.connect(operations.open_dataset)
        views.recent.cleared.connect(lambda: operations.change_settings(recent=()))
        views.dropped.connect(self._on_dropped)
        views.empty.acted.connect(self._on_acted)
        views.empty.other_acted.connect(self._on_other_acted)
        self._show_recent()

    def _on_opening(self, name: str, fraction: float) -> None:
        self._views.status.set_message(f"Opening {name}… {fraction:.0%}")
        if self._session.place is None:
            self._refused = False
            self._views.empty.say("Opening…", f"{name}, {fraction:.0%}", icon="folder-open")

    def _on_not_opened(self, name: str, sentence: str) -> None:
        """Say what was found and what to do: in the middle, unless a case is on screen there."""
        self._views.status.set_message(f"{name} was not opened")
        title = f"{name} was not opened"
        if self._session.place is None:
            self._refused = True
            self._views.empty.say(
                title,
                sentence,
                icon="folder-open",
                button="Open another folder…",
                other="Open the demo",
            )
            return
        self._context.toasts.show_toast(
            title,
            sentence,
            kind="error",
            action=("Open another…", lambda: self._context.trigger("open_dataset")),
            subject="opening",
        )

    def _on_unorganised(self, folder: Path, sentence: str) -> None:
        """Ask how a folder is organised; without an answer it is not opened."""
        refused = partial(self._on_not_opened, folder.name, sentence)
        self.organise.ask(folder, refused=refused)

    def _on_acted(self) -> None:
        if self._refused:
            self._context.trigger("open_dataset")

    def _on_other_acted(self) -> None:
        if self._refused:
            self._context.trigger("open_demo")

    def _on_place_changed(self) -> None:
        self._refused = False
        self._context.toasts.withdraw("opening")

    def _show_recent(self) -> None:
        self._views.recent.set_folders(self._session.settings.recent)

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        if not paths:  # the other program took back what it offered
            self._context.toasts.show_toast(
                "Nothing was dropped", "The other program gave no file. Open it by Ctrl+O instead."
            )
            return
        self._context.operations.open_dataset(meant_by(paths[0]))


def meant_by(path: Path) -> Path:
    """Return what is meant by a path: itself, or the folder a slice of a series lies in."""
    is_slice = _SLICE.search(path.name) is not None and path.is_file()
    return path.parent if is_slice else path

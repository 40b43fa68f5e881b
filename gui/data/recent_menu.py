"""The datasets that were open last, as a menu."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget


class RecentMenu(QMenu):
    """Folders by name, the last one first; `chosen` is the one to open again."""

    chosen = Signal(Path)
    cleared = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Open recent", parent)
        self.set_folders(())

    def set_folders(self, folders: Sequence[str]) -> None:
        """Offer these folders."""
        self.clear()
        for folder in map(Path, folders):
            where = f"{folder.name}\t{_shortened(folder.parent)}"
            self.addAction(where.replace("&", "&&"), partial(self.chosen.emit, folder))
        if folders:
            self.addSeparator()
            self.addAction("Forget these", self.cleared.emit)
        self.setEnabled(bool(folders))


def _shortened(folder: Path) -> str:
    """Return a path that a menu has room for: its end, home as a tilde."""
    home = Path.home()
    text = f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
    return text if len(text) <= _LONGEST else f"…{text[1 - _LONGEST :]}"


_LONGEST = 48

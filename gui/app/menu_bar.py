"""The menu bar: every command there is, by group."""

from PySide6.QtWidgets import QMenu, QMenuBar

from gui.shell.actions import Actions
from gui.shell.commands import COMMANDS, CommandGroup

_TITLES: dict[CommandGroup, str] = {
    "File": "&File",
    "View": "&View",
    "Slice": "&Slice",
    "Measure": "M&easure",
    "Correct": "&Correct",
    "Review": "&Review",
    "Overlays": "&Overlays",
    "Model": "&Model",
    "Help": "&Help",
}
_RECENT_AFTER = "open_dataset"


def fill_menu_bar(bar: QMenuBar, actions: Actions, recent: QMenu) -> None:
    """Put every command into the menu of its group, or the part of it, the lesser ones below More.

    A part stands where the first of its commands would.
    """
    for group, title in _TITLES.items():
        menu = bar.addMenu(title)
        lesser = [c for c in COMMANDS if c.group == group and not c.menu]
        parts: dict[str, QMenu] = {"": menu}
        for command in COMMANDS:
            if command.group == group and command.menu:
                if command.part not in parts:
                    parts[command.part] = menu.addMenu(command.part)
                parts[command.part].addAction(actions[command.id])
            if command.id == _RECENT_AFTER and group == "File":
                menu.addMenu(recent)
        if lesser:
            more = menu.addMenu("More")
            for command in lesser:
                more.addAction(actions[command.id])

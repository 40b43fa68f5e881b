"""The one table of commands: menus, tool bars and the shortcut sheet are built from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

Group = Literal["File", "View", "Slice", "Overlays", "Model", "Help"]
Needs = Literal["nothing", "case", "model", "run"]


@dataclass(frozen=True)
class Command:
    """One command: what it is called, what starts it, and what must be there for it.

    `keys` are Qt key texts. `menu` False keeps it out of the menus: it is in the sheet alone.
    """

    id: str
    text: str
    group: Group
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: Needs = "case"
    checkable: bool = False
    menu: bool = True


COMMANDS: tuple[Command, ...] = (
    Command("open_dataset", "Open folder…", "File", ("Ctrl+O",), "folder-open", "nothing"),
    Command("open_demo", "Open the synthetic demo", "File", (), "image", "nothing"),
    Command("quit", "Quit", "File", ("Ctrl+Q",), "", "nothing"),
    Command("previous_slice", "Previous slice", "Slice", ("Up", "Left")),
    Command("next_slice", "Next slice", "Slice", ("Down", "Right")),
    Command("back_five", "Five slices back", "Slice", ("Shift+Up", "Shift+Left"), menu=False),
    Command("on_five", "Five slices on", "Slice", ("Shift+Down", "Shift+Right"), menu=False),
    Command("first_slice", "First slice", "Slice", ("Home",)),
    Command("last_slice", "Last slice", "Slice", ("End",)),
    Command("worst_slice", "Worst slice", "Slice"),
    Command("previous_case", "Previous case", "Slice", ("PgUp",), "chevron-left"),
    Command("next_case", "Next case", "Slice", ("PgDown",), "chevron-right"),
    Command("find_case", "Find a case", "Slice", ("Ctrl+F",), "search", "nothing"),
    Command("pan_tool", "Pan", "View", ("V",), "pan", checkable=True),
    Command("window_tool", "Window and level", "View", ("W",), "window-level", checkable=True),
    Command("auto_window", "Automatic window and level", "View", ("Ctrl+J",)),
    Command("reset_window", "Full range of values", "View", ("Ctrl+Shift+J",)),
    Command("zoom_in", "Zoom in", "View", ("Ctrl++", "Ctrl+=")),
    Command("zoom_out", "Zoom out", "View", ("Ctrl+-",)),
    Command("fit", "Fit to the window", "View", ("0",), "fit"),
    Command("exact_voxels", "Exact voxels", "View", (), "grid", checkable=True),
    Command("light_theme", "Light theme", "View", (), "sun", "nothing", checkable=True),
    Command("safe_colours", "Colour-blind-safe overlays", "View", (), "palette", "nothing", True),
    Command("toggle_truth", "Ground truth", "Overlays", ("T",), checkable=True),
    Command("toggle_prediction", "Prediction", "Overlays", ("P",), checkable=True),
    Command("toggle_false_positive", "False positive", "Overlays", ("F",), checkable=True),
    Command("toggle_false_negative", "False negative", "Overlays", ("M",), checkable=True),
    Command("less_opacity", "Less opacity", "Overlays", (",",)),
    Command("more_opacity", "More opacity", "Overlays", (".",)),
    Command("run_case", "Run on this case", "Model", ("Ctrl+R",), "play", "model"),
    Command("run_all", "Run on all cases", "Model", ("Ctrl+Shift+R",), "", "model"),
    Command("flips", "Average with the mirrored slice", "Model", (), "", "nothing", checkable=True),
    Command("cancel_runs", "Stop the runs", "Model", ("Esc",), "stop", "run"),
    Command("guide", "User guide", "Help", ("F1",), "help", "nothing"),
    Command("shortcuts", "Keyboard shortcuts", "Help", ("?",), "keyboard", "nothing"),
    Command("about", "About Overread", "Help", (), "info", "nothing"),
    Command("next_region", "Next region", "Help", ("F6",), "", "nothing", menu=False),
    Command("previous_region", "Previous region", "Help", ("Shift+F6",), "", "nothing", menu=False),
)


class Actions:
    """A QAction for every command, owned by the window and working anywhere in it."""

    def __init__(self, window: QWidget, verbs: Mapping[str, Callable[[], None]]) -> None:
        self._actions: dict[str, QAction] = {}
        for command in COMMANDS:
            action = QAction(command.text, window)
            action.setObjectName(command.id)
            action.setShortcuts([QKeySequence(key) for key in command.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(command.checkable)
            action.setAutoRepeat(command.group == "Slice" or command.id.startswith("zoom"))
            # `triggered` passes its check mark on to a slot with room for it: the lambda has none.
            action.triggered.connect(_guarded(command, verbs[command.id]))
            window.addAction(action)
            self._actions[command.id] = action

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def enable(self, *, case: bool, model: bool, running: bool) -> None:
        """Enable what can be done now."""
        there = {"nothing": True, "case": case, "model": case and model, "run": running}
        for command in COMMANDS:
            self._actions[command.id].setEnabled(there[command.needs])

    def release_typing_keys(self, typing: bool) -> None:
        """Take single keys from the commands while a text field has the focus."""
        for command in COMMANDS:
            plain = [key for key in command.keys if not (typing and _is_typed(key))]
            self._actions[command.id].setShortcuts([QKeySequence(key) for key in plain])


def tooltip(command_id: str) -> str:
    """Return the text of a command with its key, as tool tips show it."""
    command = next(c for c in COMMANDS if c.id == command_id)
    return f"{command.text} ({command.keys[0]})" if command.keys else command.text


def is_typing() -> bool:
    """True while the focus is where letters are typed."""
    return isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit)


def shortcut_rows() -> list[tuple[str, str, str]]:
    """Return group, text and keys of every command that has a key, for the sheet."""
    rows: list[tuple[str, str, str]] = [
        (c.group, c.text, "  ".join(c.keys)) for c in COMMANDS if c.keys
    ]
    rows += [
        ("Slice", "Previous or next slice", "Wheel"),
        ("View", "Zoom", "Right-drag  Ctrl+Wheel"),
        ("View", "Pan", "Middle-drag"),
        ("Overlays", "Hide all overlays while held", "Space"),
    ]
    return rows


def _guarded(command: Command, verb: Callable[[], None]) -> Callable[[], None]:
    def start() -> None:
        if not (is_typing() and any(_is_typed(key) for key in command.keys)):
            verb()

    return start


def _is_typed(key: str) -> bool:
    """True for keys that a text field needs: letters, digits, signs, arrows, Home and End."""
    moves = ("Up", "Down", "Left", "Right", "Home", "End", "Esc")
    return len(key) == 1 or key.removeprefix("Shift+") in moves

"""The commands as actions of a window: enabled when they can be done, started by their keys."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from gui.shell.commands import COMMANDS, Keys, keys_of, taken_by


class Actions:
    """A QAction for every command, owned by the window and working anywhere in it.

    `held` tells whether a key is held and repeats itself: a command that is not to be done again
    and again is not done then.
    """

    def __init__(self, window: QWidget) -> None:
        self._actions: dict[str, QAction] = {}
        self._keys: Keys = {}
        self.held: Callable[[], bool] = lambda: False
        for command in COMMANDS:
            action = QAction(command.text, window)
            action.setObjectName(command.id)
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(command.checkable)
            action.setAutoRepeat(command.group == "Slice" or command.id.startswith("zoom"))
            window.addAction(action)
            self._actions[command.id] = action
        self.set_keys({})

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def set_verbs(self, verbs: Mapping[str, Callable[[], object]]) -> None:
        """Give every command what it does, once."""
        for command in COMMANDS:
            action = self._actions[command.id]
            action.triggered.connect(self._starter(action, verbs[command.id]))

    def _starter(self, action: QAction, verb: Callable[[], object]) -> Callable[[], None]:
        again = action.autoRepeat() or action.isCheckable()  # a check mark has changed by then

        # `triggered` passes its check mark on to a slot with room for it: this one has none.
        def start() -> None:
            if again or not self.held():
                verb()

        return start

    def set_keys(self, changed: Keys) -> None:
        """Start commands by the keys that the reader gave them."""
        self._keys = changed
        self.release_typing_keys(is_typing())

    def start(self, key: str) -> bool:
        """Start the command that has a key; False when none has, or it cannot be done now."""
        command_id = taken_by(key, self._keys)
        if command_id is None or not self._actions[command_id].isEnabled():
            return False
        self._actions[command_id].trigger()
        return True

    def enable(self, *, case: bool, model: bool, running: bool) -> None:
        """Enable what can be done now."""
        there = {"nothing": True, "case": case, "model": case and model, "run": running}
        for command in COMMANDS:
            if command.needs != "own":
                self._actions[command.id].setEnabled(there[command.needs])

    def release_typing_keys(self, typing: bool) -> None:
        """Take single keys from the commands while a text field has the focus."""
        for command in COMMANDS:
            keys = keys_of(command.id, self._keys)
            plain = [key for key in keys if not (typing and _is_typed(key))]
            self._actions[command.id].setShortcuts([QKeySequence(key) for key in plain])


def is_typing() -> bool:
    """True while the focus is where letters are typed."""
    return isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit)


def _is_typed(key: str) -> bool:
    """True for keys that a text field needs: letters, digits, signs, arrows, Home and End.

    Not Esc, which leaves it; a field that clears itself by Esc takes the key first.
    """
    moves = ("Up", "Down", "Left", "Right", "Home", "End")
    edits = ("Delete", "Backspace", "Return", "Enter")
    plain = key.removeprefix("Shift+")
    return len(plain) == 1 or plain in (*moves, *edits)

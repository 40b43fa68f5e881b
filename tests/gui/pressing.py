"""A keyboard for the tests of the window: keys of commands go where the focus is."""

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app.program import Program
from gui.shell.actions import COMMANDS

COMMAND = {command.id: command for command in COMMANDS}


class Press:
    """Presses the keys of commands, where the focus is."""

    def __init__(self, program: Program, qtbot: QtBot) -> None:
        self._program, self._qtbot = program, qtbot

    def __call__(self, keys: str) -> None:
        combined = QKeySequence(keys)[0]
        target = QApplication.focusWidget() or self._program.window
        self._qtbot.keyClick(target, combined.key(), combined.keyboardModifiers())
        QApplication.processEvents()
        self._program.window.view.viewport().repaint()  # whoever presses has seen what it did

    def command(self, command_id: str, number: int = 0) -> None:
        self(COMMAND[command_id].keys[number])

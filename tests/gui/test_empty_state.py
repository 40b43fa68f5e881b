"""What a pane says when it has nothing to draw is read whole."""

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from gui.viewer.slice.empty_state import EmptyState


@pytest.mark.parametrize("height", [126, 134, 142, 400])
def test_no_line_is_cut_off_in_a_low_pane(qtbot: QtBot, height: int) -> None:
    pane = QWidget()
    qtbot.addWidget(pane)
    pane.resize(490, height)
    state = EmptyState(pane)
    pane.show()
    state.say("No prediction yet", "It has not been run on this case.", icon="play", button="Run")
    QApplication.processEvents()
    for label in state.findChildren(QLabel):
        if label.isVisible() and label.text():
            assert label.height() >= label.heightForWidth(label.width()), label.text()

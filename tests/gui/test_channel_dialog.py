"""The dialog that asks which channels are used."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui.data.channel_dialog import ChannelDialog


def test_a_channel_for_each_place_each_once(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = ChannelDialog(window, "A", 4)
    asked: list[tuple[int, ...]] = []
    dialog.chosen.connect(asked.append)
    assert dialog.choice == (0, 1, 2)
    dialog.boxes[2].setCurrentIndex(0)
    assert not dialog.take.isEnabled()
    dialog.boxes[2].setCurrentIndex(3)
    dialog.take.click()
    dialog.set_choice((2,))
    assert dialog.choice == (2,)
    dialog.all.click()
    assert asked == [(0, 1, 3), ()]


def test_enter_presses_the_button_that_tab_has_reached(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = ChannelDialog(window, "A", 4)
    asked: list[tuple[int, ...]] = []
    dialog.chosen.connect(asked.append)
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.activateWindow()
    dialog.all.setFocus()
    qtbot.waitUntil(dialog.all.hasFocus)
    QTest.keyClick(dialog.all, Qt.Key.Key_Return)
    assert asked == [()]

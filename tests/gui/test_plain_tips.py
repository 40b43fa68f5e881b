"""Names with markup are shown letter for letter in tooltips and boxes."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.confirm import confirm
from gui.widgets.labels import plain_tip

NAME = '<b>A</b>&lt; <img src="file:///etc/x">'


def test_a_tooltip_shows_markup_as_it_is_written(qtbot: QtBot) -> None:
    document = QTextDocument()
    document.setHtml(plain_tip(NAME))
    assert document.toPlainText() == NAME
    assert plain_tip("A & B") == "A & B"


def test_a_box_shows_markup_as_it_is_written(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    box = confirm(parent, (NAME, NAME, "Delete"), lambda: None)
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert box.text() == NAME
    assert "<b>" not in box.informativeText()
    assert isinstance(box, QMessageBox)
    box.close()

"""The card of the tool in hand lies over the image, whole."""

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui.annotation.tool_card import ToolCard
from gui.annotation.tool_settings import ToolSettings


@pytest.mark.parametrize("height", [320, 430, 900])
@pytest.mark.parametrize("start", [None, "the prediction of a model with a long name"])
def test_what_can_be_pressed_is_never_cut_off(qtbot: QtBot, height: int, start: str | None) -> None:
    image = QWidget()
    qtbot.addWidget(image)
    image.resize(950, 900)
    image.show()
    card = ToolCard(image)
    card.show_tool("guided", ToolSettings())
    card.show_start("prediction", start)
    image.resize(950, height)
    assert card.geometry().top() >= 0
    assert card.geometry().bottom() < height
    layout = card.layout()
    assert layout is not None
    assert card.height() >= layout.totalMinimumSize().height()
    buttons = [button for button in card.findChildren(QPushButton) if button.isVisible()]
    assert any("Accept" in button.text() for button in buttons)

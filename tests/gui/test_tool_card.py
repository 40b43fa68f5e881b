"""The card of the tool in hand lies over the image, whole."""

import pytest
from PySide6.QtWidgets import QCheckBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.annotation.label_rule import LabelRule
from core.domain.label_set import Label, LabelSet, Region, colour_of
from gui.annotation.correction.tool_settings import ToolSettings
from gui.annotation.tools.tool_card import ToolCard
from gui.shell.label_state import LabelState
from gui.viewer.slice.hud import EdgeLetter
from gui.viewer.slice.slice_view import SliceView


def test_the_words_of_the_image_stay_free_where_the_settings_leave_room(qtbot: QtBot) -> None:
    """At 1366 × 768 the image is 490 high: window, level and zoom stand in its lower corner."""
    image = QWidget()
    qtbot.addWidget(image)
    image.resize(950, 490)
    card = ToolCard(image)
    image.show()
    labels = LabelSet(tuple(Label(n, f"L{n}", colour_of(n)) for n in (1, 2)))
    card.show_labels(LabelState(labels, Region("Both", (1, 2)), LabelRule(1)))
    card.show_start("prediction", "the prediction of a model with a long name")
    card.show_tool("guided", ToolSettings())
    assert card.geometry().bottom() < 490 - 70
    boxes = {box.text(): box.isHidden() for box in card.findChildren(QCheckBox)}
    assert boxes["Erase every label"]
    assert not boxes["Keep inside brain"]
    card.show_tool("eraser", ToolSettings())
    boxes = {box.text(): box.isHidden() for box in card.findChildren(QCheckBox)}
    assert not boxes["Erase every label"]


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
    boxes = [box.text() for box in card.findChildren(QCheckBox) if box.isVisible()]
    assert "Keep inside brain" in boxes


def test_the_side_of_the_patient_stands_beside_the_card(qtbot: QtBot) -> None:
    """At 1280 × 800 the card lies over the middle of the left edge."""
    view = SliceView()
    qtbot.addWidget(view)
    view.resize(894, 515)
    card = ToolCard(view)
    view.keep_clear(card, card.preview)
    letters = view.findChildren(EdgeLetter)
    for letter, side in zip(letters, "RALP", strict=True):
        letter.set_letter(side)
    view.show()
    left, right = letters[0], letters[2]
    free = left.geometry()
    card.show_tool("brush", ToolSettings())
    card.show_start("prediction", "the prediction of a model with a long name")
    assert card.geometry().intersects(free)
    assert not left.geometry().intersects(card.geometry())
    assert left.y() == free.y()
    assert right.geometry().right() > 894 - 30
    card.show_tool("pan", ToolSettings())
    assert left.geometry() == free

"""Hints with their keys in caps: as many as there is room for, the first ones first."""

import pytest
from pytestqt.qtbot import QtBot

from gui.widgets.hint_line import HintLine

SAID = "Drag paints · Right-drag erases · Shift+Wheel size · ? shortcuts"


@pytest.fixture
def line(qtbot: QtBot) -> HintLine:
    line = HintLine()
    qtbot.addWidget(line)
    line.set_text(SAID)
    return line


def test_those_that_do_not_fit_are_left_out(line: HintLine) -> None:
    counts = []
    for width in (0, 120, 260, 420, 900):
        line.resize(width, 26)
        shown = line.shown()
        counts.append(len(shown))
        assert ("Drag", "Right-drag", "Shift+Wheel", "?")[: len(shown)] == shown
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == 4


def test_all_of_them_are_told_to_who_cannot_see(line: HintLine) -> None:
    assert line.text == SAID
    assert line.accessibleName() == SAID
    assert line.toolTip() == SAID


def test_it_draws_at_the_right_end(line: HintLine) -> None:
    line.resize(900, 26)
    image = line.grab().toImage()
    ground = image.pixel(2, 2)
    inked = [x for x in range(900) if any(image.pixel(x, y) != ground for y in range(4, 22))]
    assert inked
    assert inked[0] > 300
    assert inked[-1] > 870


def test_a_sentence_is_no_gesture(line: HintLine) -> None:
    said = f"Brush and clicks write Oedema. Core is locked. · {SAID}"
    line.resize(1200, 26)
    line.set_text(said)
    assert line.shown() == ("Drag", "Right-drag", "Shift+Wheel", "?")
    assert line.text == said

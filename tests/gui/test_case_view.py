"""What of the view goes along to another case, and what is of one case alone."""

from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from gui.app.program import Program
from tests.gui.pointing import LEFT, drag
from tests.gui.pressing import Press
from tests.gui.tiny import choose


def said(program: Program) -> str:
    """The corner that says the range of values."""
    return program.window.view.hud_text("bottom_left").splitlines()[0]


def drag_range(program: Program) -> None:
    centre = program.window.view.viewport().rect().center()
    drag(program.window.view, LEFT, centre, centre + QPoint(60, 0), centre + QPoint(60, 40))


def test_the_range_a_reader_chose_is_of_the_case_on_screen(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    automatic = said(program)
    assert automatic.startswith("W ")
    press("W")
    drag_range(program)
    assert said(program) != automatic
    choose(qtbot, program, "B_2")
    opened = program.session.open_case
    assert opened is not None
    own = dict(opened.automatic)[program.viewer.verbs.channel()]
    assert said(program) == f"W {own.window:.0f}  L {own.level:.0f}"
    choose(qtbot, program, "A_1")
    assert said(program) == automatic


def test_channel_and_layers_go_along_to_the_next_case(program: Program, qtbot: QtBot) -> None:
    program.viewer.verbs.show_channel("Post")
    program.viewer.verbs.toggle_layer("truth")
    before = program.session.view
    choose(qtbot, program, "B_2")
    assert program.viewer.verbs.channel() == "Post"
    after = program.session.view
    assert after.on_slice(before.slice_index) == before

"""Every key of the one table, pressed in the open window."""

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.domain.window_level import automatic, full_range
from gui.app.program import Program
from gui.shell.actions import COMMANDS
from gui.shell.session import OpenCase
from tests.gui.pointing import CTRL, wheel
from tests.gui.pressing import Press
from tests.gui.tiny import SLICES, settle, shown_case


@pytest.fixture
def program(lent: Program) -> Program:
    """One window for all of them."""
    return lent


def at(program: Program) -> int:
    return program.session.view.slice_index


def opened(program: Program) -> OpenCase:
    case = program.session.open_case
    assert case is not None
    return case


def test_no_two_commands_share_a_key() -> None:
    keys = [QKeySequence(key).toString() for command in COMMANDS for key in command.keys]
    assert [key for key, times in Counter(keys).items() if times > 1] == []
    assert "" not in keys
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)


def test_every_command_has_its_keys_in_the_window_and_a_verb(program: Program) -> None:
    for command in COMMANDS:
        action = program.window.actions[command.id]
        there = [key.toString() for key in action.shortcuts()]
        assert there == [QKeySequence(key).toString() for key in command.keys]
        assert action in QWidget.actions(program.window)


def test_arrows_step_and_shift_takes_five(program: Program, press: Press) -> None:
    press("End")
    for number in (0, 1):
        press("Home")
        visited = []
        for command in ("next_slice", "next_slice", "previous_slice", "on_five", "back_five"):
            press.command(command, number)
            visited.append(at(program))
        assert visited == [1, 2, 1, SLICES["A_1"] - 1, 0]
        press.command("previous_slice", number)
        assert at(program) == 0


def test_home_and_end_go_to_the_ends(program: Program, press: Press) -> None:
    press("End")
    assert at(program) == SLICES["A_1"] - 1
    press("Down")
    assert at(program) == SLICES["A_1"] - 1
    press("Home")
    assert at(program) == 0


def test_page_keys_turn_cases_in_the_order_of_the_worklist(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    order = program.window.worklist.order()
    here = order.index(shown_case(program))
    for key, step in (("PgDown", 1), ("PgDown", 1), ("PgUp", -1), ("PgUp", -1)):
        press(key)
        settle(qtbot, program)
        here = min(max(here + step, 0), len(order) - 1)
        assert shown_case(program) == order[here]


def test_letters_hide_and_show_an_outline(program: Program, press: Press) -> None:
    def seen() -> tuple[bool, bool]:
        return program.session.view.truth.visible, program.session.view.prediction.visible

    states = []
    for key in "TTPP":
        press(key)
        states.append(seen())
    assert states == [(False, True), (True, True), (True, False), (True, True)]


def test_letters_hide_and_show_an_error(program: Program, press: Press) -> None:
    kinds = {"F": "false_positive", "M": "false_negative"}
    for key, other in (("F", "M"), ("M", "F")):

        def seen(key: str = key, other: str = other) -> tuple[bool, bool]:
            view = program.session.view
            return getattr(view, kinds[key]), getattr(view, kinds[other])

        for wanted in (False, True):
            press(key)
            assert seen() == (wanted, True)

        program.viewer.verbs.set_layer("errors", visible=False)
        press(key)
        assert program.session.view.errors.visible
        assert seen() == (True, False)
        press(other)
        assert seen() == (True, True)


def test_comma_and_period_change_the_opacity_of_all_overlays(
    program: Program, press: Press
) -> None:
    def opacities() -> list[float]:
        view = program.session.view
        return [view.truth.opacity, view.prediction.opacity, view.errors.opacity]

    press(".")
    assert opacities() == [1.0] * 3
    for _ in range(3):
        press(",")
    assert opacities() == pytest.approx([0.7] * 3)
    press(".")
    assert opacities() == pytest.approx([0.8] * 3)
    for _ in range(20):
        press(",")
    assert min(opacities()) > 0


def test_zero_fits_and_plus_and_minus_zoom(program: Program, press: Press) -> None:
    view = program.window.view
    fitted = view.zoom
    wheel(view, 240, keys=CTRL)
    assert view.zoom > 1.5 * fitted
    press("0")
    assert view.zoom == pytest.approx(fitted)
    press.command("zoom_in", 0)
    press.command("zoom_in", 1)
    assert view.zoom == pytest.approx(fitted * 1.25**2)
    press.command("zoom_out")
    press.command("zoom_out")
    assert view.zoom == pytest.approx(fitted)


def test_ctrl_j_finds_the_range_and_with_shift_shows_all(program: Program, press: Press) -> None:
    flair = opened(program).loaded.volume.pixels[1]
    press("Ctrl+Shift+J")
    assert program.session.view.window_level("FLAIR") == full_range(flair)
    whole = full_range(flair)
    said = program.window.view.hud_text("bottom_left")
    assert f"W {whole.window:.0f}  L {whole.level:.0f}" in said
    press("Ctrl+J")
    found = automatic(flair)
    assert program.session.view.window_level("FLAIR") in (None, found)
    said = program.window.view.hud_text("bottom_left")
    assert f"W {found.window:.0f}  L {found.level:.0f}" in said


def test_letters_choose_the_tool(program: Program, press: Press) -> None:
    actions = program.window.actions
    for key in ("W", "W", "V", "W", "V"):
        press(key)
        assert actions["window_tool"].isChecked() is (key == "W")
        assert actions["pan_tool"].isChecked() is (key == "V")


def test_f6_goes_round_the_regions_and_back(program: Program, press: Press) -> None:
    window = program.window
    left, right = (
        (window.top_bar, window.worklist, window.view),
        (
            window.jobs,
            window.layers,
            window.review,
        ),
    )
    regions = [*left, window.strip, *right]

    def here() -> int:
        focus = QApplication.focusWidget()
        assert focus is not None
        inside = [n for n, r in enumerate(regions) if r is focus or r.isAncestorOf(focus)]
        assert len(inside) == 1
        return inside[0]

    assert here() == 2
    visited = []
    for _ in regions:
        press("F6")
        visited.append(here())
    assert visited == [3, 4, 5, 6, 0, 1, 2]
    for _ in regions:
        press("Shift+F6")
        visited.append(here())
    assert visited[len(regions) :] == [1, 0, *range(len(regions) - 1, 1, -1)]

"""Runs that do not end as they began: stopped, failed, left, or their process gone.

Where a window starts the process that runs models itself, the bundled champion runs: its graph is
computed without torch, which each such process would have to load.
"""

import os
import signal
from pathlib import Path

from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from tests.gui.conftest import Start, shut
from tests.gui.finding import button
from tests.gui.pressing import Press
from tests.gui.running import LONG, FirstSlices, finish, result, run, stored
from tests.gui.tiny import choose, shown_case, toasts
from tests.processes import children


def test_escape_asks_before_it_stops_many_runs_and_leaves_nothing_of_them(
    start: Start, long_case: Path, slow: str, qtbot: QtBot
) -> None:
    program = start(long_case)
    press = Press(program, qtbot)
    first = FirstSlices(program, lambda: press("Esc"))
    program.prediction.desk.run_all()
    qtbot.waitUntil(lambda: first.count > 0)
    assert program.session.queue.active
    (box,) = program.window.findChildren(QMessageBox)
    assert box.text() == "Stop 2 runs?"
    button(box, "Stop the runs").click()
    first.go_on()
    finish(qtbot, program)

    assert first.count < LONG
    assert program.session.result is None
    assert {state.run for state in program.session.case_states.values()} == {""}
    assert not program.window.drawer.isVisible()
    assert not stored(program, "LONG_1")
    assert toasts(program) == []

    choose(qtbot, program, "LONG_2")
    run(qtbot, program)
    assert result(program).ready is None
    assert stored(program, "LONG_2")


def test_weights_that_cannot_be_read_are_a_sentence(
    start: Start, home: Path, dataset: Path, tiny: str, qtbot: QtBot
) -> None:
    weights = home / "models" / tiny / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:50])
    program = start(dataset)
    run(qtbot, program)
    (said,) = toasts(program)
    assert "A_1" in said
    assert "weights.safetensors" in said
    assert program.session.case_states["A_1"].run == "failed"
    assert program.session.result is None
    assert shown_case(program) == "A_1"


def test_the_engine_may_die_and_the_next_run_works(
    start: Start, long_case: Path, qtbot: QtBot
) -> None:
    before = children()
    program = start(long_case, engine=True)

    def kill() -> None:
        (engine,) = children() - before
        os.kill(engine, signal.SIGKILL)

    first = FirstSlices(program, kill)
    program.prediction.desk.run_case()
    qtbot.waitUntil(lambda: first.count > 0)
    first.go_on()
    finish(qtbot, program)
    (said,) = toasts(program)
    assert "LONG_1" in said
    assert "ended" in said
    assert program.session.case_states["LONG_1"].run == "failed"
    assert program.session.result is None

    choose(qtbot, program, "LONG_2")
    run(qtbot, program)
    assert result(program).ready is None
    assert len(children() - before) == 1


def test_another_case_may_be_opened_while_one_runs_and_the_run_found_again(
    start: Start, long_case: Path, slow: str, qtbot: QtBot
) -> None:
    program = start(long_case)
    first = FirstSlices(program, lambda: program.operations.choose_case("LONG_2"))
    program.prediction.desk.run_case()
    qtbot.waitUntil(lambda: first.count > 0 and shown_case(program) == "LONG_2")
    assert program.session.result is None
    assert program.session.case_states["LONG_1"].run == "running"
    program.operations.choose_case("LONG_1")
    qtbot.waitUntil(lambda: shown_case(program) == "LONG_1")
    back = result(program)
    assert back.ready is not None
    assert len(back.ready) >= first.count
    first.go_on()
    finish(qtbot, program)
    assert result(program).ready is None
    assert program.session.case_states["LONG_1"].scored
    assert not program.session.case_states["LONG_2"].scored


def test_closing_while_a_model_runs_ends_its_process(
    start: Start, long_case: Path, qtbot: QtBot
) -> None:
    before = children()
    program = start(long_case, engine=True)
    first = FirstSlices(program)
    program.prediction.desk.run_all()
    qtbot.waitUntil(lambda: first.count > 0)
    shut(program)
    assert children() == before
    assert not program.lanes.busy

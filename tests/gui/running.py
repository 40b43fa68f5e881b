"""Runs of real models in the tests of the window: how they are waited for and looked at."""

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from gui.app.program import Program
from gui.shell.session import Result
from tests.gui.tiny import is_settled

LONG = 48
"""Slices of a case whose run lasts long enough to be stopped: twelve batches on a CPU."""


def result(program: Program) -> Result:
    found = program.session.result
    assert found is not None
    return found


def idle(program: Program) -> bool:
    return is_settled(program) and not program.session.queue.active


def finish(qtbot: QtBot, program: Program) -> None:
    qtbot.waitUntil(lambda: idle(program))


def run(qtbot: QtBot, program: Program) -> None:
    program.prediction.desk.run_case()
    assert program.session.queue.active
    finish(qtbot, program)


def at_first_slices(program: Program, act: Callable[[], None]) -> list[int]:
    """Do `act` once, when the first slices of a run are on screen; returns how many there were."""
    arrived: list[int] = []

    def look(*_: object) -> None:
        found = program.session.result
        if found is not None and found.ready and not arrived:
            arrived.append(len(found.ready))
            act()

    program.session.result_changed.connect(look)
    program.session.part_arrived.connect(look)
    return arrived


def stored(program: Program, case_id: str) -> bool:
    place, model = program.session.place, program.session.models.current
    assert place is not None
    assert model is not None
    return place.workspace.prediction_path(model.spec.id, case_id).exists()

"""Of the cases that were on screen, and of the work done for them, nothing stays in memory."""

import gc

from pytestqt.qtbot import QtBot

from core.domain.counted_mask import CountedMask
from gui.app.program import Program
from gui.shell.session_parts import OpenCase, Result
from gui.shell.tasks import Task
from tests.gui.tiny import choose

CHANGES = 30


def living(kind: type) -> int:
    """Count the objects of a kind that something still holds."""
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


def test_changes_of_case_leave_one_case_and_no_work_alive(program: Program, qtbot: QtBot) -> None:
    def change(number: int) -> None:
        choose(qtbot, program, ("B_2", "A_1")[number % 2])

    kinds = (OpenCase, Result, CountedMask, Task)
    for number in range(4):
        change(number)
    before = {kind: living(kind) for kind in kinds}
    for number in range(CHANGES):
        change(number)
    assert {kind: living(kind) for kind in kinds} == before
    assert before[OpenCase] == 1

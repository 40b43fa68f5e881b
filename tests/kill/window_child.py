"""Correct and review in the real window until killed, in a new process for every line of input.

`python -m tests.kill.window_child FOLDER`, where `FOLDER/data` is a dataset. Says `started`, then
`will KIND STATE` before a gesture is made and `did KIND STATE` when all of it was written.
"""

import os
import random
import sys
from pathlib import Path

import scipy.ndimage  # noqa: F401 - loaded once, not by every child when it first draws

from core.annotation.versions import versions
from core.workspace.settings import HOME_VARIABLE
from gui.app.program import Program
from tests.gui.offscreen import Offscreen
from tests.gui.pointing import LEFT, drag, point_of
from tests.kill.window_state import reviews_of, state_of

_SIDE = 48


def main(folder: Path) -> None:
    """Fork for every seed read; a child that was not killed in time ends by itself."""
    os.environ[HOME_VARIABLE] = str(folder / "home")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _correct(folder / "data", random.Random(int(line)))
            os._exit(0)
        _say(f"child {child}")
        os.waitpid(child, 0)
        _say("gone")


def _correct(data: Path, chance: random.Random) -> None:
    desk = Offscreen()
    program = desk.open(data)
    desk.settle(program)
    _say("started")
    for _ in range(60):
        kind = chance.choice(("edit", "edit", "edit", "undo", "redo", "version", "review"))
        _act(desk, program, kind, chance)


def _act(desk: Offscreen, program: Program, kind: str, chance: random.Random) -> None:
    actions = program.window.actions
    if kind == "edit":
        # The gesture is journalled the moment it ends: what it makes is not known before.
        _say("will edit")
        actions[chance.choice(("brush_tool", "eraser_tool"))].trigger()
        view = program.window.view
        stops = [
            point_of(view, (chance.randrange(_SIDE), chance.randrange(_SIDE))) for _ in range(4)
        ]
        drag(view, LEFT, stops[0], *stops[1:])
    elif kind == "version":
        _say("will version")
        actions["save_version"].trigger()
    elif kind == "review":
        _say("will review")
        actions[chance.choice(("accept", "reject", "rate_2", "rate_4"))].trigger()
    elif not actions[kind].isEnabled():
        return
    else:
        _say("will edit")
        actions[kind].trigger()
    desk.settle(program)
    desk.close_dialogs()
    desk.settle(program)
    assert not desk.faults, desk.faults
    _say(f"did {_told(program, kind)}")


def _told(program: Program, kind: str) -> str:
    opened, place = program.session.open_case, program.session.place
    assert opened is not None
    assert place is not None
    case_id, workspace = opened.loaded.case.id, place.workspace
    if kind == "version":
        return f"version {len(versions(workspace, case_id))}"
    if kind == "review":
        return f"review {reviews_of(workspace, case_id)}"
    return f"edit {state_of(program.session.correction)}"


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The window on a disk that becomes full: `python -m tests.gui.full_disk FOLDER`.

Prints one JSON object: what was said of each thing done, faults, and what a new start finds.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QToolButton

from core.workspace.settings import HOME_VARIABLE, Settings, save_settings
from gui.app.program import Program
from tests.gui.offscreen import Offscreen
from tests.gui.pointing import LEFT, drag, point_of
from tests.gui.tiny import SLICES, keep_predictions, keep_triages, toasts, write_dataset


def main(folder: Path) -> dict[str, object]:
    """Do everything that writes while nothing can be written, then go on as if space were freed."""
    home, data = folder / "home", write_dataset(folder / "data")
    os.environ[HOME_VARIABLE] = str(home)
    save_settings(home / "settings.json", Settings(reader="Reader"))
    keep_predictions(home, data, "A_1", "B_2")
    keep_triages(home, data, {case: [0.1, 0.9] for case in SLICES})
    desk = Offscreen()
    program = desk.open(data)
    desk.settle(program)
    with _full():
        said = {name: _said(desk, program, act) for name, act in _things(desk, program).items()}
    before = _edits(program)
    _paint(program, (30, 30))
    desk.settle(program)
    after = _edits(program)
    desk.shut(program)
    again = desk.open(data)
    desk.settle(again)
    found = _edits(again)
    desk.shut(again)
    return {"said": said, "faults": desk.faults, "edits": [before, after, found]}


def _things(desk: Offscreen, program: Program) -> dict[str, Callable[[], object]]:
    def trigger(name: str) -> Callable[[], object]:
        return program.window.actions[name].trigger

    def choose(case: str) -> Callable[[], object]:
        return lambda: program.window.worklist.case_chosen.emit(case)

    two = ("lite0", "lite1")
    return {
        "paint": lambda: _paint(program, (10, 10)),
        "save": trigger("save_version"),
        "review": trigger("reject"),
        "settings": trigger("light_theme"),
        "channels": lambda: program.data.channels.keep((0, 1, 2)),
        "comparison": lambda: program.studies.study.side.run_asked.emit(two, False),
        "other case": choose("B_2"),
        "back": choose("A_1"),
    }


@contextmanager
def _full() -> Iterator[None]:
    """Let the system refuse every byte that makes a file longer."""
    import resource  # not there on Windows

    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def _said(desk: Offscreen, program: Program, act: Callable[[], object]) -> list[str]:
    act()
    desk.settle(program)
    desk.close_dialogs()
    found = toasts(program)
    for button in program.window.toasts.findChildren(QToolButton):
        if button.accessibleName() == "Close message":
            button.click()
    return found


def _paint(program: Program, to: tuple[int, int]) -> None:
    program.annotation.set_tool("brush")
    view = program.window.view
    drag(view, LEFT, point_of(view, (2, 2)), point_of(view, to))


def _edits(program: Program) -> int:
    correction = program.session.correction
    return 0 if correction is None else correction.applied


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))) + "\n")

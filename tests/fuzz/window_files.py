"""The window on damaged files: opened, looked through, corrected in and closed."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from core.io.datasets.dataset import scan
from core.workspace.settings import HOME_VARIABLE
from core.workspace.workspace_folder import workspace_folder
from gui.app.program import Program
from tests.fuzz.state_files import damage, make_home
from tests.fuzz.target import Target
from tests.gui.offscreen import Offscreen
from tests.gui.pointing import LEFT, drag, point_of
from tests.gui.tiny import keep_triages

_DONE = (
    *("next_case", "toggle_uncertainty", "two_views", "next_disagreement", "toggle_jobs"),
    *("previous_case", "compare_models", "versions", "next_likely", "train", "gate", "blinded"),
    *("accept", "undo_review", "four_views", "swipe_view", "one_view"),
)
"""What is done in the window, one command after the other."""


def _prepare(folder: Path) -> Callable[[random.Random], bool]:
    home, kept = folder / "home", folder / "kept"
    make_home(home)
    place = workspace_folder(home, home / "data")
    place.parent.mkdir()
    (home / "w").rename(place)
    shutil.copytree(home / "jobs", place / "jobs")
    shutil.copytree(home / "studies", place / "studies")
    os.environ[HOME_VARIABLE] = str(home)
    # Kept as if they had been run: no process of models need be started.
    cases = [case.id for case in scan(home / "data").cases]
    keep_triages(home, home / "data", {case: [0.1, 0.9, 0.2, 0.1] for case in cases})
    shutil.copytree(home, kept)
    files = sorted(p.relative_to(kept) for p in kept.rglob("*") if p.is_file())
    files = [name for name in files if (kept / name).stat().st_size]
    desk = Offscreen()

    def attempt(chance: random.Random) -> bool:
        name = chance.choice(files)
        (folder / "input.txt").write_text(str(name))
        damage(home / name, chance)
        try:
            return _is_used(desk, home / "data")
        finally:
            shutil.rmtree(home)
            shutil.copytree(kept, home)

    return attempt


def _is_used(desk: Offscreen, data: Path) -> bool:
    """Open the window and do all there is; tell whether a case could be shown."""
    program = desk.open(data)
    try:
        desk.settle(program)
        for command in _DONE:
            action = program.window.actions[command]
            if action.isEnabled():
                action.trigger()
                desk.settle(program)
            desk.close_dialogs()
        _paint(desk, program)
        return program.session.open_case is not None
    finally:
        desk.shut(program)
        desk.close_dialogs()
        faults, desk.faults = desk.faults, []
        if faults:
            raise AssertionError("\n".join(faults))


def _paint(desk: Offscreen, program: Program) -> None:
    program.annotation.set_tool("brush")
    view = program.window.view
    drag(view, LEFT, point_of(view, (12, 10)), point_of(view, (20, 14)))
    desk.settle(program)
    for command in ("undo", "redo", "save_version"):
        program.window.actions[command].trigger()
        QApplication.processEvents()
        desk.settle(program)
        desk.close_dialogs()


WINDOW = Target("the window", _prepare, share=150, tried=1)

"""The window on a disk that becomes full: `python -m tests.gui.full_disk FOLDER`.

Prints one JSON object: what was said of each thing done, faults, and what a new start finds.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QToolButton

from core.domain.prediction import Prediction
from core.domain.volume import Volume
from core.inference.engine import Engine
from core.io.datasets.dataset import scan
from core.models.registry import Model, prediction_key
from core.workspace.settings import HOME_VARIABLE, Settings, save_settings
from gui.app.program import Program
from gui.studies.export_dialog import ExportDialog
from tests.gui.finding import button, by_name, texts
from tests.gui.offscreen import Offscreen
from tests.gui.pointing import LEFT, drag, point_of
from tests.gui.tiny import (
    SIDE,
    keep_predictions,
    keep_triages,
    probability,
    toasts,
    write_dataset,
)
from tests.synthetic import write_case


def main(folder: Path) -> dict[str, object]:
    """Do everything that writes while nothing can be written, then go on as if space were freed."""
    home, data = folder / "home", write_dataset(folder / "data")
    for seed, case_id in enumerate(("D_1", "E_2"), start=10):  # enough to learn from
        write_case(data, case_id, 4, (SIDE, SIDE), seed=seed)
    os.environ[HOME_VARIABLE] = str(home)
    save_settings(home / "settings.json", Settings(reader="Reader"))
    keep_predictions(home, data, "A_1", "B_2")
    keep_triages(home, data, {case.id: [0.1, 0.9] for case in scan(data).cases})
    desk = Offscreen()
    program = desk.open(data, engine=_Sure())
    program.context.readiness.clock = partial(next, count())  # a reader who looks long enough
    desk.settle(program)
    with _full():
        said = {
            name: _said(desk, program, act) for name, act in _things(desk, program, folder).items()
        }
        said |= {
            name: _exported(desk, ask, folder / "out") for name, ask in _exports(program).items()
        }
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


class _Sure(Engine):
    """Computes nothing: what it predicts is the same everywhere."""

    def predict(self, volume: Volume, model: Model, **_: object) -> Prediction:
        key = prediction_key(model, volume)
        return Prediction(probability(volume.slices), model.spec.id, key, "cpu", 0.1)


def _things(desk: Offscreen, program: Program, folder: Path) -> dict[str, Callable[[], object]]:
    def trigger(name: str) -> Callable[[], object]:
        return program.window.actions[name].trigger

    def choose(case: str) -> Callable[[], object]:
        return lambda: program.window.worklist.case_chosen.emit(case)

    def mark(command: str) -> None:
        program.window.actions["next_disagreement"].trigger()
        desk.settle(program)
        program.window.actions[command].trigger()

    def sign() -> None:
        program.studies.compare.enter()
        desk.settle(program)
        program.studies.study.side.signed.emit("lite0")
        desk.settle(program)
        program.studies.compare.leave()

    def train() -> None:
        presenter = program.training.presenter
        presenter.new_job()
        desk.wait(lambda: presenter.dialog is not None)
        button(presenter.dialog, "Start training").click()

    two = ("lite0", "lite1")
    return {
        "paint": lambda: _paint(program, (10, 10)),
        "save": trigger("save_version"),
        "review": trigger("reject"),
        "settings": trigger("light_theme"),
        "channels": lambda: program.data.channels.keep((0, 1, 2)),
        "answer": lambda: mark("yes"),
        "signature": sign,
        "training": train,
        "correction": lambda: program.annotation.desk.versions.export(folder / "masks"),
        "comparison": lambda: program.studies.study.side.run_asked.emit(two, False),
        "other case": choose("B_2"),
        "bare case": choose("C_10"),
        "run": trigger("run_case"),
        "back": choose("A_1"),
    }


def _exports(program: Program) -> dict[str, Callable[[], ExportDialog]]:
    def ask(name: str) -> Callable[[], ExportDialog]:
        def dialog() -> ExportDialog:
            export = program.studies.export
            getattr(export, f"ask_{name}")()
            found: ExportDialog = getattr(export, name)
            return found

        return dialog

    return {name: ask(name) for name in ("report", "pictures", "cases")}


def _exported(desk: Offscreen, ask: Callable[[], ExportDialog], out: Path) -> list[str]:
    """Export by a dialog and return what it says of the end."""
    dialog = ask()
    by_name(dialog, QLineEdit, "Folder").setText(str(out))
    export = button(dialog, "Export")
    export.click()
    desk.wait(export.isEnabled)
    return texts(dialog)


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
    asking = program.training.presenter.dialog
    found = [] if asking is None else texts(asking)
    desk.close_dialogs()
    found += toasts(program)
    for tool in program.window.toasts.findChildren(QToolButton):
        if tool.accessibleName() == "Close message":
            tool.click()
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

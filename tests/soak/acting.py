"""A reader made by code, in the real window: everything one does, in a seeded order."""

import random
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from core.jobs.job_folder import JobFolder, list_jobs
from core.workspace.workspace_folder import JOBS_FOLDER
from gui.app.program import Program
from gui.studies.study_reader import STUDIES_FOLDER
from tests.gui.finding import button, by_name
from tests.gui.offscreen import Offscreen
from tests.gui.pointing import LEFT, drag, point_of

_STEPS = (
    *("previous_slice", "next_slice", "first_slice", "last_slice", "worst_slice", "next_likely"),
    *("on_five", "back_five", "next_disagreement", "previous_disagreement"),
)
_SEEN = (
    *("toggle_truth", "toggle_prediction", "toggle_false_positive", "toggle_false_negative"),
    *("toggle_correction", "toggle_uncertainty", "less_opacity", "more_opacity", "light_theme"),
    *("one_view", "two_views", "swipe_view", "four_views", "exact_voxels", "zoom_in", "zoom_out"),
    *("fit", "auto_window", "reset_window", "toggle_jobs", "safe_colours"),
)
_SAID = ("accept", "reject", "rate_1", "rate_3", "rate_5", "undo_review", "yes", "no")
_TOOLS = ("brush_tool", "eraser_tool", "lasso_tool")
_CHANGED = (
    *("grow", "shrink", "smooth", "fill_mask_holes", "copy_before", "copy_after", "interpolate"),
    *("take_slice", "clear_slice", "save_version"),
)
_ASKED = (
    *("compare_models", "versions", "gate", "train", "blinded", "shortcuts", "about"),
    *("export_pictures", "export_report", "guide"),
)
_LONG_SECONDS = 240.0


class Reader:
    """Does one thing after the other in a window on two datasets; without `runs` no model runs."""

    def __init__(
        self, desk: Offscreen, datasets: tuple[Path, Path], seed: int, *, runs: bool = True
    ) -> None:
        self._desk, self._datasets, self._chance = desk, datasets, random.Random(seed)
        self.seed, self._runs = seed, runs
        self.program: Program = desk.open(datasets[0], devices=runs)
        self.done: dict[str, int] = {}
        desk.settle(self.program)

    @property
    def faults(self) -> list[str]:
        """What went wrong so far."""
        return self._desk.faults

    def close(self) -> None:
        """Close the window."""
        self._desk.shut(self.program)

    def act(self) -> str:
        """Do one thing, wait until the window is at rest, and return what it was."""
        ways: dict[str, tuple[int, Callable[[], None]]] = {
            "switch": (22, self._switch),
            "slice": (14, lambda: self._trigger(*_STEPS)),
            "look": (16, lambda: self._trigger(*_SEEN)),
            "paint": (16, self._paint),
            "undo": (12, lambda: self._trigger("undo", "undo", "redo")),
            "change": (6, lambda: self._trigger(*_CHANGED)),
            "say": (6, lambda: self._trigger(*_SAID)),
            "run": (4 if self._runs else 0, self._run),
            "ask": (3, lambda: self._trigger(*_ASKED)),
            "open": (1, self._open),
        }
        names = list(ways)
        name = self._chance.choices(names, [ways[each][0] for each in names])[0]
        ways[name][1]()
        self._rest(name)
        return name

    def change_case(self, number: int) -> None:
        """Open the next case of the worklist, all of it."""
        cases = list(self.program.session.case_states)
        self.program.window.worklist.case_chosen.emit(cases[number % len(cases)])
        self._rest("change case")

    def train(self) -> None:
        """Train a network of a few parameters for two epochs, and wait for its end."""
        training = self.program.training.presenter
        training.new_job()
        self._desk.wait(lambda: training.dialog is not None)
        dialog = training.dialog
        assert dialog is not None
        _fill(dialog, self._chance)
        before = len(self._jobs(JOBS_FOLDER))
        button(dialog, "Start training").click()
        self._desk.wait(
            lambda: len(self._jobs(JOBS_FOLDER)) > before and self._ended(),
            seconds=_LONG_SECONDS,
        )
        self._rest("train")

    def compare(self) -> None:
        """Compare all models on all cases, as a job, and wait for its end; then review again."""
        studies, before = self.program.studies, len(self._jobs(STUDIES_FOLDER))
        studies.compare.enter()
        self._desk.settle(self.program)
        button(studies.study.side, "Run all ticked models on all cases").click()
        self._desk.wait(
            lambda: len(self._jobs(STUDIES_FOLDER)) > before and self._ended(),
            seconds=_LONG_SECONDS,
        )
        self._desk.settle(self.program)
        studies.compare.leave()
        self._rest("compare")

    def _rest(self, name: str) -> None:
        self._desk.settle(self.program)
        self._desk.close_dialogs()
        self._desk.settle(self.program)
        self.done[name] = self.done.get(name, 0) + 1

    def _trigger(self, *commands: str) -> None:
        action = self.program.window.actions[self._chance.choice(commands)]
        if action.isEnabled():
            action.trigger()

    def _switch(self) -> None:
        cases = list(self.program.session.case_states)
        self.program.window.worklist.case_chosen.emit(self._chance.choice(cases))

    def _paint(self) -> None:
        self._trigger(*_TOOLS)
        view, (rows, columns) = self.program.window.view, self._sides()
        stops = [
            point_of(view, (self._chance.randrange(rows), self._chance.randrange(columns)))
            for _ in range(self._chance.randint(2, 6))
        ]
        drag(view, LEFT, stops[0], *stops[1:])
        QApplication.processEvents()

    def _sides(self) -> tuple[int, int]:
        opened = self.program.session.open_case
        if opened is None:
            return 10, 10
        rows, columns = opened.loaded.volume.geometry.shape[1:]
        return rows, columns

    def _run(self) -> None:
        """Forget what the model said of the case on screen, and run it again."""
        session = self.program.session
        place, model, opened = session.place, session.models.current, session.open_case
        if place is None or model is None or opened is None:
            return
        path = place.workspace.prediction_path(model.spec.id, opened.loaded.case.id)
        path.unlink(missing_ok=True)
        self._trigger("run_case")
        self._desk.wait(lambda: not session.queue.active, seconds=_LONG_SECONDS)

    def _open(self) -> None:
        self.program.operations.open_dataset(self._chance.choice(self._datasets))

    def _jobs(self, folder: str) -> list[JobFolder]:
        place = self.program.session.place
        return [] if place is None else list_jobs(place.workspace.folder / folder)

    def _ended(self) -> bool:
        jobs = [*self._jobs(JOBS_FOLDER), *self._jobs(STUDIES_FOLDER)]
        return not any(job.state() in ("new", "running") for job in jobs)


def _fill(dialog: QWidget, chance: random.Random) -> None:
    bases = by_name(dialog, QComboBox, "Base model")
    bases.setCurrentIndex(bases.findData(""))
    by_name(dialog, QLineEdit, "Arguments of the network").setText("init_features=2")
    by_name(dialog, QSpinBox, "Size").setValue(32)
    by_name(dialog, QSpinBox, "Batch").setValue(4)
    by_name(dialog, QSpinBox, "Epochs").setValue(2)
    by_name(dialog, QDoubleSpinBox, "Minutes").setValue(0)
    by_name(dialog, QLineEdit, "Save as").setText(f"soaked {chance.randrange(10**9)}")

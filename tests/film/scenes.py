"""The loop as a film shows it: open, worst first, disagreement, repair, retrain."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QLineEdit,
    QListView,
    QPushButton,
    QSpinBox,
    QWidget,
)

from core.domain.mask import Mask
from gui.app.program import Program
from tests.film.camera import Camera
from tests.gui.finding import button, by_name
from tests.gui.pointing import LEFT, move, point_of, press, release
from tests.gui.tiny import is_settled

Wait = Callable[[Callable[[], bool]], None]
"""Lets the window work until something holds."""


@dataclass(frozen=True, eq=False)
class Film:
    """A window, the camera over it, and the patience between two pictures."""

    program: Program
    camera: Camera
    wait: Wait

    def settle(self) -> None:
        """Wait until nothing goes on and the case on screen may be decided on."""
        program = self.program
        self.wait(lambda: is_settled(program))
        self.wait(lambda: program.context.readiness.why_no_answer() == "")

    def over(self, widget: QWidget, at: QPoint | None = None) -> QPoint:
        """Return where a point of a widget, its middle by default, lies in the window."""
        return widget.mapTo(self.program.window, at or widget.rect().center())


def opened(film: Film) -> None:
    """The demo opens, models run by themselves, and the list sorts itself."""
    said = "Open: the model runs on every case, the list sorts itself"
    session, seen = film.program.session, 0
    film.camera.shot("Open: a folder of cases, here the synthetic demo", 1.2)
    film.wait(lambda: session.open_case is not None and (session.queue.active or _scored(film) > 0))
    while session.queue.active:
        film.wait(lambda before=seen: _scored(film) != before or not session.queue.active)
        seen = _scored(film)
        film.camera.shot(said, 0.6)
    film.settle()
    film.camera.shot("Open: the model has run on every case", 1.0)


def worst_first(film: Film) -> None:
    """The worst case is opened from the top of the list."""
    said = "Worst first: the case with the lowest DSC is at the top"
    cases = by_name(film.program.window.worklist, QListView, "Cases")
    row = cases.visualRect(cases.model().index(0, 0)).center()
    at = film.over(cases.viewport(), row)
    film.camera.shot(said, 1.2, at)
    film.program.operations.choose_case(film.program.operations.order()[0])
    film.settle()
    film.camera.shot(said, 1.6, at)


def disagreement(film: Film) -> None:
    """What the model invented is answered: it is no lesion, and the mask follows."""
    program = film.program
    desk = program.review.desks.disagreement_queue
    while desk.asked is None:  # what triage found comes first, and is not a region to answer
        before = program.review.desks.walk.current
        program.context.trigger("next_disagreement")
        film.settle()
        assert program.review.desks.walk.current > before, "no region to answer"
    film.camera.shot("Disagreement: N goes to the next one", 1.8)
    invented = desk.asked.pieces[0].kind == "false_positive"
    keys = {"no": ("No", "U: it is no lesion"), "yes": ("Yes", "Y: it is lesion")}
    command = "no" if invented else "yes"
    title, said = keys[command]
    answers = program.window.disagreements.findChildren(QPushButton)
    there = [each for each in answers if each.text() == title and each.isVisible()]
    film.camera.shot(f"Disagreement: {said}", 0.9, film.over(there[0]) if there else None)
    program.context.trigger(command)
    film.settle()
    film.camera.shot(f"Disagreement: {said}, and the mask follows", 1.8)


def repair(film: Film) -> None:
    """What was missed is painted with the brush on the slice where most of it is."""
    program = film.program
    program.operations.choose_case(_with_misses(film))
    film.settle()
    missed = _missed(film)
    index = int(missed.sum(axis=(1, 2)).argmax())
    program.viewer.verbs.go_to_slice(index)
    film.settle()
    film.camera.shot("Repair: what was missed is blue", 1.5)
    program.context.trigger("brush_tool")
    program.annotation.paint_tools.change(size=6)
    view = program.window.view
    path = [point_of(view, voxel) for voxel in _stroke(missed[index])]
    said = "Repair: B takes the brush; the DSC follows each stroke"
    film.camera.shot(said, 0.8, film.over(view, path[0]))
    press(view, LEFT, path[0])
    for number, point in enumerate(path[1:], start=1):
        move(view, point, LEFT)
        if number % max(len(path) // 5, 1) == 0:
            film.camera.shot(said, 0.25, film.over(view, point))
    release(view, LEFT, path[-1])
    film.settle()
    film.camera.shot(said, 1.4, film.over(view, path[-1]))
    program.context.trigger("correct")
    program.context.trigger("save_version")
    film.settle()
    film.camera.shot("Repair: Ctrl+S saves a version; the originals are never written", 1.5)
    program.context.trigger("pan_tool")


def retrain(film: Film) -> None:
    """A model learns from what was corrected, and is held against the champion."""
    program = film.program
    presenter = program.training.presenter
    program.context.trigger("train")
    film.wait(lambda: presenter.dialog is not None and presenter.dialog.isVisible())
    dialog = presenter.dialog
    assert dialog is not None
    by_name(dialog, QLineEdit, "Save as").setText("Lite0 retrained")
    by_name(dialog, QDoubleSpinBox, "Minutes").setValue(0)
    by_name(dialog, QSpinBox, "Epochs").setValue(2)
    truth = next(box for box in dialog.findChildren(QCheckBox) if box.text() == "Ground truth")
    if not truth.isChecked():
        truth.click()
    film.camera.shot("Retrain: on what was corrected, and on ground truth", 2.2)
    start = button(dialog, "Start training")
    assert start.isEnabled()
    start.click()
    watch, said = presenter.watch, "Retrain: a job of its own, with its curves"
    seen = -1.0
    while not _ended(film, "gate"):
        film.wait(lambda before=seen: _share(film) >= before + 0.2 or _ended(film, "gate"))
        seen = _share(film)
        film.camera.shot(said, 0.5)
    assert all(record.state == "done" for record in watch.records), watch.records
    film.settle()
    program.context.trigger("gate")
    film.wait(lambda: presenter.gate.dialog is not None and presenter.gate.dialog.isVisible())
    film.camera.shot("The gate: candidate against champion, case by case", 3.0)


SCENES = (opened, worst_first, disagreement, repair, retrain)


def _scored(film: Film) -> int:
    return sum(state.scored for state in film.program.session.case_states.values())


def _missed(film: Film) -> Mask:
    session = film.program.session
    assert session.open_case is not None
    assert session.result is not None
    assert session.result.counted is not None
    truth = session.open_case.loaded.ground_truth
    assert truth is not None
    missed: Mask = truth & ~session.result.counted.mask & 1
    return missed


def _with_misses(film: Film) -> str:
    """Return the first case of the list, after the one on screen, that has ground truth."""
    session, order = film.program.session, film.program.operations.order()
    there = [name for name in order if session.case_states[name].case.has_ground_truth]
    later = [name for name in there if name != session.current]
    return (later or there)[0]


def _stroke(plane: Mask) -> Iterator[tuple[int, int]]:
    """Yield voxels (y, x) along what was missed on a slice, row by row."""
    for y in range(0, len(plane), 3):
        columns = np.flatnonzero(plane[y])
        if len(columns):
            yield y, int(columns.mean())


def _share(film: Film) -> float:
    records = film.program.training.presenter.watch.records
    return float(sum(record.fraction for record in records))


def _ended(film: Film, kind: str) -> bool:
    records = film.program.training.presenter.watch.records
    failed = any(record.state in ("failed", "interrupted") for record in records)
    return failed or any(r.head.kind == kind and r.state == "done" for r in records)

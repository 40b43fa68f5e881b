"""Decisions and edits by key count once the case is drawn, its figures stand, and it was seen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.domain.counted_mask import count_mask
from core.domain.prediction import Postprocessing
from core.domain.volume import Volume
from core.domain.window_level import automatic
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.workspace.settings import Settings
from gui.app.program import Program
from gui.shell.commands import BY_ID, COMMANDS
from gui.shell.readiness import DECISIONS, EDITS, Readiness
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Result
from tests.gui.pressing import Press
from tests.gui.test_reviewing import Clock
from tests.gui.tiny import settle, shown_case, toasts
from tests.synthetic import head, lesion, volume_of

UNDECIDING = {
    "time_spent",
    "next_unreviewed",
    "undo_review",
    "reader",
    "blinded",
    "export_error_parcel",
}
UNEDITING = {
    "undo",
    "redo",
    "step_back",
    "versions",
    "export_correction",
    "discard_correction",
    *(f"label_{value}" for value in range(1, 10)),
    "save_version",
    "add_label",  # of the dataset, as is which one a binary mask is of
    "mask_fills",
    "film_before",
    "film_after",
}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path, Settings())


@pytest.fixture
def ready(session: Session) -> Readiness:
    readiness = Readiness(session)
    readiness.clock = Clock()
    return readiness


def case_of(volume: Volume) -> OpenCase:
    loaded = LoadedCase(Case("A_1", Path(), ()), volume, lesion(volume.slices), ())
    ranges = tuple((name, automatic(volume.pixels[0])) for name in volume.channels)
    return OpenCase(loaded, ranges, (0, 8, 0, 8))


def show(session: Session, readiness: Readiness) -> Result:
    """Put a case on screen with a prediction that is compared, and let some time go by."""
    session.set_open_case(case_of(volume_of(head(4))), slice_index=0)
    readiness.note_drawn()
    probability = lesion(4) * np.uint8(200)
    found = count_mask(probability, lesion(4), session.post)
    whole = Result(probability, counted=found, cut=session.post)
    session.set_result(whole)
    return whole


def wait(readiness: Readiness, seconds: float) -> None:
    clock = readiness.clock
    assert isinstance(clock, Clock)
    clock.now += seconds


def test_nothing_counts_before_the_case_is_drawn(session: Session, ready: Readiness) -> None:
    assert "No case" in ready.why_no_decision()
    session.set_open_case(case_of(volume_of(head(4))), slice_index=0)
    wait(ready, 60.0)
    assert "not drawn" in ready.why_no_decision()
    assert "not drawn" in ready.why_no_edit()


def test_a_decision_needs_half_a_second_an_edit_does_not(
    session: Session, ready: Readiness
) -> None:
    show(session, ready)
    wait(ready, 0.49)
    assert "half a second" in ready.why_no_decision()
    assert ready.why_no_edit() == ""
    wait(ready, 0.01)
    assert ready.why_no_decision() == ""
    ready.note_drawn()  # painted again, and seen no less for it
    assert ready.why_no_decision() == ""
    session.set_open_case(case_of(volume_of(head(4))), slice_index=0)
    assert "not drawn" in ready.why_no_decision()


@pytest.mark.parametrize(
    ("changed", "edits"),
    [
        ({"counted": None}, False),
        ({"cut": Postprocessing(threshold=0.06)}, False),
        ({"hd95_pending": True}, True),
        ({"ready": frozenset({0})}, True),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_nothing_is_decided_on_figures_that_have_not_settled(
    session: Session, ready: Readiness, changed: dict[str, object], edits: bool
) -> None:
    whole = show(session, ready)
    wait(ready, 9.0)
    session.set_result(replace(whole, **changed))  # type: ignore[arg-type]
    assert ready.why_no_decision() != ""
    assert (ready.why_no_edit() == "") == edits
    session.set_result(whole)
    assert ready.why_no_decision() == ""


def test_what_is_still_looked_for_is_waited_for(session: Session, ready: Readiness) -> None:
    show(session, ready)
    wait(ready, 9.0)
    session.set_seeking(True)
    assert "being read" in ready.why_no_decision()
    assert "being read" in ready.why_no_edit()


def test_a_region_must_have_been_seen_before_it_is_answered(
    session: Session, ready: Readiness
) -> None:
    show(session, ready)
    wait(ready, 9.0)
    assert ready.why_no_answer() == ""
    ready.note_asked(True)
    wait(ready, 10.0)
    assert "half a second" in ready.why_no_answer(), "it is not drawn"
    ready.note_drawn()
    assert "half a second" in ready.why_no_answer()
    wait(ready, 20.0)
    assert ready.why_no_answer() == ""


def test_every_command_that_decides_or_edits_is_held_back() -> None:
    """A row added to the table has to be put on one side or the other."""
    assert set(BY_ID) >= DECISIONS | EDITS
    for command in COMMANDS:
        if command.group == "Review" and "disagreement" not in command.id:
            assert (command.id in DECISIONS) != (command.id in UNDECIDING), command.id
        tool = command.checkable or command.id.endswith("_brush")
        if command.group == "Correct" and not tool:
            assert (command.id in EDITS) != (command.id in UNEDITING), command.id


def test_the_same_key_twice_does_not_decide_on_the_next_case(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    clock = Clock()
    program.context.readiness.clock = clock
    clock.now += 60.0
    first = shown_case(program)
    press("A")
    settle(qtbot, program)
    second = shown_case(program)
    assert second != first
    clock.now += 0.15
    press("A")
    press("5")
    program.lanes.finish("journal", lambda: None)
    QApplication.processEvents()
    assert shown_case(program) == second
    assert set(program.session.reviews) == {first}
    assert any("less than half a second" in said for said in toasts(program))
    clock.now += 0.35
    press("A")
    settle(qtbot, program)
    assert program.session.reviews[second].status == "accepted"


def test_a_key_that_is_held_decides_once(program: Program, qtbot: QtBot) -> None:
    """Repetitions may come as a release and a press of one moment, and not be called any."""
    view, first = program.window.view, shown_case(program)
    view.setFocus()
    settle(qtbot, program)

    def send(kind: QEvent.Type, moment: int) -> None:
        event = QKeyEvent(kind, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
        event.setTimestamp(moment)
        QApplication.sendEvent(view, event)

    send(QEvent.Type.ShortcutOverride, 5)
    program.window.actions["accept"].trigger()
    settle(qtbot, program)
    second = shown_case(program)
    assert second != first
    for moment in (600, 640, 680):
        send(QEvent.Type.KeyRelease, moment)
        send(QEvent.Type.ShortcutOverride, moment)
        program.window.actions["accept"].trigger()
        settle(qtbot, program)
    assert shown_case(program) == second
    send(QEvent.Type.KeyRelease, 720)
    send(QEvent.Type.ShortcutOverride, 900)
    program.window.actions["accept"].trigger()
    settle(qtbot, program)
    assert shown_case(program) != second

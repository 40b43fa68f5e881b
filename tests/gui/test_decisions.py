"""A decision says what it is of and who made it, and one that cannot be meant is refused."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from core.domain.prediction import Postprocessing
from core.review.reviews import Review, reviews
from core.workspace.settings import load_settings, settings_path
from gui.app.program import Program
from gui.shell.reader_name import ReaderDialog
from gui.widgets.labels import ElidedLabel
from tests.gui.conftest import Start
from tests.gui.finding import by_name, texts
from tests.gui.hand import Hand
from tests.gui.listing import listed
from tests.gui.pressing import Press
from tests.gui.test_reviewing import checked
from tests.gui.tiny import choose, settle, shown_case, toasts
from tests.synthetic import publish_unet


def kept(program: Program, case_id: str) -> Review:
    """What the workspace says of a case."""
    place = program.session.place
    assert place is not None
    program.lanes.finish("journal", lambda: None)
    return reviews(place.workspace.store).get(case_id, Review(case_id=case_id))


def subject(program: Program) -> str:
    """What the review says it is of."""
    return program.window.review.section.findChildren(ElidedLabel)[0].text()


def asked(program: Program) -> ReaderDialog:
    return next(d for d in program.window.findChildren(ReaderDialog) if d.isVisible())


def test_a_review_is_of_model_and_threshold_and_of_nothing_else(
    start: Start, home: Path, predicted: Path, qtbot: QtBot
) -> None:
    other = publish_unet(home / "models", postprocessing=Postprocessing(threshold=0.3))
    program = start(predicted)
    model = program.session.models.current
    assert model is not None
    here = shown_case(program)
    Press(program, qtbot)("2")
    program.review.desks.review_desk.say("accepted", go_on=False)
    settle(qtbot, program)
    assert subject(program) == f"of {model.spec.title} at 0.50"
    assert checked(program) == {"Accept", "Quality 2 of 5"}
    said = kept(program, here).subject
    assert said is not None
    assert (said.model, said.weights, said.threshold) == (model.spec.id, model.fingerprint, 0.5)

    program.prediction.desk.choose_model(other.spec.id)
    settle(qtbot, program)
    assert checked(program) == set()
    assert subject(program) == f"was accepted, of {model.spec.title} at 0.50"
    assert program.session.standing(here).status == "unreviewed"
    program.prediction.desk.choose_model(model.spec.id)
    settle(qtbot, program)
    assert checked(program) == {"Accept", "Quality 2 of 5"}

    program.prediction.desk.set_threshold(0.06)
    settle(qtbot, program)
    assert checked(program) == set()


def test_without_a_prediction_nothing_is_accepted_rejected_or_rated(
    start: Start, dataset: Path, qtbot: QtBot
) -> None:
    program = start(dataset)
    press, here = Press(program, qtbot), shown_case(program)
    for key, said in (("A", "accept"), ("X", "reject"), ("4", "rate")):
        press(key)
        settle(qtbot, program)
        assert any(f"Nothing to {said}" in toast for toast in toasts(program))
    assert shown_case(program) == here
    assert not kept(program, here).decided


def test_an_undecided_case_is_not_left_as_if_it_were_decided(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    here = shown_case(program)
    press("Ctrl+Return")
    settle(qtbot, program)
    assert shown_case(program) == here
    assert any(f"{here} has no decision yet" in toast for toast in toasts(program))
    press("Ctrl+PgDown")
    settle(qtbot, program)
    assert shown_case(program) != here


def test_a_saved_correction_is_what_was_reviewed_until_the_next_one(
    program: Program, hand: Hand, press: Press, qtbot: QtBot
) -> None:
    here = shown_case(program)
    press("B")
    hand.draw((8, 8), (8, 12))
    press("Ctrl+Return")
    settle(qtbot, program)
    review = kept(program, here)
    assert (review.status, review.subject and review.subject.version) == ("corrected", 1)
    choose(qtbot, program, here)
    assert checked(program) == {"Correct"}
    hand.draw((12, 8), (12, 12))
    press("Ctrl+S")
    settle(qtbot, program)
    assert checked(program) == set()
    assert program.session.standing(here).status == "unreviewed"


def test_the_name_is_asked_for_at_the_first_decision_and_is_in_every_record(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    program = start(predicted, reader="")
    press, here = Press(program, qtbot), shown_case(program)
    press("A")
    dialog = asked(program)
    assert shown_case(program) == here
    dialog.findChildren(QLineEdit)[0].setText("  Dr   Ann ")
    dialog.accept()
    settle(qtbot, program)
    assert kept(program, here).reader == "Dr Ann"
    assert load_settings(settings_path()).reader == "Dr Ann"
    press("A")
    settle(qtbot, program)
    assert not [d for d in program.window.findChildren(ReaderDialog) if d.isVisible()]


def test_a_decision_without_a_name_is_none(start: Start, predicted: Path, qtbot: QtBot) -> None:
    program = start(predicted, reader="")
    here = shown_case(program)
    Press(program, qtbot)("X")
    dialog = asked(program)
    field = dialog.findChildren(QLineEdit)[0]
    field.clear()
    ok = dialog.findChildren(QDialogButtonBox)[0].button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog.reject()
    settle(qtbot, program)
    assert not kept(program, here).decided
    assert shown_case(program) == here


@pytest.mark.parametrize("named", [True, False])
def test_a_first_note_is_kept_when_the_name_is_asked_for_by_something_else(
    start: Start, predicted: Path, qtbot: QtBot, named: bool
) -> None:
    program = start(predicted, reader="")
    press, here = Press(program, qtbot), shown_case(program)
    press("B")
    Hand(program, qtbot).draw((8, 8), (8, 12))
    field = by_name(program.window.review, QPlainTextEdit, "Note on this case")
    field.setFocus()
    qtbot.keyClicks(field, "Speck added")
    press("Ctrl+Return")
    dialog = asked(program)
    QApplication.processEvents()  # until the note asks for the name as well
    by_name(dialog, QLineEdit, "Your name").setText("Ann")
    (dialog.accept if named else dialog.reject)()
    settle(qtbot, program)
    found = kept(program, here)
    assert found.note == "Speck added"
    assert found.status == ("corrected" if named else "unreviewed")
    assert not named or found.reader == "Ann"


def test_the_name_can_be_changed(program: Program, qtbot: QtBot) -> None:
    program.context.trigger("reader")
    field = by_name(asked(program), QLineEdit, "Your name")
    assert field.text() == "Ann"
    field.setText("Bo")
    asked(program).accept()
    QApplication.processEvents()
    by_name(program.window.review, QPushButton, "Reject").click()
    settle(qtbot, program)
    assert "Bo" in {review.reader for review in program.session.reviews.values()}


def test_the_worklist_counts_what_holds_and_tells_what_does_not(
    program: Program, qtbot: QtBot
) -> None:
    def tips() -> list[str]:
        model = listed(program.window.worklist).model()
        rows = [model.index(row, 0) for row in range(model.rowCount())]
        return [str(index.data(Qt.ItemDataRole.ToolTipRole)) for index in rows]

    program.review.desks.review_desk.say("accepted", go_on=False)
    settle(qtbot, program)
    assert any(text.startswith("1 of 3") for text in texts(program.window.worklist))
    assert any("\naccepted by Ann of" in tip for tip in tips())

    program.prediction.desk.set_threshold(0.2)
    qtbot.waitUntil(lambda: any("It was accepted by Ann of" in tip for tip in tips()))
    assert not any(text.startswith("1 of 3") for text in texts(program.window.worklist))

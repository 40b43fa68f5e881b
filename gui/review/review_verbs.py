"""What the commands of the menu "Review" do."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui.app.program import Program

Verbs = Mapping[str, Callable[[], object]]


def review_verbs(program: "Program") -> Verbs:
    """Return the verb of every command that reviews."""
    ratings: Verbs = {f"rate_{value}": partial(_rate, program, value) for value in range(1, 6)}
    return {
        **ratings,
        "accept": lambda: program.reviewing.say("accepted", go_on=True),
        "correct": lambda: _correct(program),
        "reject": lambda: program.reviewing.say("rejected", go_on=True),
        "save_and_next": lambda: _save_and_next(program),
        "next_unreviewed": lambda: program.reviewing.go_on(),
        "undo_review": lambda: program.reviewing.undo(),
        "next_disagreement": lambda: program.walk.step(1),
        "previous_disagreement": lambda: program.walk.step(-1),
        "yes": lambda: program.walk.answer(True),
        "no": lambda: program.walk.answer(False),
    }


def _rate(program: "Program", rating: int) -> None:
    program.reviewing.rate(rating)


def _correct(program: "Program") -> None:
    """Mark the case as one to be corrected, and take the brush."""
    program.reviewing.say("corrected", go_on=False)
    program.set_tool("brush")


def _save_and_next(program: "Program") -> None:
    """Keep note and version, then open the next case."""
    program.window.review.keep_note()
    correction = program.session.correction
    if correction is not None and correction.dirty:
        program.correcting.save_version()
        program.reviewing.say("corrected", go_on=True)
    else:
        program.reviewing.go_on()

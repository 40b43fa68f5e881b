"""What the commands of the menu "Review" do."""

from functools import partial

from gui.review.review_presenter import ReviewDesks
from gui.shell.context import Handlers


def review_verbs(desks: ReviewDesks) -> Handlers:
    """Return the verb of every command that reviews."""
    named = desks.context.readers.named
    ratings: Handlers = {f"rate_{value}": partial(_rate, desks, value) for value in range(1, 6)}
    return {
        **ratings,
        "accept": lambda: named(lambda: desks.review_desk.say("accepted", go_on=True)),
        "correct": lambda: named(lambda: _correct(desks)),
        "reject": lambda: named(lambda: desks.review_desk.say("rejected", go_on=True)),
        "save_and_next": lambda: named(lambda: _save_and_next(desks)),
        "next_unreviewed": lambda: desks.review_desk.go_on(),
        "undo_review": lambda: desks.review_desk.undo(),
        "next_disagreement": lambda: desks.walk.step(1),
        "previous_disagreement": lambda: desks.walk.step(-1),
        "yes": lambda: desks.walk.answer(True),
        "no": lambda: desks.walk.answer(False),
    }


def _rate(desks: ReviewDesks, rating: int) -> None:
    desks.context.readers.named(lambda: desks.review_desk.rate(rating))


def _correct(desks: ReviewDesks) -> None:
    """Mark the case as one to be corrected, and take the brush."""
    desks.review_desk.say("corrected", go_on=False)
    desks.context.wishes.tool_wanted.emit("brush")


def _save_and_next(desks: ReviewDesks) -> None:
    """Keep note and version, then open the next case."""
    desks.views.review.keep_note()
    correction = desks.context.session.correction
    if correction is not None and correction.dirty:
        desks.edits.save_version()
        desks.review_desk.say("corrected", go_on=True)
    else:
        desks.review_desk.go_on_when_decided()

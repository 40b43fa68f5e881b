"""What the commands of the menu "Review" do."""

from functools import partial
from typing import Literal

from gui.review.review_presenter import ReviewDesks
from gui.shell.context import Handlers


def review_verbs(desks: ReviewDesks) -> Handlers:
    """Return the verb of every command that reviews."""
    named = desks.context.readers.named
    ratings: Handlers = {f"rate_{value}": partial(_rate, desks, value) for value in range(1, 6)}
    return {
        **ratings,
        "accept": lambda: _decide(desks, "accepted"),
        "correct": lambda: named(lambda: _correct(desks)),
        "reject": lambda: _decide(desks, "rejected"),
        "save_and_next": lambda: _save_and_next(desks),
        "next_unreviewed": lambda: desks.review_desk.go_on(),
        "undo_review": lambda: desks.review_desk.undo(),
        "next_disagreement": lambda: desks.walk.step(1),
        "previous_disagreement": lambda: desks.walk.step(-1),
        "yes": lambda: _answer(desks, True),
        "no": lambda: _answer(desks, False),
    }


def _decide(desks: ReviewDesks, status: Literal["accepted", "rejected"]) -> None:
    """Accept or reject; nobody is asked for a name where that would be refused."""
    if desks.review_desk.may_say(status):
        desks.context.readers.named(lambda: desks.review_desk.say(status, go_on=True))


def _rate(desks: ReviewDesks, rating: int) -> None:
    if desks.review_desk.may_rate():
        desks.context.readers.named(lambda: desks.review_desk.rate(rating))


def _answer(desks: ReviewDesks, is_lesion: bool) -> None:
    if desks.walk.current < 0:
        desks.walk.answer(is_lesion)  # which says that there is nothing to answer
    else:
        desks.context.readers.named(lambda: desks.walk.answer(is_lesion))


def _correct(desks: ReviewDesks) -> None:
    """Mark the case as one to be corrected, and take the brush where nothing is clicked."""
    desks.review_desk.say("corrected", go_on=False)
    desks.context.wishes.tool_wanted.emit("brush")


def _save_and_next(desks: ReviewDesks) -> None:
    """Keep note and version, then open the next case."""
    desks.views.review.keep_note()
    desks.edits.finish(partial(_save_or_go_on, desks))


def _save_or_go_on(desks: ReviewDesks) -> None:
    correction = desks.context.session.correction
    if correction is not None and correction.dirty:
        desks.context.readers.named(lambda: _save(desks))
    else:
        desks.review_desk.go_on_when_decided()


def _save(desks: ReviewDesks) -> None:
    desks.edits.save_version()
    desks.review_desk.say("corrected", go_on=True)

"""A tour of five steps on the demo: offered at the first start, from Help, left at any time."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui.app.main_window import MainWindow
from gui.shell.commands import Keys, first_key
from gui.shell.context import Context, Handlers
from gui.shell.look import look_of
from gui.widgets.spotlight import Explained, Spotlight

_OFFER = Explained(
    "New here?",
    "Five steps on the demo show the loop: worst first, right and wrong, disagreements, repair, "
    "retrain. It takes a minute, and is under Help whenever you want it.",
    forward="Take the tour",
    skip="Not now",
)


@dataclass(frozen=True)
class TourStep:
    """What is explained, where, and by which words; `{command}` in them is its key."""

    title: str
    said: str
    where: Callable[[MainWindow], QWidget]


STEPS = (
    TourStep(
        "1. The worst first",
        "Every case with its DSC, the worst prediction at the top. A click opens a case, "
        "{next_case} the next one. While models run, the list sorts itself.",
        lambda window: window.worklist,
    ),
    TourStep(
        "2. Right and wrong",
        "Green is the ground truth, red the prediction; what was invented is hatched, what was "
        "missed is filled. The wheel turns the slices. Hold Space to see the image alone.",
        lambda window: window.grid,
    ),
    TourStep(
        "3. Answer the disagreements",
        "{next_disagreement} goes to the next place where truth and prediction part, the worst "
        "first. {yes} says that it is lesion, {no} that it is not, and the mask follows.",
        lambda window: window.disagreements,
    ),
    TourStep(
        "4. Repair by hand",
        "{brush_tool} takes the brush, the right button erases, {undo} takes it back. Every stroke "
        "is on the disk at once, and your originals are never written to.",
        lambda window: window.rail,
    ),
    TourStep(
        "5. Decide, and retrain",
        "{accept}, {correct} or {reject}, a rating, a note; {save_and_next} opens the next case. "
        "Then {train} trains on what you corrected, and the gate shows whether it got better.",
        lambda window: window.review,
    ),
)


class Tour(QObject):
    """Shows the steps over the window; it needs the demo, and opens it where something else is."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context, self._session, self._window = context, context.session, window
        self._spotlight = Spotlight(window.centralWidget() or window)
        self._at = -1
        self._wanted = False
        self.handlers: Handlers = {"tour": self.start}
        self._spotlight.went_on.connect(lambda: self._go(self._at + 1))
        self._spotlight.went_back.connect(lambda: self._go(max(self._at - 1, 0)))
        self._spotlight.skipped.connect(self.end)
        context.operations.loaded.connect(self._on_loaded)
        self._session.settings_changed.connect(self._apply_look)
        self._apply_look()

    @property
    def title(self) -> str:
        """What is explained now; empty while no tour goes on."""
        return self._spotlight.title

    def start(self) -> None:
        """Begin with the first step, on the demo."""
        place = self._session.place
        if place is None or not place.synthetic:
            self._wanted = True
            self._context.trigger("open_demo")
            return
        self._context.trigger("review_mode")
        self._go(0)

    def end(self) -> None:
        """Leave the tour; it is not offered again."""
        self._at = -1
        self._spotlight.hide()
        self._note_seen()
        self._window.view.setFocus()

    def _on_loaded(self) -> None:
        place = self._session.place
        if place is None or not place.synthetic:
            return
        if self._wanted:
            self._wanted = False
            self._go(0)
        elif not self._session.settings.tour_seen and self._spotlight.isHidden():
            self._at = -1
            self._spotlight.explain(_OFFER, None)

    def _go(self, number: int) -> None:
        if number >= len(STEPS):
            self.end()
            return
        self._note_seen()
        self._at = number
        step, last = STEPS[number], len(STEPS) - 1
        words = Explained(
            step.title,
            step.said.format(**_keys(self._session.settings.keys)),
            place=f"{number + 1} of {len(STEPS)}",
            forward="Done" if number == last else "Next",
            back="Back" if number else "",
            skip="" if number == last else "Skip",
        )
        self._spotlight.explain(words, step.where(self._window))

    def _note_seen(self) -> None:
        if not self._session.settings.tour_seen:
            self._context.operations.change_settings(tour_seen=True)

    def _apply_look(self) -> None:
        self._spotlight.set_look(*look_of(self._session.settings))


def _keys(changed: Keys) -> dict[str, str]:
    names = (
        "next_case", "next_disagreement", "yes", "no", "brush_tool", "undo", "accept", "correct",
        "reject", "save_and_next", "train",
    )  # fmt: skip
    return {name: first_key(name, changed).replace("PgDown", "PgDn") for name in names}

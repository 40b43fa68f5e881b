"""The window of a blinded reading: the same slice under letters, and nothing else."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from core.review.blinded import Presentation
from gui.blinded.blinded_pane import BlindedPane
from gui.widgets.key_button import KeyButton, key_width
from gui.widgets.labels import keep_room, make_label
from gui.widgets.palette import DARK, OverlayColours, Theme

LETTERS = "ABCD"
_SIZE = QSize(1400, 900)
_PLACES = {
    2: ((0, 0), (0, 1)),
    3: ((0, 0), (0, 1), (0, 2)),
    4: ((0, 0), (0, 1), (1, 0), (1, 1)),
}
_RATINGS = 5


class BlindedReading(QWidget):
    """Answers go out with letters; it is told no name of a model, so that it can show none."""

    preferred = Signal(object)
    rated = Signal(dict)
    undo_asked = Signal()
    unblind_asked = Signal()
    slice_stepped = Signal(int)
    slice_chosen = Signal(int)
    overlays_held = Signal(bool)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Blinded reading – Overread")
        self.setObjectName("BlindedReading")
        self.resize(_SIZE)
        self.panes: list[BlindedPane] = []
        self._theme = DARK
        self._presentation: Presentation | None = None
        self._ratings: dict[str, int] = {}
        self._turn = 0
        self.may_answer: Callable[[], bool] = lambda: True
        self._title = make_label("", "title")
        self._said = make_label("", "body")
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Cases answered")
        self._bar.setFixedWidth(200)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName("Slice")
        self._slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._slider.valueChanged.connect(self.slice_chosen)
        self._answers = QHBoxLayout()
        self._answers.setSpacing(8)
        self._buttons: list[QPushButton] = []
        self._offer: tuple[str, tuple[str, ...]] = ("", ())
        self._undo = _button("Undo", "Take the last answer back (Ctrl+Z)", self.undo_asked.emit)
        self._leave = _button("Leave", "Go on another time", self.close)
        self._unblind = _button(
            "Unblind",
            "Show names and counts; then nothing can be answered",
            self.unblind_asked.emit,
        )
        keep_room(self._unblind)
        self._unblind.hide()
        self._lay_out()
        self._make_keys()

    @property
    def asked(self) -> Presentation | None:
        """What can be answered now; None while an answer is kept or a case is got ready."""
        return self._presentation

    def set_letters(self, count: int, look: tuple[Theme, OverlayColours]) -> None:
        """Make a pane for every letter; once, before the first case."""
        self._theme = look[0]
        for letter, (row, column) in zip(LETTERS, _PLACES[count], strict=False):
            pane = BlindedPane(letter)
            pane.view.set_look(*look)
            pane.chosen.connect(lambda letter=letter: self._on_letter(letter))
            self._grid.addWidget(pane, row, column)
            self.panes.append(pane)

    def show_presentation(self, presentation: Presentation, slices: int, index: int) -> None:
        """Ask about a case."""
        self._presentation, self._ratings, self._turn = presentation, {}, 0
        self._show_progress(presentation.number - 1, presentation.total)
        self._title.setText(f"Case {presentation.number} of {presentation.total}")
        self._slider.blockSignals(True)
        self._slider.setRange(0, slices - 1)
        self._slider.blockSignals(False)
        self._slider.show()
        self.show_slice(index)
        self._show_buttons(presentation)
        self._show_turn()
        self._undo.setEnabled(presentation.number > 1)
        self._unblind.hide()
        if self.panes:
            self.panes[0].view.setFocus()

    def show_preparing(self, fraction: float, said: str) -> None:
        """Say how far all cases are prepared; none is shown before they all are."""
        self._presentation = None
        self._title.setText("Preparing every case")
        self._slider.hide()
        self._bar.setRange(0, 100)
        self._bar.setValue(round(100 * fraction))
        self._said.setText(said or "Nothing is shown until all outlines are there.")
        self._undo.setEnabled(False)

    def show_waiting(self, said: str) -> None:
        """Say what is waited for; nothing can be answered meanwhile."""
        self._presentation = None
        self._said.setText(said)
        self._show_buttons(None)
        self._undo.setEnabled(False)

    def show_done(self, total: int) -> None:
        """Say that all is answered."""
        self._presentation = None
        self._show_progress(total, total)
        self._slider.hide()
        self._title.setText("All cases are answered")
        self._said.setText("The names can be shown now; then nothing can be answered any more.")
        self._take_buttons_away()
        self._undo.setEnabled(True)
        self._unblind.show()
        for pane in self.panes:
            pane.show_state(current=False, rating="")

    def show_slice(self, index: int) -> None:
        """Show which slice is on screen."""
        self._slider.blockSignals(True)
        self._slider.setValue(index)
        self._slider.blockSignals(False)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.left.emit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.overlays_held.emit(True)
        event.accept()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.overlays_held.emit(False)
        event.accept()

    def _on_digit(self, digit: int) -> None:
        asked = self._presentation
        if asked is None or self._is_early():
            return
        if asked.question == "prefer":
            if digit <= len(asked.letters):
                self._prefer(asked.letters[digit - 1])
            return
        self._ratings[asked.letters[self._turn]] = digit
        waiting = [n for n, letter in enumerate(asked.letters) if letter not in self._ratings]
        later = [n for n in waiting if n > self._turn]
        self._turn = (later or waiting or [self._turn])[0]
        self._show_turn()

    def _prefer(self, letter: str | None) -> None:
        asked = self._presentation
        if asked is not None and asked.question == "prefer" and not self._is_early():
            self._presentation = None
            self.preferred.emit(letter)

    def _on_letter(self, letter: str) -> None:
        asked = self._presentation
        if asked is None or letter not in asked.letters:
            self._show_turn()
        elif asked.question == "prefer":
            self._prefer(letter)
        else:
            self._turn = asked.letters.index(letter)
            self._show_turn()

    def _confirm(self) -> None:
        asked = self._presentation
        whole = len(self._ratings) == len(self.panes)
        if asked is not None and asked.question == "rate" and whole and not self._is_early():
            self._presentation = None
            self.rated.emit(dict(self._ratings))

    def _is_early(self) -> bool:
        """Say so when the pair was not looked at yet, and return whether that is so."""
        early = not self.may_answer()
        if early:
            self._said.setText(
                "Look first: an answer counts half a second after the pair is shown."
            )
        return early

    def _show_turn(self) -> None:
        asked = self._presentation
        rate = asked is not None and asked.question == "rate"
        for number, pane in enumerate(self.panes):
            given = self._ratings.get(pane.letter)
            said = "" if not rate else f"{given} of {_RATINGS}" if given else "not rated"
            pane.show_state(current=rate and number == self._turn, rating=said)
        if asked is None:
            return
        if rate:
            ready = len(self._ratings) == len(self.panes)
            turn = asked.letters[self._turn]
            self._said.setText("Enter sends the ratings." if ready else f"Rate {turn}: 1 to 5.")
            self._buttons[-1].setEnabled(ready)
        else:
            self._said.setText("Which outline would you sign? T when none is better.")

    def _show_progress(self, done: int, total: int) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def _show_buttons(self, asked: Presentation | None) -> None:
        """Offer the answers; between two cases they stay where they are, and do nothing."""
        if asked is None:
            for button in self._buttons:
                button.setEnabled(False)
            return
        offer = (asked.question, asked.letters)
        if self._buttons and self._offer == offer:
            for button in self._buttons:
                button.setEnabled(True)
            return
        self._take_buttons_away()
        self._offer = offer
        offered: Sequence[tuple[str, str, Callable[[], object], str]]
        if asked.question == "rate":
            numbers = range(1, _RATINGS + 1)
            offered = [
                (str(n), f"Rate {n} of 5 ({n})", partial(self._on_digit, n), "") for n in numbers
            ]
            offered = [*offered, ("Next", "Send the ratings (Enter)", self._confirm, "")]
        else:
            offered = [
                (f"{letter} is best", f"({number})", partial(self._prefer, letter), str(number))
                for number, letter in enumerate(asked.letters, start=1)
            ]
            offered = [*offered, ("No difference", "(T)", lambda: self._prefer(None), "T")]
        self._buttons = [_button(*each[:3], key=each[3], theme=self._theme) for each in offered]
        for button in self._buttons:
            self._answers.addWidget(button)

    def _take_buttons_away(self) -> None:
        for button in self._buttons:
            self._answers.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []

    def _make_keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            "T": lambda: self._prefer(None),
            "Return": self._confirm,
            "Enter": self._confirm,
            "Ctrl+Z": self._undo.click,
            "Tab": lambda: self._step_turn(1),
            "Shift+Tab": lambda: self._step_turn(-1),
        }
        keys |= {str(n): partial(self._on_digit, n) for n in range(1, _RATINGS + 1)}
        keys |= {letter: partial(self._on_letter, letter) for letter in LETTERS}
        steps = {"Up": -1, "Left": -1, "Down": 1, "Right": 1, "Shift+Up": -5, "Shift+Down": 5}
        keys |= {key: partial(self.slice_stepped.emit, step) for key, step in steps.items()}
        for key, act in keys.items():
            QShortcut(QKeySequence(key), self, act)

    def _step_turn(self, step: int) -> None:
        if self._presentation is not None:
            self._turn = (self._turn + step) % len(self._presentation.letters)
            self._show_turn()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 16, 10)
        head.setSpacing(14)
        for widget in (self._title, self._bar, self._said):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(make_label("Not for clinical use", "warning"))
        self._grid = QGridLayout()
        self._grid.setSpacing(1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.setSpacing(12)
        keep_room(self._slider)  # its neighbours would take its room, and give it back
        foot.addLayout(self._answers)
        foot.addWidget(self._slider, 1)
        foot.addWidget(self._unblind)
        foot.addWidget(self._undo)
        foot.addWidget(self._leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(self._grid, 1)
        column.addLayout(foot)


def _button(
    text: str, tip: str, act: Callable[[], object], *, key: str = "", theme: Theme = DARK
) -> QPushButton:
    button = KeyButton(text)
    button.set_key(key)
    button.setMinimumWidth(button.sizeHint().width() + key_width(key))
    button.theme = theme
    button.setToolTip(tip)
    button.setAccessibleName(f"{text} {tip}")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(lambda: act())
    return button

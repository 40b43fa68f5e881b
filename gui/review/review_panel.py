"""The reader's word on a case: accept, correct or reject, a rating, a note."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.review.reviews import Review
from core.review.subject import Subject
from gui.shell.commands import Keys, first_key, with_key
from gui.widgets.icons import icon
from gui.widgets.key_button import KeyButton
from gui.widgets.labels import ElidedLabel, make_label, set_colour
from gui.widgets.palette import DARK
from gui.widgets.section import INSET, Section
from gui.widgets.theme import OverlayColours, Theme

_STATUSES = (
    ("accepted", "Accept", "tick-circle", "accept"),
    ("corrected", "Correct", "pencil-circle", "correct"),
    ("rejected", "Reject", "cross-circle", "reject"),
)
_NOTE_HEIGHT, _ONE_LINE = 46, 30
_ICON = 14
_AS_NEEDED = Qt.ScrollBarPolicy.ScrollBarAsNeeded


class ReviewPanel(QWidget):
    """Shows the review of the case on screen; buttons ask for commands by id.

    `note_written` gives a case and what was written of it, when the reader goes on.
    """

    command_asked = Signal(str)
    note_written = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._case_id, self._kept = "", ""
        self.section = Section("Review", foldable=False)
        self._of = ElidedLabel("", "caption")
        self._was, self._theme, self._compact = False, DARK, False
        self.section.set_corner(self._of)
        self._together: list[KeyButton] = []
        self._statuses = {name: self._status(*rest) for name, *rest in _STATUSES}
        self._ratings = [self._rating(value) for value in range(1, 6)]
        self._note = QPlainTextEdit()
        self._note.setPlaceholderText("Note")
        self._note.setAccessibleName("Note on this case")
        self._note.setTabChangesFocus(True)
        self._note.setFixedHeight(_NOTE_HEIGHT)
        self._note.installEventFilter(self)
        self._next = QPushButton("Save and open next case")
        self._next.setProperty("primary", True)
        self._next.clicked.connect(lambda: self.command_asked.emit("save_and_next"))
        self._lay_out()
        self.set_keys({})

    @property
    def note(self) -> str:
        """What is written in the field."""
        return self._note.toPlainText().strip()

    def keep_note(self) -> None:
        """Hand over what was written since it was handed over last."""
        if self._case_id and self.note != self._kept:
            self._kept = self.note
            self.note_written.emit(self._case_id, self.note)

    def set_review(self, review: Review | None) -> None:
        """Show what is said of the case; None disables all when there is no case."""
        self._show_note("" if review is None else review.case_id, "" if not review else review.note)
        self.section.body.setEnabled(review is not None)
        for name, status in self._statuses.items():
            status.setChecked(review is not None and review.status == name)
        for value, button in enumerate(self._ratings, start=1):
            button.setChecked(review is not None and review.rating == value)

    def set_subject(self, now: Subject, was: Review | None) -> None:
        """Say what is reviewed, and what `was` said before of something else, when that is so."""
        of = now.said()
        self._of.setText(f"of {of}" if of else "no prediction")
        self._was = was is not None
        tip = f"What is said here is of {now.whole()}."
        if was is not None:
            before = "something else" if was.subject is None else was.subject.said()
            self._of.setText(f"was {was.status}, of {before}")
            tip = f"It was {was.said()}. On screen is {now.whole()}: say anew what you think of it."
        self._of.tip = tip
        self._of.setAccessibleName(tip)
        self._show_colours()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        self.section.set_look(theme, overlays)
        self._theme = theme
        self._show_colours()
        for status in self._statuses.values():
            status.theme = theme
        self._show_icons()

    def set_compact(self, compact: bool) -> None:
        """Give what a narrow window has no room for to the disagreements, and keys for icons."""
        self._compact = compact
        self._note.setFixedHeight(_ONE_LINE if compact else _NOTE_HEIGHT)
        bar = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if compact else _AS_NEEDED
        self._note.setVerticalScrollBarPolicy(bar)  # beside one line it would be a speck
        self._show_icons()

    def _show_icons(self) -> None:
        theme = self._theme
        colours = {"accepted": theme.ok, "corrected": theme.acc, "rejected": theme.bad}
        for name, _, glyph, _ in _STATUSES:
            drawn = QIcon() if self._compact else icon(glyph, colour=colours[name], size=_ICON)
            self._statuses[name].setIcon(drawn)
        for status in self._statuses.values():
            status.set_key(status.key_wanted)  # without icons there may be room for it

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to commands."""
        for name, title, _, command in _STATUSES:
            self._statuses[name].setToolTip(with_key(title, command, changed))
            self._statuses[name].set_key(first_key(command, changed))
        for value, button in enumerate(self._ratings, start=1):
            said = f"Quality of the prediction: {value} of 5"
            button.setToolTip(with_key(said, f"rate_{value}", changed))
        said = "Save a version and open the next case"
        self._next.setToolTip(with_key(said, "save_and_next", changed))

    def _show_colours(self) -> None:
        set_colour(self._of, self._theme.warn if self._was else self._theme.t2)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the note when the reader goes on to something else."""
        if watched is self._note and event.type() == QEvent.Type.FocusOut:
            self.keep_note()
        return super().eventFilter(watched, event)

    def _show_note(self, case_id: str, said: str) -> None:
        if case_id != self._case_id:
            self.keep_note()
        elif self.note != self._kept:
            return  # the reader is in the middle of it
        self._case_id, self._kept = case_id, said
        if said != self.note:
            self._note.setPlainText(said)

    def _status(self, title: str, glyph: str, command: str) -> KeyButton:
        button = KeyButton(title, pad=3, group=self._together)
        button.setIconSize(QSize(_ICON, _ICON))
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.setCheckable(True)
        button.setAccessibleName(title)
        button.clicked.connect(lambda: self._ask(button, command))
        return button

    def _rating(self, value: int) -> QPushButton:
        button = QPushButton(str(value))
        button.setCheckable(True)
        button.setProperty("small", True)
        button.setAccessibleName(f"Quality {value} of 5")
        button.clicked.connect(lambda: self._ask(button, f"rate_{value}"))
        return button

    def _ask(self, button: QPushButton, command: str) -> None:
        # The check mark follows the review, not the click.
        button.setChecked(not button.isChecked())
        self.command_asked.emit(command)

    def _lay_out(self) -> None:
        statuses, ratings = QHBoxLayout(), QHBoxLayout()
        statuses.setSpacing(6)
        for status in self._statuses.values():
            statuses.addWidget(status, 1)
        ratings.setSpacing(4)
        ratings.addWidget(make_label("Prediction quality", "caption"))
        ratings.addStretch(1)
        for button in self._ratings:
            button.setFixedWidth(26)
            ratings.addWidget(button)
        body = QVBoxLayout(self.section.body)
        body.setContentsMargins(INSET, 2, INSET, 14)
        body.setSpacing(10)
        body.addLayout(statuses)
        body.addLayout(ratings)
        body.addWidget(self._note)
        body.addWidget(self._next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)

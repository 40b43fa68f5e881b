"""A short question: a sentence, fields beside their titles, what follows from them, buttons."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

_WIDTH = 440


@dataclass(frozen=True, eq=False)
class QuestionForm:
    """The parts of a question from above to below; `aside` is the button at the left."""

    subject: QWidget
    fields: Iterable[tuple[str, QWidget]]
    below: Iterable[QWidget]
    aside: QPushButton
    buttons: Iterable[QPushButton]


def lay_out_question(dialog: QDialog, form: QuestionForm) -> None:
    """Put the parts of a question into its dialog."""
    rows = QFormLayout()
    for title, field in form.fields:
        rows.addRow(title, field)
    buttons = QHBoxLayout()
    buttons.addWidget(form.aside)
    buttons.addStretch(1)
    for button in form.buttons:
        buttons.addWidget(button)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(20, 20, 20, 16)
    column.setSpacing(12)
    column.addWidget(form.subject)
    column.addLayout(rows)
    for widget in form.below:
        column.addWidget(widget)
    column.addLayout(buttons)
    dialog.setMinimumWidth(_WIDTH)


def answer_button(text: str, act: Callable[[], object], *, primary: bool = False) -> QPushButton:
    """Return a button that answers; the `primary` one is what Enter presses."""
    button = QPushButton(text)
    button.clicked.connect(lambda: act())
    if primary:
        button.setProperty("primary", True)
        button.setDefault(True)
    return button

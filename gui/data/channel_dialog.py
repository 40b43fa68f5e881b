"""Asks which of the channels of images with four or more are used, and in which order."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QWidget,
)

from gui.widgets.labels import make_wrapped_label
from gui.widgets.question_form import QuestionForm, answer_button, lay_out_question

_PLACES = ("Pre-contrast", "FLAIR", "Post-contrast")
_NONE = -1
_ABOUT = (
    "Models of three channels take pre-contrast, FLAIR and post-contrast. Choose which channel is "
    "which; the choice holds for all cases of this folder, here and on the command line."
)
_TWICE = "Each channel can be in one place only."


class ChannelDialog(QDialog):
    """A channel for each place; `chosen` gives their indices, none when all are to be used."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget, case_id: str, count: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose channels")
        self._subject = make_wrapped_label(
            f"The images of {case_id} have {count} channels.", "body"
        )
        self.boxes = [_box(place, count) for place in _PLACES]
        self._said = make_wrapped_label(_ABOUT, "caption")
        self.take = answer_button("Use these", self._on_take, primary=True)
        self.all = answer_button("Use all channels", lambda: self._emit(()))
        self._close = answer_button("Close", self.reject)
        self._lay_out()
        for box in self.boxes:
            box.currentIndexChanged.connect(lambda _: self._enable())
        self.set_choice(range(len(_PLACES)))

    @property
    def choice(self) -> tuple[int, ...]:
        """The indices of the channels in their places, those that stay empty left out."""
        return tuple(i for box in self.boxes if (i := int(box.currentData())) != _NONE)

    def set_choice(self, channels: Sequence[int]) -> None:
        """Show a choice."""
        shown = [*channels, *[_NONE] * len(self.boxes)]
        for box, channel in zip(self.boxes, shown, strict=False):
            box.setCurrentIndex(max(box.findData(channel), 0))
        self._enable()

    def _enable(self) -> None:
        choice = self.choice
        twice = len(set(choice)) < len(choice)
        self.take.setEnabled(bool(choice) and not twice)
        self._said.setText(_TWICE if twice else _ABOUT)

    def _on_take(self) -> None:
        self._emit(self.choice)

    def _emit(self, choice: tuple[int, ...]) -> None:
        self.accept()
        self.chosen.emit(choice)

    def _lay_out(self) -> None:
        form = QuestionForm(
            self._subject,
            zip(_PLACES, self.boxes, strict=True),
            [self._said],
            aside=self.all,
            buttons=[self._close, self.take],
        )
        lay_out_question(self, form)


def _box(place: str, count: int) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(place)
    for index in range(count):
        box.addItem(f"Channel {index + 1}", index)
    box.addItem("Not used", _NONE)
    return box

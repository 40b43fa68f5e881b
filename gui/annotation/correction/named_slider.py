"""A named slider that says its value, for the cards over the image."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from gui.widgets.labels import make_label


class NamedSlider(QWidget):
    """A named slider that says its value."""

    moved = Signal(int)

    def __init__(self, title: str, low: int, high: int, said: Callable[[int], str]) -> None:
        super().__init__()
        self._said = said
        self._title = make_label(title, "caption")
        self._title.setFixedWidth(58)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(low, high)
        self._slider.setAccessibleName(title)
        self._value = QLabel()
        self._value.setFixedWidth(52)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._slider.valueChanged.connect(self._on_moved)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self._title, self._slider, self._value):
            row.addWidget(widget)

    def set_title(self, title: str) -> None:
        """Give it another name."""
        self._title.setText(title)
        self._slider.setAccessibleName(title)

    def show_value(self, value: int) -> None:
        """Show a value that was set elsewhere."""
        blocker = QSignalBlocker(self._slider)
        self._slider.setValue(value)
        blocker.unblock()
        self.say_value()

    def say_value(self) -> None:
        """Say the value anew, as when its unit has changed."""
        self._value.setText(self._said(self._slider.value()))

    def _on_moved(self, value: int) -> None:
        self.say_value()
        self.moved.emit(value)

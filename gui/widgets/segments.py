"""A few choices side by side, one of which holds."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget


class Segments(QFrame):
    """A row of exclusive buttons; Tab reaches the one that holds, arrows move inside."""

    chosen = Signal(int)

    def __init__(self, titles: Sequence[str], *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("segments", True)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        for index, title in enumerate(titles):
            button = QPushButton(title)
            button.setProperty("segment", True)
            button.setCheckable(True)
            button.setAccessibleName(f"{name}: {title}")
            self._group.addButton(button, index)
            row.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idToggled.connect(self._on_group_toggled)

    @property
    def index(self) -> int:
        """The position of the choice that holds."""
        return self._group.checkedId()

    def set_index(self, index: int) -> None:
        """Choose by position."""
        self._group.button(index).setChecked(True)

    def offer(self, index: int, on: bool) -> None:
        """Show a choice or leave it out; one that is left out and holds gives way to the first."""
        if not on and self.index == index:
            self.set_index(0)
        self._group.button(index).setVisible(on)

    def set_titles(self, titles: Sequence[str]) -> None:
        """Call the choices otherwise."""
        for index, title in enumerate(titles):
            button = self._group.button(index)
            button.setText(title)
            button.setAccessibleName(f"{self.accessibleName()}: {title}")

    def _on_group_toggled(self, index: int, checked: bool) -> None:
        if checked:
            self.chosen.emit(index)

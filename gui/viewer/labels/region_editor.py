"""A region as the reader makes or changes it: its name, and the labels it is made of."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout

from core.domain.label_set import Label
from gui.viewer.labels.label_swatch import DigitSwatch
from gui.widgets.labels import make_wrapped_label, plain_tip, set_colour
from gui.widgets.palette import DARK, Theme
from gui.widgets.section import INSET

_A_ROW = 10
_GAP = 6


class RegionEditor(QFrame):
    """Asks for a name and for labels, each a swatch that is pressed or not.

    `saved` gives the name, the values, and the name of the region it is to stand in place of, empty
    for a new one; `removed` the name of that to have no more. Escape leaves all as it is.
    """

    saved = Signal(str, tuple, str)
    removed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._before = ""
        self._chips: dict[int, _LabelChip] = {}
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the region")
        self.name.setPlaceholderText("Name of the region")
        self.name.installEventFilter(self)
        self.name.returnPressed.connect(self._save)
        self._grid = QGridLayout()
        self._grid.setSpacing(_GAP)
        self._problem = make_wrapped_label("", "caption")
        self.keep = _button("Save", self._save)
        self.remove = _button("Remove", lambda: self.removed.emit(self._before))
        self.leave = _button("Cancel", self.hide)
        buttons = QHBoxLayout()
        for button in (self.keep, self.remove, self.leave):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(INSET, 6, INSET, 6)
        column.setSpacing(_GAP)
        column.addWidget(self.name)
        column.addLayout(self._grid)
        column.addWidget(self._problem)
        column.addLayout(buttons)
        self.hide()

    @property
    def values(self) -> tuple[int, ...]:
        """The values of the labels that are pressed."""
        return tuple(value for value, chip in self._chips.items() if chip.isChecked())

    def ask(self, labels: Sequence[Label], name: str = "", values: Sequence[int] = ()) -> None:
        """Ask for a new region of these labels, or for what becomes of the one of that name."""
        self._before = name
        for old in self._chips.values():
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._chips = {label.value: _LabelChip(label, label.value in values) for label in labels}
        for number, chip in enumerate(self._chips.values()):
            place = Qt.AlignmentFlag.AlignLeft
            self._grid.addWidget(chip, number // _A_ROW, number % _A_ROW, place)
        self._grid.setColumnStretch(_A_ROW, 1)
        self.name.setText(name)
        self.remove.setVisible(bool(name))
        self.show_problem("")
        self.show()
        self.name.setFocus()
        self.name.selectAll()

    def show_problem(self, said: str) -> None:
        """Say why there can be no such region; nothing hides the words."""
        self._problem.setText(said)
        self._problem.setVisible(bool(said))
        set_colour(self._problem, self._theme.bad)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        set_colour(self._problem, theme.bad)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent)
        if watched is self.name and pressed and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            self.hide()
            return True
        return super().eventFilter(watched, event)

    def _save(self) -> None:
        self.saved.emit(self.name.text().strip(), self.values, self._before)


class _LabelChip(DigitSwatch):
    """A label that is in the region while it is pressed."""

    def __init__(self, label: Label, inside: bool) -> None:
        super().__init__()
        self._of = label
        self.setCheckable(True)
        self.setChecked(inside)
        self.toggled.connect(self._show)
        self._show(inside)

    def _show(self, inside: bool) -> None:
        self.show_label(self._of, dotted=False, faded=not inside)
        where = "in the region" if inside else "not in the region"
        self.setAccessibleName(f"{self._of.name}, {where}")
        self.setToolTip(plain_tip(f"{self._of.value} {self._of.name}, {where}"))


def _button(text: str, act: object) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(act)
    return button

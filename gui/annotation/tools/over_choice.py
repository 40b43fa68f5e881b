"""What tools write over, and what an eraser takes, where a case has several labels."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from gui.shell.label_state import LabelState
from gui.widgets.labels import make_label


class OverChoice(QWidget):
    """A choice of all, background or one label; hidden for a case of one label."""

    chosen = Signal(str, int)
    clears_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[tuple[int, str], ...] = ()
        self._over = QComboBox()
        self._over.setAccessibleName("Write only over")
        self._over.activated.connect(self._choose)
        self._clears = QCheckBox("Erase every label")
        self._clears.clicked.connect(lambda on: self.clears_changed.emit(bool(on)))
        row = QHBoxLayout()
        row.addWidget(make_label("Only over", "caption"))
        row.addWidget(self._over, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._clears)
        self.hide()

    def show_state(self, state: LabelState) -> None:
        """Offer the labels of a case, and show what was chosen."""
        several = not state.labels.is_binary
        self.setVisible(several)
        if not several:
            return
        names = tuple((label.value, label.name) for label in state.labels.labels)
        blocker = QSignalBlocker(self._over)
        if names != self._names:
            self._names = names
            self._over.clear()
            self._over.addItem("Everything", ("all", 0))
            self._over.addItem("Background", ("background", 0))
            for value, name in names:
                self._over.addItem(name, ("label", value))
        values = [value for value, _ in names]
        rule = state.rule
        index = {"all": 0, "background": 1}.get(rule.over, 0)
        if rule.over == "label" and rule.over_value in values:
            index = 2 + values.index(rule.over_value)
        self._over.setCurrentIndex(index)
        blocker.unblock()
        self._clears.setChecked(rule.clears_all)

    def offer_clearing(self, offered: bool) -> None:
        """Offer to take away every label, for tools that can."""
        self._clears.setVisible(offered)

    def _choose(self, index: int) -> None:
        over, value = self._over.itemData(index)
        self.chosen.emit(str(over), int(value))

"""One letter of a blinded reading: a slice view under it, and nothing of whose outline it is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.viewer.slice.slice_view import SliceView
from gui.widgets.labels import make_label

_HEADER = 36


class BlindedPane(QFrame):
    """One letter: its slice view, its key, and its rating when ratings are asked for."""

    chosen = Signal()

    def __init__(self, letter: str) -> None:
        super().__init__()
        self.setObjectName("LinkedPane")
        self.letter = letter
        self.view = SliceView()
        self._name = QPushButton(letter)
        self._name.setProperty("segment", True)
        self._name.setCheckable(True)
        self._name.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._name.setAccessibleName(f"Letter {letter}")
        self._name.clicked.connect(self.chosen)
        self._rating = make_label("", "value")
        header = QWidget()
        header.setFixedHeight(_HEADER)
        row = QHBoxLayout(header)
        row.setContentsMargins(10, 0, 12, 0)
        row.addWidget(self._name)
        row.addStretch(1)
        row.addWidget(self._rating)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addWidget(self.view, 1)

    def show_state(self, *, current: bool, rating: str) -> None:
        """Mark the letter whose turn it is, and say its rating."""
        self._name.setChecked(current)
        self._rating.setText(rating)

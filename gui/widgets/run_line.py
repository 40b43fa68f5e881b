"""A line in the head of the jobs: something that runs, its progress, and the way to stop it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from gui.widgets.labels import ElidedLabel, make_label

_STEPS = 1000


class RunLine(QWidget):
    """One line about what runs; hidden while nothing does. It takes no room of its own.

    `show_label`, where there is one, is the button that asks to see it.
    """

    stop_asked = Signal()
    show_asked = Signal()

    def __init__(self, title: str, *, stop_tip: str, show_label: str = "") -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(make_label(title, "section"))
        self._what = make_label("", "value")
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(140)
        self._bar.setAccessibleName(f"Progress of the {title.lower()}")
        self._detail = ElidedLabel("", "caption")
        self._stop = QPushButton("Stop")
        self._stop.setProperty("small", True)
        self._stop.setToolTip(stop_tip)
        self._stop.clicked.connect(self.stop_asked)
        row.addWidget(self._what)
        row.addWidget(self._bar)
        row.addWidget(self._detail, 1)
        if show_label:
            show = QPushButton(show_label)
            show.setProperty("small", True)
            show.clicked.connect(self.show_asked)
            row.addWidget(show)
        row.addWidget(self._stop)
        self.hide()

    def set_progress(self, what: str, fraction: float, detail: str) -> None:
        """Say what runs, how much is done, and how long it will take."""
        self._what.setText(what)
        # A bar that may be drawn draws at once, and with it all of the window that waits for it.
        self._bar.setUpdatesEnabled(False)
        self._bar.setValue(round(fraction * _STEPS))
        self._bar.setUpdatesEnabled(True)
        self._detail.setText(detail)

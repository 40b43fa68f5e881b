"""A line in the head of the jobs: the queue of runs, its progress, and the way to stop it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from gui.widgets.labels import ElidedLabel, make_label

_STEPS = 1000


class RunDrawer(QWidget):
    """One line about the runs in hand; hidden while there are none. It takes no room of its own."""

    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(make_label("Runs", "section"))
        self._what = make_label("", "value")
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(140)
        self._bar.setAccessibleName("Progress of the runs")
        self._detail = ElidedLabel("", "caption")
        self._stop = QPushButton("Stop")
        self._stop.setProperty("small", True)
        self._stop.setToolTip("Stop the runs (Esc)")
        self._stop.clicked.connect(self.stop_asked)
        row.addWidget(self._what)
        row.addWidget(self._bar)
        row.addWidget(self._detail, 1)
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

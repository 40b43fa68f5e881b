"""The line at the bottom: where work is kept, hints, and what Overread is not for."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from gui.widgets.hint_line import HintLine
from gui.widgets.icons import pixmap
from gui.widgets.labels import make_label
from gui.widgets.later import Later
from gui.widgets.palette import OverlayColours, Theme

HEIGHT = 26
_BAR_WIDTH = 56
_SOON_MS = 150


class StatusBar(QFrame):
    """Says on the left what goes on; "Not for clinical use" never leaves the right.

    `stop_asked` is for the edit that is being computed.
    """

    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("StatusBar")
        self.setFixedHeight(HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(14)
        self._message = make_label("", "caption")
        self._correction = make_label("", "caption")
        self._device = make_label("", "caption")
        self._device.hide()
        self._hints = HintLine()
        room = self._hints.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self._hints.setSizePolicy(room)
        self._sign = QLabel()
        self._work = WorkShown()
        self._work.stop.clicked.connect(self.stop_asked)
        row.addWidget(self._message)
        row.addWidget(self._work)
        row.addWidget(self._correction)
        row.addWidget(self._hints, 1)
        row.addWidget(self._device)
        notice = QHBoxLayout()
        notice.setSpacing(6)
        notice.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignVCenter)
        notice.addWidget(make_label("Not for clinical use", "warning"))
        row.addLayout(notice)

    def set_message(self, message: str) -> None:
        """Say what goes on."""
        self._message.setText(message)

    def set_correction(self, said: str) -> None:
        """Say how the correction is kept, in place of what went on before."""
        self._correction.setText(said)
        self._message.setVisible(not said)

    def set_hints(self, said: str) -> None:
        """Say what the pointer does with the tool in hand."""
        self._hints.set_text(said)

    def show_work(self, tool: str) -> None:
        """Say that an edit by `tool` is being computed; empty when none is any more."""
        self._work.show_tool(tool)

    def set_device(self, device: str) -> None:
        """Name the device, which a narrow window shows here."""
        self._device.setText(device)

    def set_compact(self, compact: bool) -> None:
        """Name the device here in a narrow window; hints give way by themselves."""
        self._device.setVisible(compact)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        self._hints.set_theme(theme)
        self._sign.setPixmap(pixmap("warning", theme.warn, 14, self.devicePixelRatioF()))


class WorkShown(QWidget):
    """The edit that is being computed, with a way to stop it; seen when it takes a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.stop = QPushButton("Stop")
        self.stop.setProperty("link", True)
        self.stop.setProperty("small", True)
        self.stop.setToolTip("Stop computing (Esc)")
        self._said = make_label("", "caption")
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setFixedWidth(_BAR_WIDTH)
        bar.setAccessibleName("An edit is being computed")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for part in (bar, self._said, self.stop):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        self._soon = Later(self, _SOON_MS, self.show)
        self.hide()

    def show_tool(self, tool: str) -> None:
        """Show what is computed, soon; nothing when `tool` is empty."""
        if tool:
            self._said.setText(f"{tool.capitalize()} is being computed…")
            self._soon.start()
        else:
            self._soon.stop()
            self.hide()

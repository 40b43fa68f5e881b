"""One more view of the slice on screen, with a mask of its own choosing over it."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui.shell.mask_source import MaskSource
from gui.viewer.slice.empty_state import EmptyState
from gui.viewer.slice.slice_view import SliceView
from gui.widgets.labels import make_label
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.quiet_choice import QuietChoice

HEADER = 32
_SAME = "Same sequence"


class LinkedPane(QFrame):
    """A slice view under selectors: what is laid over it, and which sequence it shows."""

    source_chosen = Signal()
    channel_chosen = Signal()
    run_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("LinkedPane")
        self.view = SliceView()
        self.empty = EmptyState(self.view)
        self.empty.acted.connect(self.run_asked)
        self._sources = QuietChoice()
        self._sources.setAccessibleName("Mask of this view")
        self._sources.setProperty("flat", True)
        self._offered: list[MaskSource] = []
        self._sources.currentIndexChanged.connect(self.source_chosen)
        self._channels = QuietChoice()
        self._channels.setAccessibleName("Sequence of this view")
        self._channels.setProperty("flat", True)
        self._channels.currentIndexChanged.connect(self.channel_chosen)
        self._channels.hide()
        self._score = make_label("", "value")
        header = QWidget()
        header.setFixedHeight(HEADER)
        self.header_row = row = QHBoxLayout(header)
        row.setContentsMargins(6, 0, 12, 0)
        row.addWidget(self._sources)
        row.addWidget(self._channels)
        row.addStretch(1)
        row.addWidget(self._score)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addWidget(self.view, 1)

    @property
    def sources(self) -> tuple[MaskSource, ...]:
        """What is offered, in order."""
        return tuple(self._offered)

    @property
    def source(self) -> MaskSource | None:
        """What is chosen; None where nothing is offered."""
        index = self._sources.currentIndex()
        return self._offered[index] if index >= 0 else None

    @property
    def channel(self) -> str:
        """The sequence that was chosen; empty for the one of the main view."""
        index = self._channels.currentIndex()
        return self._channels.itemText(index) if index > 0 else ""

    def set_channels(self, channels: Sequence[str]) -> None:
        """Offer the sequences of a case, where there are several."""
        offered = (_SAME, *channels)
        there = tuple(map(self._channels.itemText, range(self._channels.count())))
        if offered == there:
            return
        chosen = self.channel
        with QSignalBlocker(self._channels):
            self._channels.clear()
            self._channels.addItems(list(offered))
            self._channels.setCurrentIndex(offered.index(chosen) if chosen in offered else 0)
        self._channels.setVisible(len(channels) > 1)

    def set_sources(
        self, sources: Sequence[tuple[MaskSource, str]], chosen: MaskSource | None
    ) -> None:
        """Offer sources by their titles."""
        blocker = QSignalBlocker(self._sources)
        self._offered = [source for source, _ in sources]
        self._sources.clear()
        self._sources.addItems([title for _, title in sources])
        there = chosen is not None and chosen in self._offered
        self._sources.setCurrentIndex(self._offered.index(chosen) if there and chosen else 0)
        blocker.unblock()

    def set_score(self, text: str) -> None:
        """Say the DSC of the whole volume."""
        self._score.setText(text)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        self.view.set_look(theme, overlays)
        self.empty.set_look(theme, overlays)

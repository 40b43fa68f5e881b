"""One more view of the slice on screen, with a mask of its own choosing over it."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui.shell.mask_source import MaskSource
from gui.viewer.empty_state import EmptyState
from gui.viewer.slice_view import SliceView
from gui.widgets.labels import make_label
from gui.widgets.palette import OverlayColours, Theme

HEADER = 32


class LinkedPane(QFrame):
    """A slice view under a selector; what is chosen there is laid over it."""

    source_chosen = Signal()
    run_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("LinkedPane")
        self.view = SliceView()
        self.empty = EmptyState(self.view)
        self.empty.acted.connect(self.run_asked)
        self._sources = QComboBox()
        self._sources.setAccessibleName("Mask of this view")
        self._sources.setProperty("flat", True)
        self._offered: list[MaskSource] = []
        self._sources.currentIndexChanged.connect(self.source_chosen)
        self._score = make_label("", "value")
        header = QWidget()
        header.setFixedHeight(HEADER)
        self.header_row = row = QHBoxLayout(header)
        row.setContentsMargins(6, 0, 12, 0)
        row.addWidget(self._sources)
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

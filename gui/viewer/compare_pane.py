"""One more view of the slice on screen, with a mask of its own choosing over it."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui.viewer.empty_state import EmptyState
from gui.viewer.slice_view import SliceView
from gui.widgets.labels import make_label
from gui.widgets.palette import OverlayColours, Theme

HEADER = 32


class ComparePane(QFrame):
    """A slice view under a selector; `source_chosen` gives the key of what to lay over it."""

    source_chosen = Signal(str)
    run_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ComparePane")
        self.view = SliceView()
        self.empty = EmptyState(self.view)
        self.empty.acted.connect(self.run_asked)
        self._sources = QComboBox()
        self._sources.setAccessibleName("Compared with")
        self._sources.setProperty("flat", True)
        self._sources.currentIndexChanged.connect(self._on_chosen)
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
    def source(self) -> str:
        """The key of what is chosen."""
        return str(self._sources.currentData() or "")

    def set_sources(self, sources: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer sources as (key, title)."""
        blocker = QSignalBlocker(self._sources)
        self._sources.clear()
        for key, title in sources:
            self._sources.addItem(title, key)
        index = self._sources.findData(chosen)
        self._sources.setCurrentIndex(max(index, 0))
        blocker.unblock()

    def set_score(self, text: str) -> None:
        """Say the DSC of the whole volume."""
        self._score.setText(text)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        self.view.set_look(theme, overlays)
        self.empty.set_look(theme, overlays)

    def _on_chosen(self) -> None:
        self.source_chosen.emit(self.source)

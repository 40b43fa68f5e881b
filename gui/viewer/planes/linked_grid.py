"""One, two or four views side by side; the first is the one the reader works in."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui.viewer.planes.linked_pane import HEADER, LinkedPane
from gui.viewer.planes.swipe_pane import SwipePane
from gui.widgets.kept_keys import keys_kept
from gui.widgets.labels import make_label
from gui.widgets.palette import OverlayColours, Theme

_COMMANDS = {1: "one_view", 2: "two_views", 4: "four_views"}
_PLACES = {1: ((0, 0),), 2: ((0, 0), (0, 1)), 4: ((0, 0), (0, 1), (1, 0), (1, 1))}


class LinkedGrid(QWidget):
    """Lays panes around the main view; makes them when they are first wanted."""

    pane_added = Signal(object)
    swipe_added = Signal(object)
    layout_changed = Signal(int)

    def __init__(self, main: QWidget) -> None:
        super().__init__()
        self._main = main
        self._look: tuple[Theme, OverlayColours] | None = None
        self.panes: list[LinkedPane] = []
        self.swipe: SwipePane | None = None
        self._swiping = False
        self._count = 1
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self._title, self._score = make_label("", "section"), make_label("", "value")
        self._header = self._make_header()
        working = QWidget()
        column = QVBoxLayout(working)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(main, 1)
        self._grid.addWidget(working, 0, 0)

    @property
    def count(self) -> int:
        """How many views are shown."""
        return self._count

    @property
    def swiping(self) -> bool:
        """Whether a second mask is swiped over the main view."""
        return self._swiping

    @property
    def layout_name(self) -> str:
        """The id of the command that lays the views out as they are."""
        return "swipe_view" if self._swiping else _COMMANDS[self._count]

    def set_main(self, title: str, score: str) -> None:
        """Name what lies over the main view, and its DSC of the whole volume."""
        self._title.setText(title)
        self._score.setText(score)

    def _make_header(self) -> QWidget:
        header = QWidget()
        header.setFixedHeight(HEADER)
        row = QHBoxLayout(header)
        row.setContentsMargins(12, 0, 12, 0)
        self._left = make_label("Left of the line:", "caption")
        row.addWidget(self._left)
        row.addWidget(self._title)
        row.addStretch(1)
        row.addWidget(self._score)
        header.hide()
        return header

    def set_swipe(self) -> None:
        """Show one view with a line between two masks."""
        if self.swipe is None:
            self.swipe = SwipePane(self._main)
            if self._look is not None:
                self.swipe.set_look(*self._look)
            self._grid.addWidget(self.swipe, 2, 0)
            self.swipe_added.emit(self.swipe)
        self._show(1, swiping=True)

    def set_count(self, count: int) -> None:
        """Show one, two or four views."""
        self._show(count, swiping=False)

    def _show(self, count: int, *, swiping: bool) -> None:
        while len(self.panes) < count - 1:
            pane = LinkedPane()
            if self._look is not None:
                pane.set_look(*self._look)
            self.panes.append(pane)
            self.pane_added.emit(pane)
        self._count, self._swiping = count, swiping
        self._header.setVisible(count > 1 or swiping)
        self._left.setVisible(swiping)
        if self.swipe is not None:
            self.swipe.set_on(swiping)
        for pane, (row, column) in zip(self.panes, _PLACES[count][1:], strict=False):
            self._grid.addWidget(pane, row, column)
        with keys_kept(self, self._main):
            for number, pane in enumerate(self.panes, start=2):
                pane.setVisible(number <= count)
        for line in (0, 1):
            self._grid.setColumnStretch(line, 1 if line == 0 or count > 1 else 0)
            self._grid.setRowStretch(line, 1 if line == 0 or count > 2 else 0)
        self.layout_changed.emit(count)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        self._look = (theme, overlays)
        for pane in (*self.panes, *([self.swipe] if self.swipe is not None else [])):
            pane.set_look(theme, overlays)

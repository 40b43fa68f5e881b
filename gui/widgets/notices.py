"""A slim bar that says what is wrong with the case, without covering the image."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from core.domain.figure_text import counted
from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.labels import ElidedLabel, Glyph, make_wrapped_label
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.section import INSET
from gui.widgets.theme import OverlayColours, Theme

_HEIGHT = 30
_ICON = 14


class NoticeBar(QWidget):
    """The first of several sentences, the rest on demand; gone once dismissed or empty.

    Dismissed sentences stay away until others are set.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notices: tuple[str, ...] = ()
        self._theme = DARK
        self._glyph = Glyph("warning", size=_ICON)
        self._first = ElidedLabel("", "body")
        self._count = QPushButton()
        self._count.setCheckable(True)
        self._count.setProperty("link", True)
        self._count.setProperty("small", True)
        self._count.toggled.connect(self._on_count_toggled)
        self._close = QToolButton()
        self._close.setAccessibleName("Dismiss notices")
        self._close.setToolTip("Dismiss notices")
        self._close.clicked.connect(self.hide)
        self._list = QWidget()
        self._lines = QVBoxLayout(self._list)
        self._lines.setContentsMargins(INSET + _ICON + 8, 0, INSET, 8)
        self._lines.setSpacing(4)
        self._lay_out()
        self._list.hide()
        self.set_look(DARK, DEFAULT_OVERLAYS)
        self.hide()

    def set_notices(self, notices: Sequence[str]) -> None:
        """Say these sentences, the most important first."""
        if tuple(notices) == self._notices:
            return
        self._notices = tuple(notices)
        self._count.setChecked(False)
        self._first.setText(self._notices[0] if self._notices else "")
        self._count.setText(counted(len(self._notices), "notice"))
        self._count.setAccessibleName(f"Show {self._count.text()}")
        self._fill_list()
        self.setAccessibleName(" ".join(self._notices))
        self.setVisible(bool(self._notices))

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        del overlays
        self._theme = theme
        self._glyph.set_colour(theme.warn)
        self._close.setIcon(tinted_icon("close", tint=Tint.of(theme), size=_ICON))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.warnsoft))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(self._theme.line))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(INSET, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self._glyph)
        row.addWidget(self._first, 1)
        row.addStretch(0)  # Holds the place of the sentence while the list is open.
        row.addWidget(self._count)
        row.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 1)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._list)
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._count.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumHeight(_HEIGHT)

    def _fill_list(self) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            line = item.widget()
            if line is not None:
                line.hide()
                line.deleteLater()
        for notice in self._notices:
            self._lines.addWidget(make_wrapped_label(notice, "body"))

    def _on_count_toggled(self, shown: bool) -> None:
        self._list.setVisible(shown)
        # The open list begins with the sentence of the bar; once is enough.
        self._first.setVisible(not shown)

"""Finds words in a page of the guide: all of them marked, one after the other in view."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTextBrowser,
    QTextEdit,
    QWidget,
)

from gui.widgets.labels import make_label

_MARK, _HERE = "#FFB224", "#FF8A00"
_INK = "#15181C"


class PageSearch(QWidget):
    """A field over a page; Enter goes to the next place, Shift+Enter to the one before."""

    def __init__(self, browser: QTextBrowser) -> None:
        super().__init__()
        self._browser = browser
        self._places: list[QTextCursor] = []
        self._here = 0
        self.field = _Field()
        self.field.setPlaceholderText("Search this page")
        self.field.setAccessibleName("Search this page")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self.search)
        self.field.stepped.connect(self.step)
        self._count = make_label("", "caption")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.field, 1)
        row.addWidget(self._count)
        for text, step in (("Previous", -1), ("Next", 1)):
            button = QPushButton(text)
            button.setProperty("small", True)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, step=step: self.step(step))
            row.addWidget(button)
        browser.sourceChanged.connect(lambda _: self.search(self.field.text()))

    @property
    def found(self) -> str:
        """Which place of how many is in view; empty while nothing is searched."""
        return self._count.text()

    def focus(self) -> None:
        """Put the cursor into the field."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def search(self, words: str) -> None:
        """Mark every place where the words stand, and go to the first."""
        self._places, self._here = [], 0
        document = self._browser.document()
        found = document.find(words) if words.strip() else QTextCursor()
        while not found.isNull():
            self._places.append(QTextCursor(found))
            found = document.find(words, found)
        self._show()

    def step(self, step: int) -> None:
        """Go to another place, after the last one to the first."""
        if self._places:
            self._here = (self._here + step) % len(self._places)
            self._show()

    def _show(self) -> None:
        marks = []
        for number, place in enumerate(self._places):
            mark = QTextEdit.ExtraSelection()
            form = QTextCharFormat()
            form.setBackground(QColor(_HERE if number == self._here else _MARK))
            form.setForeground(QColor(_INK))
            mark.cursor, mark.format = place, form
            marks.append(mark)
        self._browser.setExtraSelections(marks)
        if self._places:
            shown = QTextCursor(self._places[self._here])
            shown.clearSelection()
            self._browser.setTextCursor(shown)
            self._browser.ensureCursorVisible()
        words = self.field.text().strip()
        there = f"{self._here + 1} of {len(self._places)}" if self._places else "not found"
        self._count.setText(there if words else "")


class _Field(QLineEdit):
    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.stepped.emit(-1 if back else 1)
            event.accept()
        else:
            super().keyPressEvent(event)

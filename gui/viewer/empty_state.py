"""What a pane says when it has nothing to draw: an icon, a title, a sentence, one button."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from gui.widgets.labels import Glyph, make_label, make_wrapped_label
from gui.widgets.palette import OverlayColours, Theme

_WIDTH = 360


class EmptyState(QWidget):
    """Lies over the image; hidden unless there is something to say."""

    acted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area = parent
        self.setAutoFillBackground(True)
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(10)
        self._glyph = Glyph("image", size=28)
        self._title = make_label("", "panel")
        self._sentence = make_wrapped_label("", "caption")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setFixedWidth(_WIDTH)
        self._button = QPushButton()
        self._button.clicked.connect(self.acted)
        for widget in (self._glyph, self._title, self._sentence, self._button):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._title.text()} {self._sentence.text()}" if not self.isHidden() else ""

    def say(self, title: str, sentence: str, *, icon: str = "image", button: str = "") -> None:
        """Say something, with a button when it has a text."""
        self._glyph.set_icon(icon)
        self._title.setText(title)
        self._sentence.setText(sentence)
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Cover the whole pane."""
        self.setGeometry(self._area.rect())

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme; the pane stays black, as the image is."""
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, theme.canvas)
        self.setPalette(palette)
        self._glyph.set_colour(theme.t3)

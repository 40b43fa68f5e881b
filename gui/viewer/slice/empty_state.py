"""What a pane says when it has nothing to draw: an icon, a title, a sentence, a button or two."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.widgets.labels import Glyph, make_wrapped_label
from gui.widgets.palette import OverlayColours, Theme

_WIDTH, _INSET = 420, 24
_NARROW = 200


class EmptyState(QWidget):
    """A card in the middle of a pane; hidden unless there is something to say."""

    acted = Signal()
    other_acted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area = parent
        self.setAutoFillBackground(True)
        self._glyph = Glyph("image", size=28)
        self._title = make_wrapped_label("", "panel")
        self._sentence = make_wrapped_label("", "body")
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self._title, self._sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._button, self._other = QPushButton(), QPushButton()
        self._button.clicked.connect(self.acted)
        self._other.clicked.connect(self.other_acted)
        self._card = self._make_card()
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._card)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._title.text()} {self._sentence.text()}" if not self.isHidden() else ""

    def say(
        self, title: str, sentence: str, *, icon: str = "image", button: str = "", other: str = ""
    ) -> None:
        """Say something; a button shows when it has a text, and so does the other one."""
        self._glyph.set_icon(icon)
        self._title.setText(title)
        self._sentence.setText(sentence)
        for widget, text in ((self._button, button), (self._other, other)):
            widget.setText(text)
            widget.setVisible(bool(text))
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Cover the whole pane; the card is as wide as it allows; a low one has no icon."""
        self.setGeometry(self._area.rect())
        width = max(min(_WIDTH, self.width() - _INSET), _NARROW)
        self._card.setFixedWidth(width)
        layout = self._card.layout()
        assert layout is not None
        for shown in (True, False):
            self._glyph.setVisible(shown)
            layout.invalidate()
            if layout.totalHeightForWidth(width) <= self.height():
                return

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme; around the card the pane stays black, as the image is."""
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, theme.canvas)
        self.setPalette(palette)
        self._glyph.set_colour(theme.t3)

    def _make_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in (self._button, self._other):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(card)
        column.setContentsMargins(_INSET, _INSET - 2, _INSET, _INSET - 4)
        column.setSpacing(10)
        column.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._title)
        column.addWidget(self._sentence)
        column.addLayout(buttons)
        return card

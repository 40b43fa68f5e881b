"""A selector that is as wide as what it says, so that its neighbours have room."""

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QComboBox

from gui.widgets.theme import app_font

_INSET = 5
_ARROW = 31
_WEIGHT = 600


class FittedChoice(QComboBox):
    """A selector without a frame; `most` is the width in pixels at which its text is cut."""

    def __init__(self, name: str, *, tip: str, most: int = 10_000) -> None:
        super().__init__()
        self._most = most
        self.setProperty("flat", True)
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setStyleSheet(f"QComboBox {{ padding: 0 0 0 {_INSET}px; font-weight: {_WEIGHT}; }}")
        self.currentIndexChanged.connect(lambda _: self.fit())

    def fit(self) -> None:
        """Take the width of the text that is chosen now."""
        self.setFixedWidth(min(_wide(self.currentText()), self._most))

    def showPopup(self) -> None:
        """Open the list as wide as its longest text."""
        texts = (self.itemText(index) for index in range(self.count()))
        self.view().setMinimumWidth(max(map(_wide, texts), default=0))
        super().showPopup()


def _wide(text: str) -> int:
    return _INSET + QFontMetrics(app_font(weight=_WEIGHT)).horizontalAdvance(text) + _ARROW

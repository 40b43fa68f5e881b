"""The search field of the worklist."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit

from gui.widgets.icons import icon, pixmap
from gui.widgets.palette import DARK, Theme
from gui.worklist.worklist_query import with_term

_ICON = 16


class SearchField(QLineEdit):
    """A field that Esc and a cross clear; an empty one leaves Esc to the window."""

    def __init__(self) -> None:
        super().__init__()
        self._icon_colour = DARK.t3
        self.setTextMargins(_ICON + 1, 0, 0, 0)
        self.setPlaceholderText("Case or dsc<0.8")
        self.setAccessibleName("Find a case")
        self.setToolTip(
            "Find by case, caption or note: Enter opens the first, Esc clears.\n"
            "dsc<0.8 hd95>10 rating:1-2 status:rejected model:unet lists what fits all of it."
        )
        self._clear = self.addAction(
            icon("cross", colour=DARK.t3, size=_ICON), QLineEdit.ActionPosition.TrailingPosition
        )
        self._clear.setToolTip("Clear (Esc)")
        self._clear.triggered.connect(self.clear)
        self._clear.setVisible(False)
        self.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._icon_colour = theme.t3
        self._clear.setIcon(icon("cross", colour=theme.t3, size=_ICON))
        self.update()

    def put_term(self, name: str, value: str) -> None:
        """Ask for `value` of `name`, and select it to be typed over."""
        self.setText(with_term(self.text(), name, value))
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.setSelection(len(self.text()) - len(value), len(value))

    def event(self, event: QEvent) -> bool:
        # The window may have Esc as a shortcut, which would come first.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self.text()
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            event.accept()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        drawn = pixmap("search", self._icon_colour, _ICON, self.devicePixelRatioF())
        QPainter(self).drawPixmap(7, (self.height() - _ICON) // 2, drawn)

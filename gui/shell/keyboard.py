"""What the keyboard means in a window: Space held hides the overlays, text fields get letters."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from gui.shell.actions import is_typing

_KEYS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
_BY_HAND = (
    Qt.FocusReason.MouseFocusReason,
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class Keyboard(QObject):
    """Follows Space and the focus of one window, whichever of its widgets they reach.

    Space belongs to a text field, and to a button that Tab has reached; a button that was clicked
    leaves it to the overlays, for a reader who clicks goes on looking at the image.
    """

    space_held = Signal(bool)
    typing_changed = Signal(bool)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._held = self._typing = self._clicked = False
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _KEYS and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            return self._take_space(event)
        if kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self._follow_focus(event.reason())
        elif kind == QEvent.Type.WindowDeactivate and watched is self._window:
            self._hold(False)
        return False

    def _take_space(self, event: QKeyEvent) -> bool:
        """Return whether the key means the overlays; its release ends what its press began."""
        pressed = event.type() == QEvent.Type.KeyPress
        if not self._held and (not pressed or self._is_wanted_elsewhere()):
            return False
        if not event.isAutoRepeat():
            self._hold(pressed)
        return True

    def _is_wanted_elsewhere(self) -> bool:
        if not self._window.isActiveWindow():
            return True
        if QApplication.activeModalWidget() or QApplication.activePopupWidget():
            return True
        control = isinstance(QApplication.focusWidget(), QAbstractButton | QComboBox)
        return is_typing() or (control and not self._clicked)

    def _hold(self, held: bool) -> None:
        if held != self._held:
            self._held = held
            self.space_held.emit(held)

    def _follow_focus(self, reason: Qt.FocusReason) -> None:
        if reason in _BY_HAND:
            self._clicked = reason == Qt.FocusReason.MouseFocusReason
        typing = is_typing()
        if typing != self._typing:
            self._typing = typing
            self.typing_changed.emit(typing)

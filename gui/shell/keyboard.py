"""What the keyboard means in a window, wherever its focus was left.

Space held hides the overlays, Enter presses what Tab has reached, text fields get letters.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget
from shiboken6 import isValid

from gui.shell.actions import is_typing
from gui.shell.key_places import key_at

_KEYS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
_ENTERING = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
_FOLLOWED = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyRelease)
_ACTIVATIONS = (QEvent.Type.WindowActivate, QEvent.Type.WindowDeactivate)
_NO_KEY = Qt.KeyboardModifier.NoModifier
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_BY_TAB = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
_BY_HAND = (*_BY_TAB, Qt.FocusReason.MouseFocusReason, Qt.FocusReason.ShortcutFocusReason)


class Keyboard(QObject):
    """Follows Space, Enter and the focus of one window, whichever of its widgets they reach.

    Space belongs to the overlays, but in a text field and in another window. A control that Tab or
    F6 has reached is pressed by Enter; one that was clicked is not, and Enter is a command there.
    A control that is taken away under the focus hands it to whatever comes next, which may be what
    stops a run: `thrown` says so, so that it can be given to the image.
    """

    thrown = Signal()
    space_held = Signal(bool)
    typing_changed = Signal(bool)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._held = self._typing = self._reached = False
        self._left: QWidget | None = None
        self._released = (0, 0)
        self._repeats = False
        self.meant: Callable[[str], bool] = lambda _: False
        self._active = False
        self._watched: QObject | None = None
        window.installEventFilter(self)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow_widget)
        self._follow(window.isActiveWindow())

    @property
    def repeats(self) -> bool:
        """Whether the key that is down was not pressed anew, but is held and repeats itself.

        On X, and under load, a repetition arrives as a release and a press of the same moment, and
        neither is called one.
        """
        return self._repeats

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The class of an event tells enough of nearly all of them, and asking for its type takes
        # many times as long.
        if isinstance(event, QKeyEvent):
            return self._active and self._take_key(watched, event)
        if isinstance(event, QFocusEvent):
            if self._active:
                self._note_focus(watched, event)
        elif watched is self._window and event.type() in _ACTIVATIONS:
            self._follow(event.type() == QEvent.Type.WindowActivate)
        return False

    def _follow(self, active: bool) -> None:
        """Watch what has the focus while the window is active."""
        self._active = active
        self._follow_widget()
        if not active:
            self._hold(False)

    def _follow_widget(self) -> None:
        """Watch the widget that gets the keys; without one they come to the window.

        Every event of the program would come by here, were the program itself watched. That is done
        only until a widget gets the focus, for nothing else tells how it came there.
        """
        watched: QObject | None = None
        if self._active:
            watched = QApplication.focusWidget() or QApplication.instance()
        if watched is self._watched:
            return
        before, self._watched = self._watched, watched
        if before is not None and before is not self._window and isValid(before):
            before.removeEventFilter(self)
        if watched is not None and watched is not self._window:
            watched.installEventFilter(self)

    def _take_key(self, watched: QObject, event: QKeyEvent) -> bool:
        """Return whether a key ends here."""
        kind = event.type()
        if kind in _FOLLOWED:
            self._follow_repetition(event)
        if kind in _KEYS and event.key() == Qt.Key.Key_Space:
            return self._take_space(event)
        if kind in _ENTERING and event.key() in _ENTER:
            return self._take_enter(watched, event)
        return kind == QEvent.Type.KeyPress and self._take_place(event)

    def _note_focus(self, watched: QObject, event: QFocusEvent) -> None:
        kind = event.type()
        if kind == QEvent.Type.FocusOut and isinstance(watched, QWidget):
            self._left = watched
            self._follow_widget()  # the next one has it by now, and is told so next
        elif kind == QEvent.Type.FocusIn:
            self._follow_focus(event.reason())
            self._tell_thrown(watched, event.reason())

    def _follow_repetition(self, event: QKeyEvent) -> None:
        told, now = event.isAutoRepeat(), (event.key(), event.timestamp())
        if event.type() == QEvent.Type.KeyRelease:
            self._released, self._repeats = now, told
        else:
            self._repeats = told or (now == self._released and event.timestamp() > 0)

    def _tell_thrown(self, watched: QObject, reason: Qt.FocusReason) -> None:
        left, self._left = self._left, None
        if left is None or not isValid(left) or reason not in _BY_TAB:
            return
        there = left.isEnabled() and not left.isHidden()
        if not there and isinstance(watched, QWidget) and watched.window() is self._window:
            self._reached = False
            self.thrown.emit()

    def _take_place(self, event: QKeyEvent) -> bool:
        """Return whether a key that no command has means one by its place."""
        key = key_at(event)
        if not key or is_typing() or not self._window.isActiveWindow():
            return False
        return self.meant(key)

    def _take_space(self, event: QKeyEvent) -> bool:
        """Return whether the key means the overlays; its release ends what its press began."""
        pressed = event.type() == QEvent.Type.KeyPress
        if not self._held and (not pressed or self._is_wanted_elsewhere()):
            return False
        if not event.isAutoRepeat():
            self._hold(pressed)
        return True

    def _is_elsewhere(self) -> bool:
        if not self._window.isActiveWindow():
            return True
        return bool(QApplication.activeModalWidget() or QApplication.activePopupWidget())

    def _is_wanted_elsewhere(self) -> bool:
        if self._is_elsewhere():
            return True
        return is_typing()

    def _take_enter(self, watched: QObject, event: QKeyEvent) -> bool:
        """Press the control that Tab has reached, in place of what Enter means elsewhere."""
        control = QApplication.focusWidget()
        plain = event.modifiers() in (_NO_KEY, Qt.KeyboardModifier.KeypadModifier)
        if not (self._reached and plain and watched is control) or self._is_elsewhere():
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            wanted = isinstance(control, QAbstractButton | QComboBox)
            if wanted:
                event.accept()
            return wanted
        if isinstance(control, QComboBox):
            control.showPopup()
        elif isinstance(control, QAbstractButton):
            control.click()
        else:
            return False
        return True

    def _hold(self, held: bool) -> None:
        if held != self._held:
            self._held = held
            self.space_held.emit(held)

    def _follow_focus(self, reason: Qt.FocusReason) -> None:
        if reason in _BY_HAND:
            self._reached = reason in _BY_TAB
        typing = is_typing()
        if typing != self._typing:
            self._typing = typing
            self.typing_changed.emit(typing)

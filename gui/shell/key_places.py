"""Keys by their place: digits rate and size a brush on layouts that print other signs there."""

import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

_DIGITS = "1234567890"
_BRACKETS = "[]"
# By the number that the system gives a key, wherever it stands on every keyboard of the world.
_X11 = {**dict(zip(range(10, 20), _DIGITS, strict=True)), 34: "[", 35: "]"}
_WINDOWS = {**dict(zip(range(2, 12), _DIGITS, strict=True)), 26: "[", 27: "]"}
_MACOS = dict(
    zip((18, 19, 20, 21, 23, 22, 26, 28, 25, 29, 33, 30), _DIGITS + _BRACKETS, strict=True)
)
_MODIFIERS = {
    Qt.KeyboardModifier.NoModifier: "",
    Qt.KeyboardModifier.ControlModifier: "Ctrl+",
    Qt.KeyboardModifier.AltModifier: "Alt+",
}


def key_at(event: QKeyEvent) -> str:
    """Return the key a command may have that stands where this one does; empty for all others.

    On a French keyboard the key of 1 gives "&" without Shift, on a German one that of [ gives "ü".
    """
    if event.isAutoRepeat() or event.modifiers() not in _MODIFIERS:
        return ""
    if sys.platform == "darwin":
        sign = _MACOS.get(event.nativeVirtualKey(), "")
    else:
        places = _WINDOWS if sys.platform == "win32" else _X11
        sign = places.get(event.nativeScanCode(), "")
    if not sign or event.key() == ord(sign):
        return ""  # what it prints was asked for by itself
    return _MODIFIERS[event.modifiers()] + sign

"""Who the keys go to when the part that had them is hidden."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


@contextmanager
def keys_kept(area: QWidget, heir: QWidget) -> Iterator[None]:
    """Let `heir` have the keys if what had them in `area` is hidden meanwhile.

    Qt would hand them to whatever comes next in the window, and `Enter` would press that.
    """
    holder = QApplication.focusWidget()
    inside = holder is not None and area.isAncestorOf(holder)
    yield
    if inside and holder is not None and not holder.isVisible():
        heir.setFocus(Qt.FocusReason.OtherFocusReason)

"""A choice that the wheel passes over: it belongs to what lies below, most often the slices."""

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox


class QuietChoice(QComboBox):
    """A combo box that changes by a click or a key alone."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

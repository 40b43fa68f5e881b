"""Keeps a dialog as tall as its words need at its width."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QDialog


class RoomForWords(QObject):
    """Makes a dialog taller where wrapped words need more lines; it never makes it lower.

    A layout counts a wrapped label as one wide line or two when it says how small it may be, and
    squeezes what stands below until fields lie over each other.
    """

    def __init__(self, dialog: QDialog) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        dialog.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.Show):
            self._fit()
        return False

    def _fit(self) -> None:
        layout = self._dialog.layout()
        if layout is None or not layout.hasHeightForWidth():
            return
        needed = layout.totalHeightForWidth(self._dialog.width())
        self._dialog.setMinimumHeight(needed)

"""The panel at the left: beside the image where there is room, over it where there is not."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.shell.regions import within

WIDTH, RAIL = 272, 57
NARROWEST, WIDEST = 240, 400
_MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show)


class SidePanel(QObject):
    """Lays `panel` over `room`, its place in the splitter, so that nothing beside it moves for it.

    In a narrow window the room is a rail. Unfolded, the panel lies over the image until `left`
    says that something else was pressed, or Esc.
    """

    left = Signal()

    def __init__(self, panel: QWidget, room: QWidget) -> None:
        super().__init__(room)
        self._panel, self._room = panel, room
        self._over = False
        room.installEventFilter(self)

    def set_narrow(self, narrow: bool) -> None:
        """Make the room a rail, or as wide as the reader likes it."""
        self._room.setMinimumWidth(RAIL if narrow else NARROWEST)
        self._room.setMaximumWidth(RAIL if narrow else WIDEST)

    def lay_over(self, over: bool) -> None:
        """Unfold the panel over the image, or fold it to its room again."""
        if over != self._over:
            self._over = over
            application = QApplication.instance()
            if application is not None:
                change = application.installEventFilter if over else application.removeEventFilter
                change(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._room and event.type() in _MOVES:
            self._place()
        elif self._over and (self._is_press_beside(watched, event) or _is_escape(event)):
            event.accept()
            self.left.emit()
        return False

    def _is_press_beside(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.MouseButtonPress or not isinstance(watched, QWidget):
            return False
        return watched.window() is self._panel.window() and not within(self._panel, watched)

    def _place(self) -> None:
        whole = self._panel.parentWidget()
        if whole is None:
            return
        corner = self._room.mapTo(whole, QPoint(0, 0))
        width = WIDTH if self._over else self._room.width()
        self._panel.setGeometry(QRect(corner.x(), corner.y(), width, self._room.height()))
        self._panel.raise_()


def _is_escape(event: QEvent) -> bool:
    override = event.type() == QEvent.Type.ShortcutOverride
    return override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape

"""Two masks over one image: a line that is dragged, the working view left of it, another right."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.viewer.planes.linked_pane import LinkedPane
from gui.viewer.slice.empty_state import EmptyState
from gui.widgets.labels import make_label
from gui.widgets.palette import DARK, OverlayColours, Theme

_GRIP = 11
_GRIP_HEIGHT = 36
_NARROWEST = 0.02


class SwipePane(LinkedPane):
    """A bar with a selector; its slice view lies over `main`, cut off at the line."""

    def __init__(self, main: QWidget) -> None:
        super().__init__()
        self._main = main
        self._share = 0.5
        self.header_row.insertWidget(0, make_label("Right of the line:", "caption"))
        self._clip = QWidget(main)
        self._clip.setObjectName("SwipeClip")
        self.view.setParent(self._clip)
        self.empty.deleteLater()
        self.empty = EmptyState(self._clip)
        self.empty.acted.connect(self.run_asked)
        self.line = _SwipeLine(main)
        self.line.dragged.connect(self._on_dragged)
        main.installEventFilter(self)
        self.set_on(False)

    @property
    def share(self) -> float:
        """Where the line is: 0 at the left edge of the image, 1 at the right."""
        return self._share

    def set_share(self, share: float) -> None:
        """Move the line."""
        self._share = min(max(share, _NARROWEST), 1.0 - _NARROWEST)
        self._place()

    def set_on(self, on: bool) -> None:
        """Show or hide bar, line and view."""
        for part in (self, self._clip, self.line):
            part.setVisible(on)
        self._place()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        super().set_look(theme, overlays)
        self.line.set_theme(theme)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._main and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _on_dragged(self, x: int) -> None:
        self.set_share(x / max(self._main.width(), 1))

    def _place(self) -> None:
        width, height = self._main.width(), self._main.height()
        x = round(self._share * width)
        self._clip.setGeometry(x, 0, width - x, height)
        # As large as the view below it, so that a voxel lies on the same voxel.
        self.view.setGeometry(-x, 0, width, height)
        self.line.setGeometry(x - _GRIP // 2, 0, _GRIP, height)
        self.line.raise_()
        self.empty.place()


class _SwipeLine(QWidget):
    """The line and its grip; says where the pointer drags it to, in pixels of its parent."""

    dragged = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = DARK
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAccessibleName("Line between the two masks")
        self.setToolTip("Drag the line: left of it the model in use, right of it the other")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(round(self.mapToParent(event.position()).x()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle = self.width() // 2
        painter.fillRect(middle - 1, 0, 3, self.height(), QColor(0, 0, 0, 120))
        painter.fillRect(middle, 0, 1, self.height(), QColor(self._theme.acc))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.acc))
        top = (self.height() - _GRIP_HEIGHT) // 2
        painter.drawRoundedRect(middle - 3, top, 7, _GRIP_HEIGHT, 3, 3)

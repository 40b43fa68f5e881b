"""The panel at the right: the review at its foot, always whole, and above it what scrolls."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

_ALL = 1000


class Inspector(QFrame):
    """Stacks panels above `foot`, which nothing that comes late can move.

    The `panels` fill what is in view there; one reaches the `further` ones by scrolling.
    """

    def __init__(
        self, panels: Sequence[QWidget], further: Sequence[QWidget], foot: QWidget
    ) -> None:
        super().__init__()
        self.setObjectName("Inspector")
        content, self._in_view = QWidget(), _InView()
        stack, whole = _column(self._in_view), _column(content)
        for panel in panels:
            stack.addWidget(panel)
        stack.setStretchFactor(panels[-1], _ALL)  # the rest is for when that is folded
        stack.addStretch(1)
        for panel in (self._in_view, *further):
            whole.addWidget(panel)
        whole.addStretch(0)
        self._scroll = scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        scroll.setMinimumHeight(0)
        scroll.viewport().installEventFilter(self)
        column = _column(self)
        column.addWidget(scroll, 1)
        rule = QFrame()
        rule.setProperty("rule", "horizontal")
        column.addWidget(rule)
        column.addWidget(foot)

    def bring_into_view(self, panel: QWidget) -> None:
        """Scroll until a panel is seen, as far as there is room for it."""
        self._scroll.ensureWidgetVisible(panel, 0, 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._scroll.viewport():
            self._in_view.fill(self._scroll.viewport().height())
        return super().eventFilter(watched, event)


class _InView(QWidget):
    """As high as what is in view, and higher where its panels need more: none is squeezed."""

    def __init__(self) -> None:
        super().__init__()
        self._room = 0

    def fill(self, height: int) -> None:
        self._room = height
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        # A minimum that is set stands above what the layout asks for.
        self.setMinimumHeight(max(self._room, self.sizeHint().height()))


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column

"""The panel at the right: the review at its foot, always whole, and above it what scrolls."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget


class Inspector(QFrame):
    """Stacks `panels` in what is left above `foot`, which nothing that comes late can move."""

    def __init__(self, panels: Sequence[QWidget], foot: QWidget) -> None:
        super().__init__()
        self.setObjectName("Inspector")
        content = QWidget()
        stack = _column(content)
        for panel in panels:
            stack.addWidget(panel)
        stack.addStretch(0)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(0)
        column = _column(self)
        column.addWidget(scroll, 1)
        rule = QFrame()
        rule.setProperty("rule", "horizontal")
        column.addWidget(rule)
        column.addWidget(foot)


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column

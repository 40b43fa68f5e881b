"""The narrow rail of tools beside the image."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from gui.shell.commands import BY_ID, Keys, tooltip
from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.palette import OverlayColours, Theme

WIDTH = 44
_EDGE, _LOWEST, _AROUND = 32, 22, 34
TOOLS = (
    "pan_tool",
    "window_tool",
    "ruler_tool",
    "brush_tool",
    "eraser_tool",
    "threshold_tool",
    "lasso_tool",
    "fill_tool",
    "smart_tool",
    "guided_tool",
    "component_tool",
)
_TOP = (*TOOLS, "interpolate", "undo", "redo")
_GAPS_AFTER = frozenset({"ruler_tool", "interpolate"})
_BOTTOM = ("fit", "shortcuts")


class ToolRail(QFrame):
    """Buttons for the tools; each asks for a command by id."""

    command_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ToolRail")
        self.setFixedWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 6, 10)
        column.setSpacing(2)
        self._buttons = {name: self._button(name) for name in (*_TOP, *_BOTTOM)}
        for name in _TOP:
            column.addWidget(self._buttons[name])
            if name in _GAPS_AFTER:
                column.addSpacing(8)
        column.addStretch(1)
        for name in _BOTTOM:
            column.addWidget(self._buttons[name])

    def set_tool(self, command: str) -> None:
        """Mark the tool in hand."""
        for name in TOOLS:
            self._buttons[name].setChecked(name == command)

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to commands."""
        for name, button in self._buttons.items():
            button.setToolTip(tooltip(name, changed))

    def enable(self, command: str, enabled: bool) -> None:
        """Say whether a command can be done now."""
        self._buttons[command].setEnabled(enabled)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        for name, button in self._buttons.items():
            button.setIcon(tinted_icon(BY_ID[name].icon, tint=Tint.of(theme), size=20))

    def minimumSizeHint(self) -> QSize:
        return QSize(WIDTH, len(_TOP) * (_LOWEST + 2) + _AROUND)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        every = self.minimumSizeHint().height() + len(_BOTTOM) * (_LOWEST + 2)
        for name in _BOTTOM:  # which the menus have too
            self._buttons[name].setVisible(self.height() >= every)

    def _button(self, name: str) -> QToolButton:
        button = _ToolButton()
        button.setCheckable(name in TOOLS)
        button.setIconSize(QSize(20, 20))
        button.setToolTip(tooltip(name))
        button.setAccessibleName(tooltip(name))
        button.clicked.connect(lambda: self.command_asked.emit(name))
        return button


class _ToolButton(QToolButton):
    """A square, lower where the window is low: no tool is ever outside."""

    def sizeHint(self) -> QSize:
        return QSize(_EDGE, _EDGE)

    def minimumSizeHint(self) -> QSize:
        return QSize(_EDGE, _LOWEST)

"""The layouts of the views as buttons, or as a menu where there is no room for them."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from gui.shell.actions import Actions
from gui.shell.commands import BY_ID, Keys, tooltip
from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.palette import Theme

LAYOUTS = ("one_view", "two_views", "four_views", "planes_view", "swipe_view")
_ICON = QSize(16, 16)


class LayoutChoice(QWidget):
    """Asks for a layout by the id of its command; `set_layout` says which one holds."""

    asked = Signal(str)

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._theme: Theme | None = None
        self._layout_shown = LAYOUTS[0]
        self._buttons = {name: self._button(name) for name in LAYOUTS}
        self._frame = QFrame()
        self._frame.setProperty("segments", True)
        self._frame.setAccessibleName("Layout")
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(2, 2, 2, 2)
        inside.setSpacing(2)
        group = QButtonGroup(self)
        for button in self._buttons.values():
            group.addButton(button)
            inside.addWidget(button)
        menu = QMenu(self)
        for name in LAYOUTS:
            menu.addAction(actions[name])
        self._folded = QToolButton()
        self._folded.setIconSize(_ICON)
        self._folded.setMenu(menu)
        self._folded.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._folded.setToolTip("Layout of the views")
        self._folded.setAccessibleName("Layout of the views")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for part in (self._frame, self._folded):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        self.set_compact(False)
        self.set_layout(self._layout_shown)

    def set_layout(self, command: str) -> None:
        """Mark the layout that holds."""
        self._layout_shown = command
        self._buttons[command].setChecked(True)
        self._paint()

    def set_compact(self, compact: bool) -> None:
        """Fold to a menu, or show every layout."""
        self._frame.setVisible(not compact)
        self._folded.setVisible(compact)

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to commands."""
        for name, button in self._buttons.items():
            button.setToolTip(tooltip(name, changed))

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        self._paint()

    def _paint(self) -> None:
        if self._theme is None:
            return
        tint = Tint.of(self._theme)
        for name, button in self._buttons.items():
            button.setIcon(tinted_icon(BY_ID[name].icon, tint=tint, size=_ICON.width()))
        shown = BY_ID[self._layout_shown].icon
        self._folded.setIcon(tinted_icon(shown, tint=tint, size=_ICON.width()))

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("segment", True)
        button.setCheckable(True)
        button.setIconSize(_ICON)
        button.setToolTip(tooltip(name))
        button.setAccessibleName(BY_ID[name].text)
        button.clicked.connect(lambda: self.asked.emit(name))
        return button

"""The card over the image that holds the settings of the tool in hand."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from gui.annotation.tool_settings import LARGEST, SMALLEST, ToolSettings
from gui.shell.commands import BY_ID, Keys, keys_of
from gui.viewer.touch import ROUND, VIEWING, Tool
from gui.widgets.labels import make_label
from gui.widgets.segments import Segments

_WIDTH = 236
_PLACE = (10, 92)
_RANGED = {"threshold": "window", "fill": "tolerance"}
_TITLES = {"window": "Window", "tolerance": "Tolerance"}
_SOLID = frozenset({"fill", "smart"})
_HINTS: dict[str, str] = {
    "brush": "Right button or Ctrl does the opposite. Shift+Wheel changes the size.",
    "eraser": "Right button or Ctrl paints. Shift+Wheel changes the size.",
    "threshold": "Paints only voxels as bright as the first one, within the window.",
    "lasso": "Drag around a region, or click its corners and double-click the last.",
    "fill": "Fills voxels connected to the first one, within the tolerance.",
    "smart": "Scribble inside and outside the lesion, then complete.",
    "component": "Click a predicted lesion to take it; right-click a corrected one to delete it.",
}


class ToolCard(QFrame):
    """Shows the settings of one tool; hidden for the tools that only look."""

    changed = Signal(str, object)
    complete_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("ToolCard")
        self.setProperty("card", True)
        self.setFixedWidth(_WIDTH)
        self._tool: Tool = "pan"
        self._keys: Keys = {}
        self._title, self._key = make_label("", "section"), make_label("", "caption")
        self._size = _Range("Size", "px", SMALLEST, LARGEST, self._emit("size"))
        self._range = _Range("Window", "±", 1, 127, lambda value: self._on_range(value))
        self._range_name = "window"
        self._mode = Segments(("Add", "Remove"), name="The tool")
        self._mode.chosen.connect(lambda index: self.changed.emit("remove", bool(index)))
        self._scribble = Segments(("Inside", "Outside"), name="Scribble")
        self._scribble.chosen.connect(lambda index: self.changed.emit("remove", bool(index)))
        self._solid = QCheckBox("Through all slices")
        self._solid.clicked.connect(lambda on: self.changed.emit("volumetric", bool(on)))
        self._complete = QPushButton("Complete (Enter)")
        self._complete.clicked.connect(self.complete_asked)
        self._hint = make_label("", "caption")
        self._hint.setWordWrap(True)
        self._lay_out()
        self.hide()

    def show_tool(self, tool: Tool, settings: ToolSettings) -> None:
        """Show what `tool` can be set to."""
        self.setVisible(tool not in VIEWING)
        if tool in VIEWING:
            return
        self._tool = tool
        self._title.setText(BY_ID[f"{tool}_tool"].text)
        self._show_key()
        self._size.setVisible(tool in ROUND)
        self._size.show_value(settings.size)
        self._range.setVisible(tool in _RANGED)
        self._range_name = _RANGED.get(tool, "window")
        self._range.set_title(_TITLES[self._range_name])
        self._range.show_value(getattr(settings, self._range_name))
        self._mode.setVisible(tool in {"brush", "threshold", "lasso", "fill"})
        self._scribble.setVisible(tool == "smart")
        for segments in (self._mode, self._scribble):
            blocker = QSignalBlocker(segments)
            segments.set_index(int(settings.remove))
            blocker.unblock()
        self._solid.setVisible(tool in _SOLID)
        self._solid.setChecked(settings.volumetric)
        self._complete.setVisible(tool == "smart")
        self._hint.setText(_HINTS.get(tool, ""))
        self.adjustSize()
        self.move(*_PLACE)
        self.raise_()

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to tools."""
        self._keys = changed
        self._show_key()

    def _show_key(self) -> None:
        self._key.setText("  ".join(keys_of(f"{self._tool}_tool", self._keys)[:1]))

    def _on_range(self, value: int) -> None:
        self.changed.emit(self._range_name, value)

    def _emit(self, name: str) -> Callable[[int], None]:
        return lambda value: self.changed.emit(name, value)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._key)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        for slider in (self._size, self._range):
            column.addWidget(slider)
        for choice in (self._mode, self._scribble):
            column.addWidget(choice, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (self._solid, self._complete, self._hint):
            column.addWidget(part)


class _Range(QWidget):
    """A named slider that says its value."""

    def __init__(
        self, title: str, unit: str, low: int, high: int, moved: Callable[[int], None]
    ) -> None:
        super().__init__()
        self._unit = unit
        self._title = make_label(title, "caption")
        self._title.setFixedWidth(58)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(low, high)
        self._slider.setAccessibleName(title)
        self._value = QLabel()
        self._value.setFixedWidth(46)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._slider.valueChanged.connect(lambda value: self._on_moved(value, moved))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self._title, self._slider, self._value):
            row.addWidget(widget)

    def set_title(self, title: str) -> None:
        self._title.setText(title)
        self._slider.setAccessibleName(title)

    def show_value(self, value: int) -> None:
        blocker = QSignalBlocker(self._slider)
        self._slider.setValue(value)
        blocker.unblock()
        self._say(value)

    def _on_moved(self, value: int, moved: Callable[[int], None]) -> None:
        self._say(value)
        moved(value)

    def _say(self, value: int) -> None:
        self._value.setText(
            f"{self._unit}{value}" if self._unit == "±" else f"{value} {self._unit}"
        )

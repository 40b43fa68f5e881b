"""The settings of guided clicks, on the tool card."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import counted
from gui.annotation.correction.named_slider import NamedSlider
from gui.annotation.correction.tool_settings import DragKind, Reach, ToolSettings
from gui.widgets.labels import make_label
from gui.widgets.segments import Segments

_REACHES: tuple[Reach, ...] = ("slice", "lesion", "step")
_DRAGS: tuple[DragKind, ...] = ("scribble", "box")
_PARTS = 100
_MOST_STEPS = 50
_BACK = "Last click back (Backspace)"
_BELOW, _BESIDE = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight


class GuidedSettings(QWidget):
    """What a click does, how far it goes, and the two verbs of the clicks in hand."""

    changed = Signal(str, object)
    accept_asked = Signal()
    back_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = Segments(("Add", "Take away"), name="A click")
        self._mode.chosen.connect(lambda index: self.changed.emit("remove", bool(index)))
        self._reach = Segments(("Slice", "Lesion", "Step"), name="Reach")
        self._reach.chosen.connect(lambda index: self.changed.emit("reach", _REACHES[index]))
        self._steps = QSpinBox()
        self._steps.setRange(1, _MOST_STEPS)
        self._steps.setPrefix("±")
        self._steps.setAccessibleName("Slices to each side")
        self._steps.valueChanged.connect(lambda count: self.changed.emit("steps", count))
        self._strength = NamedSlider("Strength", 0, _PARTS, lambda part: f"{part / _PARTS:.2f}")
        self._strength.moved.connect(lambda part: self.changed.emit("strength", part / _PARTS))
        self._drag = Segments(("Scribble", "Box"), name="A drag")
        self._drag.chosen.connect(lambda index: self.changed.emit("drag", _DRAGS[index]))
        self._inside = QCheckBox("Keep inside brain")
        self._inside.setToolTip(
            "Nothing is added where the image is empty: outside the brain of a stripped image, "
            "outside the head of another"
        )
        self._inside.clicked.connect(lambda on: self.changed.emit("inside", bool(on)))
        self._accept = QPushButton("Accept (Enter)")
        self._accept.clicked.connect(self.accept_asked)
        self._back = QPushButton(_BACK)
        self._back.clicked.connect(self.back_asked)
        self._verbs = QBoxLayout(_BELOW)
        self._verbs.setSpacing(8)
        self._verbs.addWidget(self._accept, 1)
        self._verbs.addWidget(self._back)
        self._low, self._count = False, 0
        self._lay_out()
        self.show_clicks(0)

    def show_settings(self, settings: ToolSettings) -> None:
        """Show how clicks are set."""
        for widget, index in (
            (self._mode, int(settings.remove)),
            (self._reach, _REACHES.index(settings.reach)),
            (self._drag, _DRAGS.index(settings.drag)),
        ):
            blocker = QSignalBlocker(widget)
            widget.set_index(index)
            blocker.unblock()
        blocker = QSignalBlocker(self._steps)
        self._steps.setValue(settings.steps)
        blocker.unblock()
        self._steps.setVisible(settings.reach == "step")
        self._strength.show_value(round(settings.strength * _PARTS))
        self._inside.setChecked(settings.inside)

    def set_low(self, low: bool) -> None:
        """Put the two verbs beside each other, for a low card, in short words."""
        self._low = low
        self._verbs.setDirection(_BESIDE if low else _BELOW)
        self._back.setText("Back" if low else _BACK)
        self._back.setToolTip(_BACK if low else "")
        self._say_count()

    def show_clicks(self, count: int) -> None:
        """Say how many clicks there are to be accepted."""
        self._count = count
        self._say_count()
        for button in (self._accept, self._back):
            button.setEnabled(count > 0)

    def _say_count(self) -> None:
        many = str(self._count) if self._low else counted(self._count, "click")
        self._accept.setText(f"Accept {many} (Enter)" if self._count else "Accept (Enter)")

    def _lay_out(self) -> None:
        reach = QHBoxLayout()
        reach.setContentsMargins(0, 0, 0, 0)
        reach.addWidget(_caption("Reach"))
        reach.addStretch(1)
        reach.addWidget(self._reach)
        drag = QHBoxLayout()
        drag.setContentsMargins(0, 0, 0, 0)
        drag.addWidget(_caption("A drag is a"))
        drag.addStretch(1)
        drag.addWidget(self._drag)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._mode, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(reach)
        column.addWidget(self._steps, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(self._strength)
        column.addLayout(drag)
        column.addWidget(self._inside)
        column.addLayout(self._verbs)


def _caption(text: str) -> QLabel:
    return make_label(text, "caption")
